import { HOUR_MS, MINUTE_MS } from '../../../shared/time.ts';
import type { Trade } from '../chunks.ts';
import { DAY_START } from '../market-day.ts';

/** A way to lose trades: true for those a recorder missed. */
export type Hole = (trade: Trade, index: number) => boolean;

/** A random number in [0, 1) for each call, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The holes a recorder's day may have, at random places. */
export function holesOf(seed: number): Record<string, Hole> {
  const random = seededRandom(seed);
  const some = (count: number, of: number): Set<number> =>
    new Set(Array.from({ length: count }, () => Math.floor(random() * of)));
  const [ids, minutes, hours] = [some(40, 1_500), some(120, 1_440), some(3, 8)];
  const minuteOf = ({ T }: Trade): number => Math.floor((T - DAY_START) / MINUTE_MS);
  return {
    'single ids': (_, index) => ids.has(index),
    'whole minutes': (trade) => minutes.has(minuteOf(trade)),
    'the first and the last ten minutes': (trade) => minuteOf(trade) < 10 || minuteOf(trade) >= 1_430,
    'three separate hours': ({ T }) => {
      const hour = Math.floor((T - DAY_START) / HOUR_MS);
      return hour % 3 === 1 && hours.has((hour - 1) / 3);
    },
  };
}
