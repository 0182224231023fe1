import type { Stream } from '../frame/stream.ts';

/** How long after a minute's end, by the exchange's time, it stays open for rows that come late. */
export const GRACE_MS = 3_000;

/** Numbers of minutes long gone are forgotten; a name used twice would be refused by the store and counted up there. */
const REMEMBERED_MINUTES = 300;

/** Takes copies of the rows of one open minute, and is told the minute's end when it takes no more. */
export type MinuteRows = { append(line: Uint8Array): void; close(endMs: number): void };

/** Where minutes are opened. `n` counts how often this one was opened before. */
export type MinuteSink = { open(stream: Stream, startMs: number, n: number): MinuteRows };

type OpenMinute = { startMs: number; openedAtMs: number; rows: MinuteRows };

/** The minutes (or longer slots of `slotMs`) of one stream: a row goes to the minute of its exchange time. */
export class StreamMinutes {
  readonly stream: Stream;
  readonly #slotMs: number;
  readonly #sink: MinuteSink;
  readonly #open = new Map<number, OpenMinute>();
  readonly #nextN = new Map<number, number>();
  #latest: OpenMinute | undefined;
  /** From when on silence of the stream means that nothing happened; infinite before its next row where that is in doubt. */
  #trustedFromMs: number;

  constructor(stream: Stream, slotMs: number, sink: MinuteSink, isTrusted: boolean) {
    this.stream = stream;
    this.#trustedFromMs = isTrusted ? 0 : Number.POSITIVE_INFINITY;
    this.#slotMs = slotMs;
    this.#sink = sink;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Adds a row of the exchange's time `timeMs` while the exchange's clock shows `nowMs`. */
  add(timeMs: number, line: Uint8Array, nowMs: number): void {
    const startMs = timeMs - (timeMs % this.#slotMs);
    if (this.#latest?.startMs !== startMs)
      this.#latest = this.#open.get(startMs) ?? this.#openMinute(startMs, nowMs);
    this.#latest.rows.append(line);
    if (timeMs < this.#trustedFromMs)
      this.#trustedFromMs = Math.min(this.#trustedFromMs, Math.max(timeMs, nowMs));
  }

  /** Closes every minute whose time is over. */
  closeDue(nowMs: number): void {
    for (const minute of this.#open.values()) {
      if (this.#isDue(minute, nowMs)) this.#close(minute);
    }
  }

  /** The stream turned out to be dead: its silence says nothing until it delivers again. */
  distrust(): void {
    this.#trustedFromMs = Number.POSITIVE_INFINITY;
  }

  /** A minute that was listened to from start to end: if nothing came, that is stored too. */
  closeQuiet(startMs: number): void {
    if (startMs < this.#trustedFromMs || this.#nextN.has(startMs)) return;
    this.#sink.open(this.stream, startMs, this.#takeN(startMs)).close(startMs + this.#slotMs);
  }

  closeAll(): void {
    for (const minute of this.#open.values()) this.#close(minute);
  }

  /** Rows that come when the minute is over get a grace of their own, or each of them would become a chunk. */
  #isDue({ startMs, openedAtMs }: OpenMinute, nowMs: number): boolean {
    const overAtMs = startMs + this.#slotMs + GRACE_MS;
    if (openedAtMs < overAtMs) return nowMs >= overAtMs;
    return nowMs >= openedAtMs + GRACE_MS || nowMs < openedAtMs; // the clock may have been set back
  }

  #openMinute(startMs: number, nowMs: number): OpenMinute {
    const rows = this.#sink.open(this.stream, startMs, this.#takeN(startMs));
    const minute = { startMs, openedAtMs: nowMs, rows };
    this.#open.set(startMs, minute);
    return minute;
  }

  #close(minute: OpenMinute): void {
    this.#open.delete(minute.startMs);
    if (this.#latest === minute) this.#latest = undefined;
    minute.rows.close(minute.startMs + this.#slotMs);
  }

  #takeN(startMs: number): number {
    const n = this.#nextN.get(startMs) ?? 0;
    this.#nextN.set(startMs, n + 1);
    const [oldest] = this.#nextN.keys();
    if (this.#nextN.size > REMEMBERED_MINUTES && oldest !== undefined) this.#nextN.delete(oldest);
    return n;
  }
}
