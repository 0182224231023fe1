import type { RawKind } from '../../shared/lake/object-names.ts';
import type { Log } from '../../shared/program/log.ts';
import { backoffMs } from '../../shared/retry.ts';
import { type Clock, HOUR_MS, SECOND_MS } from '../../shared/time.ts';
import type { Row } from '../frame/row.ts';
import { type Route, type Stream, streamsUrl } from '../frame/stream.ts';
import type { ReconnectReason, Tally } from '../health/tally.ts';
import { FeedMinutes } from '../minutes/feed-minutes.ts';
import type { MinuteSink } from '../minutes/stream-minutes.ts';
import type { OddFrame } from '../odd/odd-frames.ts';
import {
  askedWaitMs,
  type Connection,
  type ConnectionEnd,
  type ConnectionListener,
  isOfAddress,
} from '../socket/connection.ts';
import { Line } from './line.ts';
import { createReceiver } from './receiver.ts';
import { Watch } from './watch.ts';

const BACKOFF = { firstDelayMs: SECOND_MS, maxDelayMs: 32 * SECOND_MS };
/** Both connections deliver for so long before the old one is closed. */
const OVERLAP_MS = SECOND_MS;
/** A connection is replaced at a random point in this last part of its time, so that not all are at once. */
const AGE_SPREAD = 0.05;

export type FeedOptions = {
  wsUrl: string;
  slotMs: number;
  /** A stream that was not heard for so long is looked into. */
  staleAfterMs: number;
  /** A connection is replaced before it is so old. */
  connectionMaxMs: number;
};

export type FeedDependencies = {
  clock: Clock;
  random: () => number;
  log: Log;
  tally: Tally;
  sink: MinuteSink;
  connect(url: string, listener: ConnectionListener): Connection;
  onRow(row: Row): void;
  onOdd(frame: OddFrame): void;
  /** The exchange refuses us for good. */
  onRefused(detail: string): void;
};

/**
 * Some streams of one route, kept over one connection: it is opened again when it ends, and replaced when it grows old,
 * falls silent or shall carry other streams. The new one delivers before the old one is closed. Nothing runs by itself:
 * {@link tick} is called a few times a second.
 */
export class Feed {
  readonly route: Route;
  readonly minutes: FeedMinutes;
  readonly #options: FeedOptions;
  readonly #deps: FeedDependencies;
  readonly #watch: Watch;
  #streams: readonly Stream[];
  #lines: Line[] = [];
  #isStopped = false;
  #isHeld = false;
  #attempt = 0;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #toldWaitAtMs = 0;
  /** The exchange would not open the last connection for what it was to carry. */
  #isAddressRefused = false;
  /** Why the next connection is to be opened. */
  #wanted: ReconnectReason | undefined;
  /** Local time in which this process could read: a pause of its own must not look like a silent exchange. */
  #awakeMs = 0;
  #tickedAtMs: number;
  #ageShare: number;

  constructor(
    route: Route,
    streams: readonly Stream[],
    options: FeedOptions,
    deps: FeedDependencies,
    minutes = new FeedMinutes(streams, options.slotMs, deps.sink),
  ) {
    this.route = route;
    this.#streams = streams;
    this.#options = options;
    this.#deps = deps;
    this.minutes = minutes;
    this.#watch = new Watch(options.staleAfterMs);
    this.#tickedAtMs = deps.clock.monotonicMs();
    this.#ageShare = 1 - AGE_SPREAD * deps.random();
  }

  get isConnected(): boolean {
    return this.#lines.some(({ isOpen }) => isOpen);
  }

  get streams(): readonly Stream[] {
    return this.#streams;
  }

  /** Streams that are thought dead, or that the exchange will not open. */
  get staleStreams(): string[] {
    const names = this.#streams.map(({ name }) => name);
    return names.filter(
      (name) => this.#watch.isSuspect(name) || (this.#isAddressRefused && names.length === 1),
    );
  }

  /** Trade streams that were not heard for so long that the exchange should be asked. */
  get quietTrades(): Stream[] {
    return this.#streams.filter(({ name, kind }) => kind === 'trades' && this.#isStale(name));
  }

  /** How long nothing of this kind was heard, ms. */
  silentMs(kind: RawKind): number {
    const ofKind = this.#streams.filter((stream) => stream.kind === kind);
    return Math.min(...ofKind.map(({ name }) => this.#watch.silentMs(name, this.#lines, this.#awakeMs)));
  }

  /** Listens to other streams from now on, over a new connection. */
  setStreams(streams: readonly Stream[]): void {
    this.#streams = streams;
    this.minutes.setStreams(streams);
    this.#wanted = 'streams';
    if (streams.length > 0) return;
    for (const line of this.#lines) line.isReplaced = true;
    for (const { connection } of [...this.#lines]) connection?.terminate('no stream is left');
  }

  /**
   * Where the exchange will not open a connection with all these streams, a feed with a part of them, so that one which cannot
   * be opened ends up alone and takes no other down: the part that no connection carries, or half.
   */
  splitOff(): Feed | undefined {
    if (!this.#isAddressRefused || this.#streams.length < 2) return undefined;
    const carried = new Set(this.#lines[0]?.streams.map(({ name }) => name));
    const isKept = ({ name }: Stream, i: number): boolean =>
      carried.size > 0 ? carried.has(name) : i < this.#streams.length / 2;
    const kept = this.#streams.filter(isKept);
    const moved = this.#streams.filter((stream, i) => !isKept(stream, i));
    if (kept.length === 0 || moved.length === 0) return undefined;
    this.#streams = kept;
    this.#isAddressRefused = false;
    [this.#attempt, this.#retryAtMs] = [0, Number.NEGATIVE_INFINITY]; // another address is no try again
    if (carried.size === kept.length) this.#wanted = undefined;
    const { route } = this;
    this.#deps.log.warn(
      { route, streams: moved.length },
      'a connection is refused: trying with fewer streams',
    );
    return new Feed(route, moved, this.#options, this.#deps, this.minutes.splitOff(moved));
  }

  /** The exchange has trades of this stream that did not come. */
  missed(name: string): void {
    this.#suspect(name, 'the exchange has trades that did not come');
  }

  /** Stops reading, or goes on, where the source can wait. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    for (const { connection } of this.#lines) isHeld ? connection?.pause() : connection?.resume();
  }

  stop(): void {
    this.#isStopped = true;
    for (const { connection } of this.#lines) connection?.terminate('stopped');
  }

  /** Does what is due. A step of local time counts for `maxStepMs` at most, none while reading is held up. */
  tick(maxStepMs: number): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const stepMs = Math.max(0, Math.min(maxStepMs, nowMs - this.#tickedAtMs));
    this.#tickedAtMs = nowMs;
    if (this.#isStopped || this.#isHeld) return;
    this.#awakeMs += stepMs;
    this.minutes.tick(nowMs, maxStepMs);
    this.#handOver();
    this.#look();
    if (!this.#mayOpen) return;
    if (nowMs >= this.#retryAtMs) this.#open();
    else this.#tellWait(nowMs);
  }

  /** A ban lasts for days: nobody shall have to look for the line that told of it. */
  #tellWait(nowMs: number): void {
    if (nowMs - this.#toldWaitAtMs < HOUR_MS) return;
    this.#toldWaitAtMs = nowMs;
    const waitMs = this.#retryAtMs - nowMs;
    this.#deps.log.warn(
      { route: this.route, waitMs },
      'the connection is not opened: the exchange asked to wait',
    );
  }

  get #mayOpen(): boolean {
    if (this.#streams.length === 0) return false;
    return this.#lines.length === 0 || (this.#lines.length === 1 && this.#wanted !== undefined);
  }

  #open(): void {
    const { clock, connect, tally } = this.#deps;
    const line = new Line(this.#wanted, this.#streams, clock.monotonicMs(), this.#awakeMs);
    if (this.#wanted) tally.reconnects[this.#wanted]++;
    this.#wanted = undefined;
    this.#lines.push(line);
    const receive = this.#receiver(line);
    line.connection = connect(streamsUrl(this.#options.wsUrl, this.route, this.#streams), {
      onOpen: () => {
        line.isOpen = true;
        this.#isAddressRefused = false;
        this.minutes.opened(line.clock);
        if (this.#isHeld) line.connection?.pause();
      },
      onFrame: (bytes, isBinary) => receive(bytes, isBinary, clock.now(), clock.monotonicMs()),
      onEnd: (end) => this.#ended(line, end),
    });
  }

  #receiver(line: Line) {
    const { tally, log, onRow, onOdd } = this.#deps;
    return createReceiver(this.minutes, line.clock, {
      tally,
      log,
      onOdd,
      onRow: (row) => {
        line.heard(row.stream, this.#awakeMs);
        onRow(row);
      },
    });
  }

  #ended(line: Line, end: ConnectionEnd): void {
    this.#lines = this.#lines.filter((other) => other !== line);
    this.minutes.ended(line.clock);
    if (this.#isStopped || line.isReplaced) return;
    const { clock, random, log, onRefused } = this.#deps;
    if (end.status === 451) onRefused(end.detail);
    if (line.firstHeardAwakeMs !== undefined) this.#attempt = 0;
    this.#isAddressRefused = isOfAddress(end);
    const waitMs = Math.round(Math.max(backoffMs(BACKOFF, this.#attempt++, random), askedWaitMs(end)));
    this.#toldWaitAtMs = clock.monotonicMs();
    this.#retryAtMs = this.#toldWaitAtMs + waitMs;
    this.#wanted = this.#lines.length > 0 ? line.purpose : end.reason;
    const { route } = this;
    const [only, more] = line.streams;
    const stream = more ? undefined : only?.name;
    log.warn(
      { route, stream, reason: end.reason, detail: end.detail, waitMs },
      `connection ended: ${end.detail}`,
    );
  }

  /** Closes the older connections when the newest has delivered for a while, or when none delivers. */
  #handOver(): void {
    const newest = this.#lines.at(-1);
    if (!newest?.isOpen || this.#lines.length === 1) return;
    const { firstHeardAwakeMs, openedAwakeMs } = newest;
    const isProven = firstHeardAwakeMs !== undefined && this.#awakeMs - firstHeardAwakeMs >= OVERLAP_MS;
    if (firstHeardAwakeMs === undefined && this.#awakeMs - openedAwakeMs >= this.#options.staleAfterMs) {
      // A replacement that stays silent while the old one speaks is none; where both are silent it is no worse.
      const isSpoken = this.#lines.some((line) => line.lastHeardAwakeMs > openedAwakeMs + OVERLAP_MS);
      if (isSpoken) newest.connection?.terminate('silent');
      else this.#closeAllBut(newest);
    } else if (isProven) {
      this.#attempt = 0;
      this.#closeAllBut(newest);
    }
  }

  #closeAllBut(newest: Line): void {
    for (const line of this.#lines.filter((line) => line !== newest)) {
      line.isReplaced = true;
      line.connection?.terminate('replaced');
      this.#deps.log.info({ route: this.route, purpose: newest.purpose }, 'connection replaced');
    }
  }

  #look(): void {
    const newest = this.#lines.at(-1);
    if (!newest?.isOpen || this.#lines.length > 1) return;
    const age = this.#awakeMs - newest.openedAwakeMs;
    if (age >= this.#options.connectionMaxMs * this.#ageShare) this.#wanted ??= 'age';
    if (this.#watch.isDead(newest, this.#awakeMs)) this.#wanted ??= 'silent';
    for (const { name, kind } of this.#streams) {
      this.#watch.clearHeard(name, newest, this.#awakeMs);
      // A silent book is dead; of silent trades that is for the exchange to say, once.
      if (this.#isStale(name) && (kind === 'depth' || this.#watch.isSuspect(name)))
        this.#suspect(name, 'no frame came');
    }
  }

  #suspect(name: string, why: string): void {
    this.minutes.distrust(name);
    if (!this.#watch.suspect(name, this.#awakeMs)) return;
    this.#wanted ??= 'silent';
    this.#deps.log.error({ stream: name }, `${name} is silent: ${why}`);
  }

  #isStale(name: string): boolean {
    return this.#watch.isStale(name, this.#lines, this.#awakeMs);
  }
}
