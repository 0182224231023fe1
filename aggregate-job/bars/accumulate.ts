import type { DepthRows } from '../scan/depth-rows.ts';
import type { TradeRows } from '../scan/trade-rows.ts';
import type { Bars } from './bars.ts';
import {
  add,
  addAt,
  addIntegerAt,
  addProductAt,
  type Integer,
  type IntegerColumn,
  multiply,
  setAt,
  subtract,
  valueAt,
} from './integers.ts';

const SECOND_MS = 1_000;
const BILLION = 1_000_000_000;

/** Adds trades to bars of one second, the first of which opens `startMs` after the day's start. Returns the number of trades with quantity 0, which add nothing. */
export function addTrades(bars: Bars, rows: TradeRows, order: Uint32Array, startMs: number): number {
  const { time, maker, firstId, lastId } = rows;
  let withoutQuantity = 0;
  for (const row of order) {
    const quantity = valueAt(rows.quantity, row);
    if (quantity === 0) {
      withoutQuantity++;
      continue;
    }
    const bar = Math.floor(((time[row] ?? 0) - startMs) / SECOND_MS);
    const price = valueAt(rows.price, row);
    const isBuy = maker[row] === 0;
    addPrice(bars, bar, price);
    addIntegerAt(isBuy ? bars.buyQuantity : bars.sellQuantity, bar, quantity);
    addProduct(bars.quoteTotal, bar, price, quantity);
    if (isBuy) addProduct(bars.quoteBuy, bar, price, quantity);
    addAt(bars.executions, bar, (lastId[row] ?? 0) - (firstId[row] ?? 0) + 1);
    addAt(bars.trades, bar, 1);
  }
  return withoutQuantity;
}

function addPrice(bars: Bars, bar: number, price: Integer): void {
  const isFirst = valueAt(bars.trades, bar) === 0;
  if (isFirst) setAt(bars.open, bar, price);
  if (isFirst || price > valueAt(bars.high, bar)) setAt(bars.high, bar, price);
  if (isFirst || price < valueAt(bars.low, bar)) setAt(bars.low, bar, price);
  setAt(bars.close, bar, price);
}

function addProduct(column: IntegerColumn, bar: number, price: Integer, quantity: Integer): void {
  if (typeof price === 'number' && typeof quantity === 'number') addProductAt(column, bar, price, quantity);
  else addIntegerAt(column, bar, multiply(price, quantity));
}

/** What the snapshots of a window say apart from their sums. */
export type BookCounts = { snapshots: number; crossed: number };

/** Adds snapshots, each with two sides, to bars of one second, the first of which opens `startMs` after the day's start. */
export function addDepth(bars: Bars, rows: DepthRows, order: Uint32Array, startMs: number): BookCounts {
  const counts: BookCounts = { snapshots: 0, crossed: 0 };
  for (const row of order) {
    const bar = Math.floor(((rows.time[row] ?? 0) - startMs) / SECOND_MS);
    const spread = subtract(valueAt(rows.askPrice, row), valueAt(rows.bidPrice, row));
    const bid = valueAt(rows.bidQuantity, row);
    const ask = valueAt(rows.askQuantity, row);
    counts.snapshots++;
    if (spread < 0) counts.crossed++;
    addIntegerAt(bars.spread, bar, spread);
    addIntegerAt(bars.bidQuantity, bar, bid);
    addIntegerAt(bars.askQuantity, bar, ask);
    addAt(bars.imbalance, bar, imbalanceBillionths(bid, ask));
    addAt(bars.snapshots, bar, 1);
  }
  return counts;
}

/** floor(10^9 x bid / (bid + ask)) */
export function imbalanceBillionths(bid: Integer, ask: Integer): number {
  const both = add(bid, ask);
  const scaled =
    typeof bid === 'number' && typeof both === 'number' ? bid * BILLION : Number.POSITIVE_INFINITY;
  // below 2^53 the floor of a quotient of doubles is exact: the quotient is further below an integer than rounding reaches
  if (scaled <= Number.MAX_SAFE_INTEGER - Number(both)) return Math.floor(scaled / Number(both));
  return Number((BigInt(bid) * BigInt(BILLION)) / BigInt(both));
}
