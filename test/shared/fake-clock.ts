import type { Clock } from '../../shared/time.ts';

/** A clock on which a sleep takes no time: it moves `now` on and is written down. */
export function fakeClock(startMs = 0): Clock & { sleptMs: number[]; setWall(timeMs: number): void } {
  let nowMs = startMs;
  let wallAheadMs = 0;
  const sleptMs: number[] = [];
  return {
    sleptMs,
    setWall: (timeMs) => {
      wallAheadMs = timeMs - nowMs;
    },
    now: () => nowMs + wallAheadMs,
    monotonicMs: () => nowMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      sleptMs.push(ms);
      nowMs += ms;
    },
  };
}
