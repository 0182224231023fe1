import { dateOf, SECOND_MS } from '../../shared/time.ts';
import type { Bars, Places } from './bars.ts';
import { add, divideRounded, type Integer, multiply, subtract, valueAt } from './integers.ts';
import { TextBytes } from './text-bytes.ts';

/** Means and the volume-weighted price carry this many places more than what they average. */
const MEAN_PLACES = 4;
const IMBALANCE_PLACES = 6;
const COMMA = 0x2c;
const COLON = 0x3a;
const Z = 0x5a;
const TRUE = Buffer.from(',true\n');
const FALSE = Buffer.from(',false\n');
const BYTES_PER_BAR = 192;
const FEW_BARS = 10_000;

/** What the text of bars needs besides their sums. */
export type BarContext = {
  /** Start of the bars' day, ms UTC. */
  startMs: number;
  resolutionMs: number;
  places: Places;
  /** Close before the first bar in ticks; null when it is not known. */
  seed: Integer | null;
  /** By bar: 1 where it is proven that no trade is missing. */
  complete: Uint8Array;
};

/** Bars `[from, to)` of a day. */
export type BarsPart = { bars: Bars; context: BarContext; from: number; to: number };

/** The parts of a daily file, each of about as many bars, and none where there are so few that one thread is faster. */
export function splitBars(bars: Bars, context: BarContext, count: number): BarsPart[] {
  const parts = bars.count < FEW_BARS ? 1 : count;
  const at = (part: number): number => Math.floor((bars.count * part) / parts);
  return Array.from({ length: parts }, (_, i) => ({ bars, context, from: at(i), to: at(i + 1) }));
}

/** The lines of some bars of a daily file, in the columns of `shared/schema/bar.ts`. */
export function barRows({ bars, context, from, to }: BarsPart): Buffer {
  const text = new TextBytes((to - from) * BYTES_PER_BAR);
  const running: Running = { close: closeOf(bars, context.seed, from), cvd: cvdOf(bars, from) };
  const date = Buffer.from(`${dateOf(context.startMs)}T`);
  const stepSeconds = context.resolutionMs / SECOND_MS;
  for (let i = from; i < to; i++) {
    writeTime(text, date, i * stepSeconds);
    writePrices(text, bars, i, context.places, running);
    writeFlow(text, bars, i, context.places);
    writeBook(text, bars, i, context.places, running);
    writeCounts(text, bars, i, context.places);
    writeFlag(text, context.complete[i] === 1);
  }
  return text.written;
}

/** What one bar hands to the next. */
type Running = { close: Integer | null; cvd: Integer };

/** The last traded price of the first `count` bars in ticks, or `seed` when nothing was traded. */
export function closeOf(bars: Bars, seed: Integer | null, count: number = bars.count): Integer | null {
  for (let i = count - 1; i >= 0; i--) {
    if (valueAt(bars.trades, i) !== 0) return valueAt(bars.close, i);
  }
  return seed;
}

/** Cumulative volume delta of the first `count` bars, in lots. */
export function cvdOf(bars: Bars, count: number = bars.count): Integer {
  let cvd: Integer = 0;
  for (let i = 0; i < count; i++) cvd = add(cvd, deltaAt(bars, i));
  return cvd;
}

function deltaAt(bars: Bars, i: number): Integer {
  return subtract(valueAt(bars.buyQuantity, i), valueAt(bars.sellQuantity, i));
}

/** `2024-07-18T12:34:56Z` */
function writeTime(text: TextBytes, date: Uint8Array, secondOfDay: number): void {
  for (const code of date) text.byte(code);
  const minuteOfDay = Math.floor(secondOfDay / 60);
  text.twoDigits(Math.floor(minuteOfDay / 60));
  text.byte(COLON);
  text.twoDigits(minuteOfDay % 60);
  text.byte(COLON);
  text.twoDigits(secondOfDay % 60);
  text.byte(Z);
}

function writeFlag(text: TextBytes, flag: boolean): void {
  for (const code of flag ? TRUE : FALSE) text.byte(code);
}

function writePrices(text: TextBytes, bars: Bars, i: number, { price }: Places, running: Running): void {
  const traded = valueAt(bars.trades, i) !== 0;
  for (const column of [bars.open, bars.high, bars.low, bars.close]) {
    text.byte(COMMA);
    const value = traded ? valueAt(column, i) : running.close;
    if (value !== null) text.decimal(value, price);
  }
  if (traded) running.close = valueAt(bars.close, i);
}

function writeFlow(text: TextBytes, bars: Bars, i: number, { price, quantity }: Places): void {
  const buy = valueAt(bars.buyQuantity, i);
  const sell = valueAt(bars.sellQuantity, i);
  const total = add(buy, sell);
  writeMean(text, valueAt(bars.quoteTotal, i), total, price);
  for (const volume of [total, buy, sell, subtract(buy, sell)]) {
    text.byte(COMMA);
    text.decimal(volume, quantity);
  }
  text.byte(COMMA);
  text.decimal(valueAt(bars.executions, i), 0);
}

function writeBook(
  text: TextBytes,
  bars: Bars,
  i: number,
  { price, quantity }: Places,
  running: Running,
): void {
  const snapshots = valueAt(bars.snapshots, i);
  writeMean(text, valueAt(bars.spread, i), snapshots, price);
  writeMean(text, valueAt(bars.bidQuantity, i), snapshots, quantity);
  writeMean(text, valueAt(bars.askQuantity, i), snapshots, quantity);
  running.cvd = add(running.cvd, deltaAt(bars, i));
  text.byte(COMMA);
  text.decimal(running.cvd, quantity);
  text.byte(COMMA);
  if (snapshots !== 0) {
    const billionthsPerUnit = 10 ** (9 - IMBALANCE_PLACES);
    text.decimal(
      divideRounded(valueAt(bars.imbalance, i), multiply(snapshots, billionthsPerUnit)),
      IMBALANCE_PLACES,
    );
  }
}

function writeCounts(text: TextBytes, bars: Bars, i: number, { price, quantity }: Places): void {
  for (const column of [bars.quoteTotal, bars.quoteBuy]) {
    text.byte(COMMA);
    text.decimal(valueAt(column, i), price + quantity);
  }
  for (const column of [bars.trades, bars.snapshots]) {
    text.byte(COMMA);
    text.decimal(valueAt(column, i), 0);
  }
}

/** `sum / count` with {@link MEAN_PLACES} places more than the sum has; nothing when there is nothing to average. */
function writeMean(text: TextBytes, sum: Integer, count: Integer, places: number): void {
  text.byte(COMMA);
  if (count === 0) return;
  text.decimal(divideRounded(multiply(sum, 10 ** MEAN_PLACES), count), places + MEAN_PLACES);
}
