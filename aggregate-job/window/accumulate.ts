import type { Bars } from '../../shared/bars/bars.ts';
import {
  add,
  addAt,
  addIntegerAt,
  type Integer,
  multiply,
  setAt,
  subtract,
  valueAt,
} from '../../shared/bars/integers.ts';
import type { DepthRows } from '../rows/depth-rows.ts';
import type { TradeRows } from '../rows/trade-rows.ts';

const SECOND_MS = 1_000;
const BILLION = 1_000_000_000;
const MAX = Number.MAX_SAFE_INTEGER;
/** Up to this many lots on both sides, a billion times them is exact with room to spare. */
const MOST_LOTS = 9_000_000;

/** Adds trades to bars of one second, the first of which opens `startMs` after the day's start. Returns the number of trades with quantity 0, which add nothing. */
export function addTrades(bars: Bars, rows: TradeRows, order: Uint32Array, startMs: number): number {
  const isNarrow = rows.price.wide.size === 0 && rows.quantity.wide.size === 0;
  let withoutQuantity = 0;
  for (let from = 0; from < order.length; ) {
    const bar = Math.floor(((rows.time[order[from] ?? 0] ?? 0) - startMs) / SECOND_MS);
    const to = endOfRun(rows.time, order, from, startMs + bar * SECOND_MS);
    const added = isNarrow ? addNarrow(bars, bar, rows, order, from, to) : undefined;
    withoutQuantity += to - from - (added ?? addWide(bars, bar, rows, order, from, to));
    from = to;
  }
  return withoutQuantity;
}

/** Index behind the trades from `from` on that lie in the second from `secondMs` on. */
function endOfRun(time: Uint32Array, order: Uint32Array, from: number, secondMs: number): number {
  let to = from + 1;
  for (; to < order.length; to++) {
    const sinceMs = (time[order[to] ?? 0] ?? 0) - secondMs;
    if (sinceMs < 0 || sinceMs >= SECOND_MS) break;
  }
  return to;
}

/**
 * Adds the trades `[from, to)` of one bar, summed up in doubles first. Nothing is negative, so that where the sums are at most 2^53 - 1
 * every step towards them was exact. Returns how many were added; undefined, and nothing is, where a sum is larger.
 */
function addNarrow(
  bars: Bars,
  bar: number,
  rows: TradeRows,
  order: Uint32Array,
  from: number,
  to: number,
): number | undefined {
  const { maker, firstId, lastId } = rows;
  const [prices, quantities] = [rows.price.values, rows.quantity.values];
  let [count, executions] = [0, 0];
  let [open, high, low, close] = [0, 0, Number.POSITIVE_INFINITY, 0];
  let [total, buy, quote, quoteBuy] = [0, 0, 0, 0];
  for (let i = from; i < to; i++) {
    const row = order[i] ?? 0;
    const quantity = quantities[row] ?? 0;
    if (quantity === 0) continue;
    const price = prices[row] ?? 0;
    const isBuy = 1 - (maker[row] ?? 0);
    if (count++ === 0) open = price;
    if (price > high) high = price;
    if (price < low) low = price;
    close = price;
    total += quantity;
    buy += isBuy * quantity;
    quote += price * quantity;
    quoteBuy += isBuy * price * quantity;
    executions += (lastId[row] ?? 0) - (firstId[row] ?? 0) + 1;
  }
  if (quote > MAX || executions > MAX) return undefined; // no price is below one tick, so the quantities sum up to less
  if (count === 0) return 0;
  addPrices(bars, bar, open, high, low, close);
  addAt(bars.buyQuantity, bar, buy);
  addAt(bars.sellQuantity, bar, total - buy);
  addAt(bars.quoteTotal, bar, quote);
  addAt(bars.quoteBuy, bar, quoteBuy);
  addAt(bars.executions, bar, executions);
  addAt(bars.trades, bar, count);
  return count;
}

/** The same with integers of any size; each costs an allocation. */
function addWide(
  bars: Bars,
  bar: number,
  rows: TradeRows,
  order: Uint32Array,
  from: number,
  to: number,
): number {
  let count = 0;
  for (const row of order.subarray(from, to)) {
    const [price, quantity] = [valueAt(rows.price, row), valueAt(rows.quantity, row)];
    if (quantity === 0) continue;
    const quote = multiply(price, quantity);
    const isBuy = rows.maker[row] === 0;
    addPrices(bars, bar, price, price, price, price);
    addIntegerAt(isBuy ? bars.buyQuantity : bars.sellQuantity, bar, quantity);
    addIntegerAt(bars.quoteTotal, bar, quote);
    if (isBuy) addIntegerAt(bars.quoteBuy, bar, quote);
    addAt(bars.executions, bar, (rows.lastId[row] ?? 0) - (rows.firstId[row] ?? 0) + 1);
    addAt(bars.trades, bar, 1);
    count++;
  }
  return count;
}

/** Later prices of a bar; its `trades` still count only the earlier ones. */
function addPrices(
  bars: Bars,
  bar: number,
  open: Integer,
  high: Integer,
  low: Integer,
  close: Integer,
): void {
  const isFirst = valueAt(bars.trades, bar) === 0;
  if (isFirst) setAt(bars.open, bar, open);
  if (isFirst || high > valueAt(bars.high, bar)) setAt(bars.high, bar, high);
  if (isFirst || low < valueAt(bars.low, bar)) setAt(bars.low, bar, low);
  setAt(bars.close, bar, close);
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
