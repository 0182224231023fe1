import { DAY_MINUTES, DAY_SECONDS } from '../../shared/time.ts';
import { firstIndex } from '../source/source.ts';
import type { Listing } from './listing.ts';
import { fraction, hash } from './random.ts';

/**
 * How many trades each minute has, known without making any of them: this is what lets an id or a time be found
 * anywhere in the market's history at once. Days count from 1970, an index from the symbol's first trade.
 */
export type Schedule = {
  /** True for a symbol that never trades: it has no index at all. */
  isEmpty: boolean;
  /** Index of the first trade of a minute (counted from 1970), and so the number of trades before it. */
  indexAt(minute: number): number;
  /** The minute that holds the trade of an index. */
  minuteOf(index: number): number;
};

/** The schedule of a symbol that trades from the day `listedDay` on. */
export function createSchedule(listing: Listing, listedDay: number): Schedule {
  const liveShare = quietWeights(listing).reduce((sum, weight) => sum + weight, 0) / DAY_MINUTES;
  const dayStarts = [0]; // of the days since listing, grown as they are asked for
  const plans = new Map<number, Float64Array>();

  const dayStart = (day: number): number => {
    for (let next = dayStarts.length; next <= day - listedDay; next++) {
      dayStarts.push((dayStarts[next - 1] ?? 0) + tradesOnDay(listing, listedDay + next - 1, liveShare));
    }
    return dayStarts[Math.max(0, day - listedDay)] ?? 0;
  };
  const planOf = (day: number): Float64Array => {
    const plan = plans.get(day) ?? minuteStarts(listing, day, tradesOnDay(listing, day, liveShare));
    plans.set(day, plan);
    return plan;
  };
  return {
    isEmpty: listing.tradesPerSecond * liveShare === 0,
    indexAt(minute) {
      const day = Math.floor(minute / DAY_MINUTES);
      if (day < listedDay) return 0;
      return dayStart(day) + (planOf(day)[minute - day * DAY_MINUTES] ?? 0);
    },
    minuteOf(index) {
      while ((dayStarts.at(-1) ?? 0) <= index) dayStart(listedDay + dayStarts.length);
      const day = listedDay + firstIndex(dayStarts.length, (i) => (dayStarts[i] ?? 0) > index) - 1;
      const plan = planOf(day);
      const rest = index - dayStart(day);
      const minute = firstIndex(plan.length, (i) => (plan[i] ?? 0) > rest) - 1;
      return day * DAY_MINUTES + minute;
    },
  };
}

function tradesOnDay({ seed, tradesPerSecond }: Listing, day: number, liveShare: number): number {
  const busyness = 0.9 + 0.2 * fraction(hash(seed, 2), day);
  // The last term rounds at random, so that a rate below one trade a day is kept over many days.
  return Math.floor(tradesPerSecond * DAY_SECONDS * liveShare * busyness + fraction(hash(seed, 3), day));
}

/** For each minute of the day (and its end) the number of the day's trades before it. */
function minuteStarts(listing: Listing, day: number, trades: number): Float64Array {
  const seed = hash(hash(listing.seed, 4), day);
  const weights = quietWeights(listing).map((weight, minute) => weight * minuteWeight(seed, minute));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const starts = new Float64Array(DAY_MINUTES + 1);
  let sum = 0;
  for (let minute = 0; minute < DAY_MINUTES; minute++) {
    sum += weights[minute] ?? 0;
    starts[minute + 1] = total > 0 ? Math.floor(trades * (sum / total)) : 0;
  }
  return starts;
}

/** Busy around 14:30 UTC, uneven from minute to minute, with a burst now and then. */
function minuteWeight(seed: number, minute: number): number {
  const daytime = 1 + 0.5 * Math.cos((2 * Math.PI * (minute - 870)) / DAY_MINUTES);
  const chance = fraction(seed, minute);
  const burst = chance > 0.99 ? 6 : 1;
  return daytime * (0.4 + 1.2 * chance * chance) * burst;
}

function quietWeights({ quietMinutes }: Listing): number[] {
  return Array.from({ length: DAY_MINUTES }, (_, minute) =>
    quietMinutes.some(([from, to]) => minute >= from && minute < to) ? 0 : 1,
  );
}
