import { dateOf, SECOND_MS } from '../time.ts';
import type { Bars, Places } from './bars.ts';
import { add, divideRounded, type Integer, multiply, subtract, valueAt } from './integers.ts';
import { TextBytes } from './text-bytes.ts';

/** Means and the volume-weighted price carry this many places more than what they average. */
const MEAN_PLACES = 4;
const MEAN_UNITS = 10 ** MEAN_PLACES;
const IMBALANCE_PLACES = 6;
const BILLIONTHS_PER_UNIT = 10 ** (9 - IMBALANCE_PLACES);
const ZERO = 0x30;
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

/** The lines of some bars of a daily file, in the columns of `shared/lake/bar.ts`. */
export function barRows({ bars, context, from, to }: BarsPart): Buffer {
  const text = new TextBytes((to - from) * BYTES_PER_BAR);
  const running: Running = { close: closeOf(bars, context.seed, from), cvd: cvdOf(bars, from) };
  const time = Buffer.from(`${dateOf(context.startMs)}T00:00:00Z`);
  const stepSeconds = context.resolutionMs / SECOND_MS;
  for (let i = from; i < to; i++) {
    setTime(time, i * stepSeconds);
    text.bytes(time);
    writePrices(text, bars, i, context.places, running);
    writeFlow(text, bars, i, context.places);
    writeBook(text, bars, i, context.places, running);
    writeCounts(text, bars, i, context.places);
    text.bytes(context.complete[i] === 1 ? TRUE : FALSE);
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

/** Sets hours, minutes and seconds of `2024-07-18T12:34:56Z`. */
function setTime(time: Uint8Array, secondOfDay: number): void {
  const minuteOfDay = Math.floor(secondOfDay / 60);
  setTwoDigits(time, 11, Math.floor(minuteOfDay / 60));
  setTwoDigits(time, 14, minuteOfDay % 60);
  setTwoDigits(time, 17, secondOfDay % 60);
}

function setTwoDigits(time: Uint8Array, at: number, number: number): void {
  const tens = Math.floor(number / 10);
  time[at] = ZERO + tens;
  time[at + 1] = ZERO + number - 10 * tens;
}

function writePrices(text: TextBytes, bars: Bars, i: number, { price }: Places, running: Running): void {
  if (valueAt(bars.trades, i) !== 0) {
    text.field(valueAt(bars.open, i), price);
    text.field(valueAt(bars.high, i), price);
    text.field(valueAt(bars.low, i), price);
    running.close = valueAt(bars.close, i);
    text.field(running.close, price);
    return;
  }
  for (let column = 0; column < 4; column++) {
    if (running.close === null) text.emptyField();
    else text.field(running.close, price);
  }
}

function writeFlow(text: TextBytes, bars: Bars, i: number, { price, quantity }: Places): void {
  const buy = valueAt(bars.buyQuantity, i);
  const sell = valueAt(bars.sellQuantity, i);
  const total = add(buy, sell);
  writeMean(text, valueAt(bars.quoteTotal, i), total, price);
  text.field(total, quantity);
  text.field(buy, quantity);
  text.field(sell, quantity);
  text.field(subtract(buy, sell), quantity);
  text.field(valueAt(bars.executions, i), 0);
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
  text.field(running.cvd, quantity);
  if (snapshots === 0) text.emptyField();
  else {
    const mean = divideRounded(valueAt(bars.imbalance, i), multiply(snapshots, BILLIONTHS_PER_UNIT));
    text.field(mean, IMBALANCE_PLACES);
  }
}

function writeCounts(text: TextBytes, bars: Bars, i: number, { price, quantity }: Places): void {
  text.field(valueAt(bars.quoteTotal, i), price + quantity);
  text.field(valueAt(bars.quoteBuy, i), price + quantity);
  text.field(valueAt(bars.trades, i), 0);
  text.field(valueAt(bars.snapshots, i), 0);
}

/** `sum / count` with {@link MEAN_PLACES} places more than the sum has; nothing when there is nothing to average. */
function writeMean(text: TextBytes, sum: Integer, count: Integer, places: number): void {
  if (count === 0) text.emptyField();
  else text.field(divideRounded(multiply(sum, MEAN_UNITS), count), places + MEAN_PLACES);
}
