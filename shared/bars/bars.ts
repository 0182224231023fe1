import { addEvery, type IntegerColumn, integerColumn, setAt, shiftColumn, valueAt } from './integers.ts';

/** How a column of sums scales with the places of prices and quantities. */
const SCALES = {
  open: [1, 0],
  high: [1, 0],
  low: [1, 0],
  close: [1, 0],
  buyQuantity: [0, 1],
  sellQuantity: [0, 1],
  quoteTotal: [1, 1],
  quoteBuy: [1, 1],
  executions: [0, 0],
  trades: [0, 0],
  spread: [1, 0],
  bidQuantity: [0, 1],
  askQuantity: [0, 1],
  imbalance: [0, 0],
  snapshots: [0, 0],
} as const satisfies Record<string, readonly [price: number, quantity: number]>;

type SumName = keyof typeof SCALES;
const NAMES = Object.keys(SCALES) as SumName[]; // the keys of a literal
const ADDED = NAMES.filter((name) => !['open', 'high', 'low', 'close'].includes(name));

/** Places of the integers in prices and in quantities. */
export type Places = { price: number; quantity: number };

/**
 * Consecutive bars as exact sums, one column a quantity: prices in ticks, quantities in lots, quote volumes in ticks x lots,
 * `spread`, `bidQuantity`, `askQuantity` and `imbalance` (billionths) summed over the snapshots. A bar without trades
 * (`trades` = 0) has no open, high, low or close.
 */
export type Bars = Record<SumName, IntegerColumn> & { count: number };

/** Bars with nothing in them; `column` makes the memory of each sum. */
export function emptyBars(count: number, column: typeof integerColumn = integerColumn): Bars {
  const columns = Object.fromEntries(NAMES.map((name) => [name, column(count)]));
  return { count, ...(columns as Record<SumName, IntegerColumn>) };
}

/** The same bars with their integers at other places; a {@link RangeError} where digits would be lost. */
export function rescaleBars(bars: Bars, from: Places, to: Places): Bars {
  const rescaled = { ...bars };
  for (const name of NAMES) {
    const [price, quantity] = SCALES[name];
    const places = price * (to.price - from.price) + quantity * (to.quantity - from.quantity);
    rescaled[name] = shiftColumn(bars[name], places);
  }
  return rescaled;
}

/** Copies `part` into `bars`, its first bar to index `start`. */
export function placeBars(bars: Bars, part: Bars, start: number): void {
  for (const name of NAMES) {
    bars[name].values.set(part[name].values, start);
    for (const [index, value] of part[name].wide) bars[name].wide.set(start + index, value);
  }
}

/** Every `factor` consecutive bars as one: sums, first, last, highest, lowest. */
export function combineBars(bars: Bars, factor: number): Bars {
  if (factor === 1) return bars;
  const combined = emptyBars(bars.count / factor);
  for (const name of ADDED) addEvery(combined[name], bars[name], factor);
  for (let target = 0; target < combined.count; target++)
    combinePrices(combined, target, bars, target * factor, (target + 1) * factor);
  return combined;
}

/** Prices of the bars `[start, end)`, those without trades left out. */
function combinePrices(to: Bars, target: number, from: Bars, start: number, end: number): void {
  let isFirst = true;
  for (let source = start; source < end; source++) {
    if (valueAt(from.trades, source) === 0) continue;
    const high = valueAt(from.high, source);
    const low = valueAt(from.low, source);
    if (isFirst) setAt(to.open, target, valueAt(from.open, source));
    if (isFirst || high > valueAt(to.high, target)) setAt(to.high, target, high);
    if (isFirst || low < valueAt(to.low, target)) setAt(to.low, target, low);
    setAt(to.close, target, valueAt(from.close, source));
    isFirst = false;
  }
}
