import { MINUTE_MS } from '../../shared/time.ts';

/** Request weight of the running minute, by the local clock: who is told to wait, waits in local time. */
export type WeightMeter = {
  /** Adds a request and tells the weight used in this minute so far. */
  add(weight: number): number;
  /** Seconds until the next minute begins. */
  secondsLeft(): number;
};

/** A meter on the clock `now` (ms). */
export function createWeightMeter(now: () => number): WeightMeter {
  let minute = Number.NaN;
  let used = 0;
  return {
    add(weight) {
      const minuteNow = Math.floor(now() / MINUTE_MS);
      if (minuteNow !== minute) [minute, used] = [minuteNow, 0];
      used += weight;
      return used;
    },
    secondsLeft: () => Math.ceil((MINUTE_MS - (now() % MINUTE_MS)) / 1000),
  };
}

/** Weight of a klines request by its limit, as the exchange counts it. */
export function klinesWeight(limit: number): number {
  if (limit < 100) return 1;
  if (limit < 500) return 2;
  return limit <= 1_000 ? 5 : 10;
}
