import { divideRounded as divideBigRounded } from '../decimals.ts';

/** An exact integer: a number while it is safe, a bigint beyond 2^53 - 1. */
export type Integer = number | bigint;

/** Exact integers by index. An entry is `values[i]` plus, where that alone would not be exact, `wide.get(i)`. */
export type IntegerColumn = { values: Float64Array; wide: Map<number, bigint> };

const MAX = Number.MAX_SAFE_INTEGER;

/** A column of zeros. */
export function integerColumn(length: number): IntegerColumn {
  return { values: new Float64Array(length), wide: new Map() };
}

/** A column of zeros that other threads read without a copy. */
export function sharedColumn(length: number): IntegerColumn {
  const memory = new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT);
  return { values: new Float64Array(memory), wide: new Map() };
}

/** The entry at `index`. */
export function valueAt({ values, wide }: IntegerColumn, index: number): Integer {
  const value = values[index] ?? 0;
  if (wide.size === 0) return value;
  const more = wide.get(index);
  return more === undefined ? value : narrow(more + BigInt(value));
}

/** Makes `value` the entry at `index`. */
export function setAt(column: IntegerColumn, index: number, value: Integer): void {
  if (typeof value === 'bigint') {
    column.values[index] = 0;
    column.wide.set(index, value);
    return;
  }
  column.values[index] = value;
  if (column.wide.size > 0) column.wide.delete(index);
}

/** Adds a safe integer to the entry at `index`. */
export function addAt(column: IntegerColumn, index: number, value: number): void {
  const sum = (column.values[index] ?? 0) + value;
  if (sum <= MAX && sum >= -MAX) column.values[index] = sum;
  else addWide(column, index, BigInt(value));
}

/** Adds an integer of any size. */
export function addIntegerAt(column: IntegerColumn, index: number, value: Integer): void {
  if (typeof value === 'number') addAt(column, index, value);
  else addWide(column, index, value);
}

/** Adds every `factor` consecutive entries of `from` to one entry of `to`. */
export function addEvery(to: IntegerColumn, from: IntegerColumn, factor: number): void {
  for (let i = 0; i < from.values.length; i++) addAt(to, Math.floor(i / factor), from.values[i] ?? 0);
  for (const [i, value] of from.wide) addWide(to, Math.floor(i / factor), value);
}

function addWide(column: IntegerColumn, index: number, value: bigint): void {
  const carried = BigInt(column.values[index] ?? 0) + value;
  column.values[index] = 0;
  column.wide.set(index, (column.wide.get(index) ?? 0n) + carried);
}

/** `a + b` */
export function add(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (sum <= MAX && sum >= -MAX) return sum;
  }
  return narrow(BigInt(a) + BigInt(b));
}

/** `a - b` */
export function subtract(a: Integer, b: Integer): Integer {
  return add(a, -b);
}

/** `a * b` */
export function multiply(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (product <= MAX && product >= -MAX) return product;
  }
  return narrow(BigInt(a) * BigInt(b));
}

/** `value * 10^places`; for negative `places` the division, which must leave no rest. */
export function shift(value: Integer, places: number): Integer {
  if (places === 0 || value === 0) return value;
  if (places > 0) return multiply(value, 10n ** BigInt(places));
  const divisor = 10n ** BigInt(-places);
  if (typeof value === 'number' && -places <= 15) return exactNumber(value / Number(divisor), value);
  if (BigInt(value) % divisor !== 0n)
    throw new RangeError(`shift ${value} by ${places} places: digits would be lost`);
  return narrow(BigInt(value) / divisor);
}

/** Every entry times `10^places`. */
export function shiftColumn(column: IntegerColumn, places: number): IntegerColumn {
  if (places === 0) return column;
  const shifted = integerColumn(column.values.length);
  if (column.wide.size === 0 && shiftNumbers(column.values, shifted.values, places)) return shifted;
  for (let i = 0; i < column.values.length; i++) {
    const value = valueAt(column, i);
    if (value !== 0) setAt(shifted, i, shift(value, places));
  }
  return shifted;
}

/** The shift of plain numbers; false where one of them would not be exact. */
function shiftNumbers(from: Float64Array, to: Float64Array, places: number): boolean {
  if (Math.abs(places) > 15) return false;
  const power = 10 ** Math.abs(places);
  for (let i = 0; i < from.length; i++) {
    const value = from[i] ?? 0;
    const result = places > 0 ? value * power : value / power;
    if (result > MAX || result < -MAX || Math.floor(result) !== result) return false;
    to[i] = result;
  }
  return true;
}

/** `numerator / denominator` to the nearest integer, halves away from zero. The denominator is positive. */
export function divideRounded(numerator: Integer, denominator: Integer): Integer {
  if (typeof numerator === 'bigint' || typeof denominator === 'bigint')
    return divideWide(numerator, denominator);
  const positive = Math.abs(numerator);
  if (positive + denominator > MAX) return divideWide(numerator, denominator); // below it the floor of the quotient is exact
  const quotient = Math.floor(positive / denominator);
  const rest = positive - quotient * denominator;
  const rounded = rest >= denominator - rest ? quotient + 1 : quotient;
  return numerator < 0 && rounded !== 0 ? -rounded : rounded;
}

/** The integer as a number where that is exact. */
export function narrow(value: bigint): Integer {
  return value <= MAX && value >= -MAX ? Number(value) : value;
}

function divideWide(numerator: Integer, denominator: Integer): Integer {
  return narrow(divideBigRounded(BigInt(numerator), BigInt(denominator)));
}

function exactNumber(quotient: number, value: number): number {
  if (Number.isInteger(quotient)) return quotient;
  throw new RangeError(`shift ${value}: digits would be lost`);
}
