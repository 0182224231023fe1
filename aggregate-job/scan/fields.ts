// The fields of a row as bytes, read straight into columns of numbers: no strings, no objects. A reader takes the place where
// its field starts and returns the place behind it, or 0 where something else stands there.
//
// What makes it fast: nothing is looked at twice, and each reader is so small that V8 compiles it at once and puts it into its callers.
// Tried in vain: four digits at a time in 32-bit words, which took longer in fields as short as these; and one long function for the
// whole row, a fifth faster once compiled and not to be read by people.

// biome-ignore-all lint/style/noNonNullAssertion: reading behind the text gives undefined, which is no digit

import type { Places } from '../../shared/bars/bars.ts';
import { growScale, type ScaledRows } from '../rows/scaled-rows.ts';

const ZERO = 0x30;
const POINT = 0x2e;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Up to this many bytes of digits and point are exact in a double, and within what `shared/limits.ts` allows. */
const MAX_BYTES = 15;

/** The decimals of one row as they are written: how many places each has, and the byte behind its last digit. */
export type Numerals = { places: Int32Array; ends: Int32Array };

export function numerals(count: number): Numerals {
  return { places: new Int32Array(count), ends: new Int32Array(count) };
}

/** Reads a whole number of at most 15 digits. */
export function readInteger(text: Buffer, start: number, column: Float64Array, row: number): number {
  let at = start;
  let number = 0;
  for (let digit = text[at]! ^ ZERO; digit < 10; digit = text[++at]! ^ ZERO) number = number * 10 + digit;
  column[row] = number;
  return at > start && at - start <= MAX_BYTES ? at : 0;
}

/** Reads a decimal as the integer of all its digits, and notes under `index` where its point stands. */
export function readDecimal(
  text: Buffer,
  start: number,
  column: Float64Array,
  row: number,
  { places, ends }: Numerals,
  index: number,
): number {
  let at = start;
  let number = 0;
  for (let digit = text[at]! ^ ZERO; digit < 10; digit = text[++at]! ^ ZERO) number = number * 10 + digit;
  const point = at;
  if (text[at] === POINT) {
    at++;
    for (let digit = text[at]! ^ ZERO; digit < 10; digit = text[++at]! ^ ZERO) number = number * 10 + digit;
    if (at === point + 1) return 0;
  }
  column[row] = number;
  places[index] = at === point ? 0 : at - point - 1;
  ends[index] = at;
  return point > start && at - start <= MAX_BYTES ? at : 0;
}

/** Passes over a decimal of usual length or an empty field. */
export function skipDecimal(text: Buffer, start: number): number {
  const point = skipDigits(text, start);
  let at = point;
  if (text[point] === POINT) {
    at = skipDigits(text, point + 1);
    if (point === start || at === point + 1) return 0;
  }
  return at - start <= MAX_BYTES ? at : 0;
}

/** Passes over event time and receive time, each perhaps empty: the place of the line feed behind them, or 0. */
export function skipToLineFeed(text: Buffer, start: number): number {
  const eventEnd = skipDigits(text, start);
  if (text[eventEnd] !== COMMA || eventEnd - start > MAX_BYTES) return 0;
  let at = skipDigits(text, eventEnd + 1);
  if (at - eventEnd > MAX_BYTES) return 0;
  if (text[at] === CARRIAGE_RETURN) at++;
  return text[at] === LINE_FEED ? at : 0;
}

/** Passes over digits, or over nothing where there are none. */
function skipDigits(text: Buffer, start: number): number {
  let at = start;
  while ((text[at]! ^ ZERO) < 10) at++;
  return at;
}

/**
 * Brings a row just read, whose decimals stand in `columns` as prices and quantities by turns, and the rows before it to one
 * scale; false where a number of the row would not be exact in a double.
 */
export function scaleRow(
  text: Buffer,
  rows: ScaledRows,
  columns: readonly Float64Array[],
  { places, ends }: Numerals,
): boolean {
  const { scale, places: seen } = rows;
  let isScaled = true;
  for (let i = 0; i < columns.length; i++) {
    const isPrice = (i & 1) === 0; // by name would be a slow access in each row
    const count = places[i]!;
    if (count !== (isPrice ? scale.price : scale.quantity)) isScaled = false;
    // trailing zeros do not count as places; only digits beyond those already counted are looked at
    const counted = isPrice ? seen.price : seen.quantity;
    let last = count;
    while (last > counted && text[ends[i]! - count + last - 1] === ZERO) last--;
    if (last > counted) seen[isPrice ? 'price' : 'quantity'] = last;
  }
  return isScaled || rescaleRow(rows, columns, places);
}

function rescaleRow(rows: ScaledRows, columns: readonly Float64Array[], places: Int32Array): boolean {
  const nameOf = (i: number): keyof Places => ((i & 1) === 0 ? 'price' : 'quantity');
  for (const [i, count] of places.entries()) {
    if (count > rows.scale[nameOf(i)]) growScale(rows, nameOf(i), count);
  }
  for (const [i, column] of columns.entries()) {
    column[rows.count]! *= 10 ** (rows.scale[nameOf(i)] - places[i]!);
    if (!(column[rows.count]! <= Number.MAX_SAFE_INTEGER)) return false; // not even 0 x infinity passes
  }
  return true;
}
