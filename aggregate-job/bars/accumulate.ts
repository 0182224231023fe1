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
/** Up to this many lots on both sides, a billion times them is exact with room to spare. */
const MOST_LOTS = 9_000_000;

/** Adds trades to bars of one second, the first of which opens `startMs` after the day's start. Returns the number of trades with quantity 0, which add nothing. */
export function addTrades(bars: Bars, rows: TradeRows, order: Uint32Array, startMs: number): number {
  const { time, maker, firstId, lastId } = rows;
  const isNarrow = rows.price.wide.size === 0 && rows.quantity.wide.size === 0;
  let withoutQuantity = 0;
  for (const row of order) {
    const bar = Math.floor(((time[row] ?? 0) - startMs) / SECOND_MS);
    const side = maker[row] === 0 ? bars.buyQuantity : bars.sellQuantity;
    const quoteSide = maker[row] === 0 ? bars.quoteBuy : undefined;
    const isCounted = isNarrow
      ? addNarrow(bars, bar, rows.price.values[row] ?? 0, rows.quantity.values[row] ?? 0, side, quoteSide)
      : addWide(bars, bar, valueAt(rows.price, row), valueAt(rows.quantity, row), side, quoteSide);
    if (!isCounted) {
      withoutQuantity++;
      continue;
    }
    addAt(bars.executions, bar, (lastId[row] ?? 0) - (firstId[row] ?? 0) + 1);
    addAt(bars.trades, bar, 1);
  }
  return withoutQuantity;
}

/** Price and quantity as plain numbers: what nearly every trade is. Integers of any size cost an allocation each. */
function addNarrow(
  bars: Bars,
  bar: number,
  price: number,
  quantity: number,
  side: IntegerColumn,
  quoteSide: IntegerColumn | undefined,
): boolean {
  if (quantity === 0) return false;
  if (bars.trades.values[bar] === 0) {
    bars.open.values[bar] = price;
    bars.high.values[bar] = price;
    bars.low.values[bar] = price;
  }
  if (price > (bars.high.values[bar] ?? 0)) bars.high.values[bar] = price;
  if (price < (bars.low.values[bar] ?? 0)) bars.low.values[bar] = price;
  bars.close.values[bar] = price;
  addAt(side, bar, quantity);
  addProductAt(bars.quoteTotal, bar, price, quantity);
  if (quoteSide) addProductAt(quoteSide, bar, price, quantity);
  return true;
}

function addWide(
  bars: Bars,
  bar: number,
  price: Integer,
  quantity: Integer,
  side: IntegerColumn,
  quoteSide: IntegerColumn | undefined,
): boolean {
  if (quantity === 0) return false;
  addPrice(bars, bar, price);
  addIntegerAt(side, bar, quantity);
  addProduct(bars.quoteTotal, bar, price, quantity);
  if (quoteSide) addProduct(quoteSide, bar, price, quantity);
  return true;
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
  const counts: BookCounts = { snapshots: order.length, crossed: 0 };
  const columns = [rows.bidPrice, rows.bidQuantity, rows.askPrice, rows.askQuantity];
  const addSnapshot = columns.every(({ wide }) => wide.size === 0) ? addNarrowSnapshot : addWideSnapshot;
  for (const row of order) {
    const bar = Math.floor(((rows.time[row] ?? 0) - startMs) / SECOND_MS);
    if (addSnapshot(bars, bar, rows, row)) counts.crossed++;
    addAt(bars.snapshots, bar, 1);
  }
  return counts;
}

/** True for a crossed book. */
function addNarrowSnapshot(bars: Bars, bar: number, rows: DepthRows, row: number): boolean {
  const spread = (rows.askPrice.values[row] ?? 0) - (rows.bidPrice.values[row] ?? 0);
  const bid = rows.bidQuantity.values[row] ?? 0;
  const ask = rows.askQuantity.values[row] ?? 0;
  addAt(bars.spread, bar, spread);
  addAt(bars.bidQuantity, bar, bid);
  addAt(bars.askQuantity, bar, ask);
  // see imbalanceBillionths for why the floor is exact
  const isSmall = bid + ask <= MOST_LOTS;
  addAt(
    bars.imbalance,
    bar,
    isSmall ? Math.floor((bid * BILLION) / (bid + ask)) : imbalanceBillionths(bid, ask),
  );
  return spread < 0;
}

function addWideSnapshot(bars: Bars, bar: number, rows: DepthRows, row: number): boolean {
  const spread = subtract(valueAt(rows.askPrice, row), valueAt(rows.bidPrice, row));
  const bid = valueAt(rows.bidQuantity, row);
  const ask = valueAt(rows.askQuantity, row);
  addIntegerAt(bars.spread, bar, spread);
  addIntegerAt(bars.bidQuantity, bar, bid);
  addIntegerAt(bars.askQuantity, bar, ask);
  addAt(bars.imbalance, bar, imbalanceBillionths(bid, ask));
  return spread < 0;
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
