// Passes over the pieces of a frame, byte by byte. Each function takes the place where its piece begins and returns the place
// behind it, or -1 where something else stands there; all of them pass a -1 on, so that only the last place needs a look.

// biome-ignore-all lint/style/noNonNullAssertion: reading outside the frame gives undefined, which equals no byte

import { MAX_PLACES, MAX_WHOLE_DIGITS } from '../../shared/limits.ts';

const BLANK = 0x20;
const QUOTE = 0x22;
const POINT = 0x2e;
const ZERO = 0x30;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;

/** A time in ms since 1970 has so many digits from 2001 to 2286. */
export const TIME_DIGITS = 13;
/** Up to this many digits are exact in a double. */
export const MAX_DIGITS = 15;

/** Passes over `text`; the differences are gathered, which spares a branch at each byte. */
export function skip(frame: Uint8Array, start: number, text: Uint8Array): number {
  const end = start + text.length;
  if (start < 0 || end > frame.length) return -1;
  let difference = 0;
  for (let at = start, i = 0; at < end; at++, i++) difference |= frame[at]! ^ text[i]!;
  return difference === 0 ? end : -1;
}

/** Passes over printable ASCII letters up to a quote; none of them an escape. */
export function skipName(frame: Uint8Array, start: number): number {
  if (start < 0) return -1;
  let at = start;
  for (let c = frame[at]!; c !== QUOTE; c = frame[++at]!) {
    if (!(c >= BLANK && c < DELETE) || c === BACKSLASH) return -1;
  }
  return at;
}

/** Passes over a whole number without sign or leading zeros. */
export function skipInteger(frame: Uint8Array, start: number): number {
  if (start < 0) return -1;
  let at = start;
  while ((frame[at]! ^ ZERO) < 10) at++;
  return at === start || (frame[start] === ZERO && at > start + 1) ? -1 : at;
}

/** Passes over a whole number, and perhaps a point and more digits, both within the limits. */
export function skipDecimal(frame: Uint8Array, start: number): number {
  const point = skipInteger(frame, start);
  if (point - start > MAX_WHOLE_DIGITS) return -1;
  if (point < 0 || frame[point] !== POINT) return point;
  let at = point + 1;
  while ((frame[at]! ^ ZERO) < 10) at++;
  const places = at - point - 1;
  return places === 0 || places > MAX_PLACES ? -1 : at;
}

/** The number that at most 15 digits make; in two halves, since small integers add up faster. */
export function numberAt(frame: Uint8Array, start: number, end: number): number {
  const middle = Math.max(start, end - 8);
  let high = 0;
  let low = 0;
  for (let at = start; at < middle; at++) high = high * 10 + (frame[at]! ^ ZERO);
  for (let at = middle; at < end; at++) low = low * 10 + (frame[at]! ^ ZERO);
  return high * 1e8 + low;
}

/** Copies a piece of the frame into the row; returns the place behind it there. */
export function copy(frame: Uint8Array, start: number, end: number, row: Uint8Array, at: number): number {
  let rowEnd = at;
  for (let i = start; i < end; i++) row[rowEnd++] = frame[i]!;
  return rowEnd;
}
