import type { Row } from '../frame/row.ts';
import type { Stream } from '../frame/stream.ts';
import type { ExchangeClock } from './exchange-clock.ts';
import { joined, wholeSlots } from './listening.ts';
import { GRACE_MS, type MinuteSink, StreamMinutes } from './stream-minutes.ts';

/**
 * The minutes of all streams that come over the same connection. While one connection replaces another there are two
 * clocks, and a minute waits for the slower one; after a connection's end its clock goes on until the next one knows the time.
 */
export class FeedMinutes {
  readonly #slotMs: number;
  readonly #sink: MinuteSink;
  readonly #streams = new Map<string, StreamMinutes>();
  /** Streams that are not listened to any more, while a minute of them is open. */
  readonly #ending = new Set<StreamMinutes>();
  #clocks: { clock: ExchangeClock; hasEnded: boolean }[] = [];
  #closedToMs = 0;
  #judgedToMs = 0;

  constructor(streams: readonly Stream[], slotMs: number, sink: MinuteSink) {
    this.#slotMs = slotMs;
    this.#sink = sink;
    // A book that trades is never silent: before its first snapshot nothing shows that it is listened to.
    for (const stream of streams) this.#add(stream, stream.kind === 'trades');
  }

  /** From now on these streams are listened to. One that is left out ends with its open minutes. */
  setStreams(streams: readonly Stream[]): void {
    const names = new Set(streams.map(({ name }) => name));
    for (const [name, stream] of this.#streams) {
      if (names.has(name)) continue;
      this.#streams.delete(name);
      this.#ending.add(stream);
    }
    for (const stream of streams) if (!this.#streams.has(stream.name)) this.#add(stream, false);
  }

  /** Gives these streams up to another connection, with what is known of their minutes; what is open of them is closed. */
  splitOff(streams: readonly Stream[]): FeedMinutes {
    const other = new FeedMinutes([], this.#slotMs, this.#sink);
    for (const { name } of streams) {
      const minutes = this.#streams.get(name);
      if (!minutes) continue;
      minutes.closeAll();
      this.#streams.delete(name);
      other.#streams.set(name, minutes);
    }
    return other;
  }

  /** See {@link StreamMinutes.distrust}. */
  distrust(name: string): void {
    this.#streams.get(name)?.distrust();
  }

  get openCount(): number {
    let count = 0;
    for (const stream of this.#all()) count += stream.openCount;
    return count;
  }

  /** The exchange's time, ms: that of the slowest connection that delivers; undefined before the first event. */
  get nowMs(): number | undefined {
    let nowMs: number | undefined;
    for (const { clock, hasEnded } of this.#clocks) {
      const clockMs = clock.nowMs;
      if (!hasEnded && clockMs !== undefined) nowMs = Math.min(nowMs ?? clockMs, clockMs);
    }
    return nowMs ?? this.#clocks.findLast(({ clock }) => clock.nowMs !== undefined)?.clock.nowMs;
  }

  get streams(): Stream[] {
    return [...this.#streams.values()].map(({ stream }) => stream);
  }

  stream(name: string): Stream | undefined {
    return this.#streams.get(name)?.stream;
  }

  /** A connection has opened that keeps `clock`. */
  opened(clock: ExchangeClock): void {
    this.#clocks.push({ clock, hasEnded: false });
  }

  /** The connection that keeps `clock` has ended. */
  ended(clock: ExchangeClock): void {
    for (const entry of this.#clocks) if (entry.clock === clock) entry.hasEnded = true;
  }

  /** Adds a row of one of the streams; its clock has seen it. */
  add(row: Row): void {
    const nowMs = this.nowMs ?? row.eventMs;
    this.#streams.get(row.stream)?.add(row.timeMs, row.line, nowMs);
    if (nowMs >= this.#closedToMs + this.#slotMs) this.#closeDue(nowMs);
  }

  /** Local time has passed: see {@link ExchangeClock.tick}. */
  tick(localMs: number, maxStepMs: number): void {
    for (const { clock } of this.#clocks) clock.tick(localMs, maxStepMs);
    const nowMs = this.nowMs;
    if (nowMs !== undefined) this.#closeDue(nowMs);
  }

  closeAll(): void {
    for (const stream of this.#all()) stream.closeAll();
  }

  #add(stream: Stream, isTrusted: boolean): void {
    this.#streams.set(stream.name, new StreamMinutes(stream, this.#slotMs, this.#sink, isTrusted));
  }

  *#all(): Generator<StreamMinutes> {
    yield* this.#streams.values();
    yield* this.#ending;
  }

  #closeDue(nowMs: number): void {
    const graceMs = nowMs - GRACE_MS;
    this.#closedToMs = graceMs - (graceMs % this.#slotMs) + GRACE_MS;
    for (const stream of this.#all()) stream.closeDue(nowMs);
    for (const stream of this.#ending) if (stream.openCount === 0) this.#ending.delete(stream);
    this.#closeQuiet(graceMs);
    this.#forgetClocks(nowMs);
  }

  /** Only what came later over the same connection proves that a silent minute was listened to. */
  #closeQuiet(toMs: number): void {
    const spans = this.#clocks.flatMap(({ clock }) =>
      clock.seenMs === undefined
        ? []
        : [{ fromMs: clock.listeningSinceMs, toMs: Math.min(clock.seenMs, toMs) }],
    );
    for (const startMs of joined(spans).flatMap((span) => wholeSlots(span, this.#slotMs, this.#judgedToMs))) {
      for (const stream of this.#streams.values()) stream.closeQuiet(startMs);
      this.#judgedToMs = startMs + this.#slotMs;
    }
  }

  /** A clock whose connection has ended is kept while its minutes may be open, or while no other knows the time. */
  #forgetClocks(nowMs: number): void {
    const hasLive = this.#clocks.some(({ clock, hasEnded }) => !hasEnded && clock.nowMs !== undefined);
    const latest = this.#clocks.findLast(({ clock }) => clock.nowMs !== undefined);
    this.#clocks = this.#clocks.filter((entry) => {
      const { seenMs } = entry.clock;
      if (!entry.hasEnded || (entry === latest && !hasLive)) return true;
      return seenMs !== undefined && seenMs > nowMs - 2 * this.#slotMs;
    });
  }
}
