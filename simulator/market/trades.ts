import { DAY_MINUTES, MINUTE_MS } from '../../shared/time.ts';
import type { Tape, Trade } from '../source/source.ts';
import type { Listing } from './listing.ts';
import { createQuotes, type Quote } from './price.ts';
import { createRandom, hash } from './random.ts';
import { createSchedule } from './schedule.ts';

// Single-trade ids a trade may use up on average: some are skipped, as on the exchange.
const IDS_PER_TRADE = 3;
// The one that is streamed, and those around a request; with hundreds of symbols more would add up.
const MINUTES_REMEMBERED = 3;

/** The endless tape of a random symbol: each minute is made when asked for, from its own seed. */
export type MarketTape = Tape & { minuteTrades(minute: number): Trade[] };

/** The tape of a symbol listed since the day `listedDay` (counted from 1970). */
export function createTape(listing: Listing, listedDay: number): MarketTape {
  const { seed, basePriceUnits, instrument } = listing;
  const schedule = createSchedule(listing, listedDay);
  const quoteAt = createQuotes(seed, basePriceUnits, instrument.tickUnits);
  const firstId = 1_000_000 + (hash(seed, 5) % 1_000_000_000);
  const remembered = new Map<number, Trade[]>();

  const minuteTrades = (minute: number): Trade[] => {
    const known = remembered.get(minute);
    if (known) return known;
    const index = schedule.indexAt(minute);
    const trades = makeMinute(
      listing,
      quoteAt,
      minute,
      firstId + index,
      schedule.indexAt(minute + 1) - index,
    );
    remembered.set(minute, trades);
    if (remembered.size > MINUTES_REMEMBERED) remembered.delete(remembered.keys().next().value ?? minute);
    return trades;
  };
  return {
    minuteTrades,
    indexOfId: (id) => Math.max(0, id - firstId),
    indexOfTime(timeMs) {
      const minute = Math.floor(timeMs / MINUTE_MS);
      const start = schedule.indexAt(minute);
      if (timeMs === minute * MINUTE_MS || minute < listedDay * DAY_MINUTES) return start;
      const later = minuteTrades(minute).findIndex((trade) => trade.timeMs >= timeMs);
      return later < 0 ? schedule.indexAt(minute + 1) : start + later;
    },
    slice(from, to) {
      const trades: Trade[] = [];
      if (schedule.isEmpty) return trades;
      for (let index = Math.max(0, from); index < to; ) {
        const minute = schedule.minuteOf(index);
        const start = schedule.indexAt(minute);
        const part = minuteTrades(minute).slice(index - start, to - start);
        for (const trade of part) trades.push(trade);
        index += part.length;
      }
      return trades;
    },
  };
}

/** The `count` trades of a minute (counted from 1970), the first with the agg id `firstAggId`. */
function makeMinute(
  listing: Listing,
  quoteAt: (timeMs: number) => Quote,
  minute: number,
  firstAggId: number,
  count: number,
): Trade[] {
  const random = createRandom(hash(hash(listing.seed, 6), minute));
  const times = tradeTimes(random, minute * MINUTE_MS, count);
  const trades: Trade[] = [];
  let tradeId = firstAggId * IDS_PER_TRADE;
  let isBuyerMaker = false;
  let sweptTicks = 0;
  for (let i = 0; i < count; i++) {
    const timeMs = times[i] ?? 0;
    // Trades of one millisecond are one order that eats its way through the book.
    const sweeps = i > 0 && timeMs === times[i - 1];
    if (!sweeps) isBuyerMaker = random() < 0.5;
    sweptTicks = sweeps ? sweptTicks + Math.floor(2 * random()) : 0;
    const { bidTicks, askTicks } = quoteAt(timeMs);
    const priceTicks = isBuyerMaker ? Math.max(1, bidTicks - sweptTicks) : askTicks + sweptTicks;
    // Later trades of the minute need at least one id each.
    const idsLeft = (firstAggId + count) * IDS_PER_TRADE - tradeId - (count - i - 1);
    const executions = Math.min(idsLeft, executionsOf(random()));
    const skipped = random() < 0.02 ? Math.min(idsLeft - executions, 2) : 0;
    const quantityUnits = executions - 1 + quantityOf(random(), listing.typicalQuantityUnits);
    trades.push({
      id: firstAggId + i,
      timeMs,
      priceUnits: priceTicks * listing.instrument.tickUnits,
      quantityUnits,
      quantityNoRpiUnits: random() < 0.95 ? quantityUnits : Math.floor(quantityUnits / 2),
      firstId: tradeId,
      lastId: tradeId + executions - 1,
      isBuyerMaker,
    });
    tradeId += executions + skipped;
  }
  return trades;
}

/** Times within a minute, never falling; about three of ten share the millisecond of the one before. */
function tradeTimes(random: () => number, minuteMs: number, count: number): Float64Array {
  const times = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    if (i === 0 || random() > 0.3) sum -= Math.log(1 - random());
    times[i] = sum;
  }
  // One more gap, to the end of the minute, so that the last trade is not always at its end.
  const total = sum - Math.log(1 - random()) + 1e-9;
  for (let i = 0; i < count; i++) {
    times[i] = minuteMs + Math.floor(((times[i] ?? 0) / total) * MINUTE_MS);
  }
  return times;
}

/** Mostly one fill, sometimes dozens. */
function executionsOf(chance: number): number {
  return chance < 0.6 ? 1 : 1 + Math.floor(-2 * Math.log(1 - (chance - 0.6) / 0.4));
}

/** Heavy-tailed: many crumbs, a few large orders; at least the smallest lot. */
function quantityOf(chance: number, typicalUnits: number): number {
  const exponential = -Math.log(1 - chance);
  return Math.max(1, Math.round(typicalUnits * exponential * exponential));
}
