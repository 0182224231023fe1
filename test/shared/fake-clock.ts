import type { Clock } from '../../shared/time.ts';

/** A clock on which a sleep takes no time: it moves `now` on and is written down. */
export function fakeClock(startMs = 0): Clock & { sleptMs: number[] } {
  let nowMs = startMs;
  const sleptMs: number[] = [];
  return {
    sleptMs,
    now: () => nowMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      sleptMs.push(ms);
      nowMs += ms;
    },
  };
}
