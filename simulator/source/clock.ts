import type { Clock } from '../../shared/time.ts';

/** The exchange's own clock, ms since 1970. It stands or runs at a rate of the local clock. */
export type ExchangeClock = {
  now(): number;
  /** Where the played source is; without effect once the clock was set by hand. */
  follow(timeMs: number, rate: number): void;
  /** Sets the clock by hand; there it stands, whatever is played. */
  set(timeMs: number): void;
};

/** A clock that stands at `startMs` until it is told otherwise. */
export function createExchangeClock(startMs: number, wall: Clock): ExchangeClock {
  let from = { timeMs: startMs, wallMs: 0, rate: 0 };
  let isByHand = false;
  return {
    now: () => Math.floor(from.timeMs + (wall.now() - from.wallMs) * from.rate),
    follow(timeMs, rate) {
      if (!isByHand) from = { timeMs, wallMs: wall.now(), rate };
    },
    set(timeMs) {
      isByHand = true;
      from = { timeMs, wallMs: 0, rate: 0 };
    },
  };
}
