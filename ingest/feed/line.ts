import type { Stream } from '../frame/stream.ts';
import type { ReconnectReason } from '../health/tally.ts';
import { ExchangeClock } from '../minutes/exchange-clock.ts';
import type { Connection } from '../socket/connection.ts';

/** One connection of a feed, and when it was heard. `awake` times are of the feed's own clock, which stands while it cannot read. */
export class Line {
  /** Why it was opened beside or after another; undefined for a feed's first. */
  readonly purpose: ReconnectReason | undefined;
  readonly streams: readonly Stream[];
  readonly clock: ExchangeClock;
  readonly openedAwakeMs: number;
  /** True once another has taken its place. */
  isReplaced = false;
  isOpen = false;
  connection: Connection | undefined;
  firstHeardAwakeMs: number | undefined;
  lastHeardAwakeMs: number;
  readonly heardAwakeMs = new Map<string, number>();

  constructor(
    purpose: ReconnectReason | undefined,
    streams: readonly Stream[],
    localMs: number,
    awakeMs: number,
  ) {
    this.purpose = purpose;
    this.streams = streams;
    this.clock = new ExchangeClock(localMs);
    this.openedAwakeMs = awakeMs;
    this.lastHeardAwakeMs = awakeMs;
  }

  heard(stream: string, awakeMs: number): void {
    this.firstHeardAwakeMs ??= awakeMs;
    this.lastHeardAwakeMs = awakeMs;
    this.heardAwakeMs.set(stream, awakeMs);
  }
}
