// The fast path of the recorder: nine frames of ten are snapshots of the book, and JSON.parse makes 84 strings of each only to
// have them glued together again. Here the digits are copied from the frame into the row byte by byte, without the quotes around
// them, and checked on the way. A frame that is not exactly as the exchange writes it (other keys, another order, blanks,
// escapes, letters beyond ASCII) is left to JSON.parse, which judges it.
//
// What makes it fast: every byte is looked at once, and the only strings are the row and two names.

// biome-ignore-all lint/style/noNonNullAssertion: reading outside the frame gives undefined, which equals no byte

import { isTime } from './fields.ts';
import type { Row } from './row.ts';

const LINE_FEED = 0x0a;
const BLANK = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const DELETE = 0x7f;

const HEAD = Buffer.from('{"stream":"');
const KIND = Buffer.from('@depth20@100ms');
const EVENT = Buffer.from('","data":{"e":"depthUpdate","E":');
const TIME = Buffer.from(',"T":');
const SYMBOL = Buffer.from(',"s":"');
const PAIR = Buffer.from('","ps":"');
const FIRST_UPDATE = Buffer.from('","U":');
const LAST_UPDATE = Buffer.from(',"u":');
const PREVIOUS_UPDATE = Buffer.from(',"pu":');
const BIDS = Buffer.from(',"b":');
const ASKS = Buffer.from(',"a":');
const STATE = Buffer.from(',"st":');
const TAIL = Buffer.from('}}');

const TIME_DIGITS = 13;
/** Up to this many digits are exact in a double. */
const MAX_DIGITS = 15;

/** Where the next byte is read in the frame, and where the next one is written in the row. */
type Cursor = { at: number; end: number };

/** The row of a `depth20` frame that is exactly as the exchange writes it; undefined for any other frame. */
export function readDepthFrame(frame: Buffer, receivedMs: number): Row | undefined {
  // The readers return the place behind what they found, or -1, which every later one passes on.
  const streamStart = skip(frame, 0, HEAD);
  const streamEnd = skipName(frame, streamStart);
  const eventStart = skip(frame, streamEnd, EVENT);
  if (eventStart < 0 || skip(frame, streamEnd - KIND.length, KIND) < 0) return undefined;
  const eventEnd = skipInteger(frame, eventStart);
  const timeStart = skip(frame, eventEnd, TIME);
  const timeEnd = skipInteger(frame, timeStart);
  const symbolStart = skip(frame, timeEnd, SYMBOL);
  const symbolEnd = skipName(frame, symbolStart);
  const pairEnd = skipName(frame, skip(frame, symbolEnd, PAIR)); // a newer key
  const updatesStart = skip(frame, pairEnd < 0 ? symbolEnd : pairEnd, FIRST_UPDATE);
  const idStart = skip(frame, skipInteger(frame, updatesStart), LAST_UPDATE);
  const idEnd = skipInteger(frame, idStart);
  const previousStart = skip(frame, idEnd, PREVIOUS_UPDATE);
  const bidsStart = skip(frame, skipInteger(frame, previousStart), BIDS);
  if (bidsStart < 0 || eventEnd - eventStart !== TIME_DIGITS || timeEnd - timeStart !== TIME_DIGITS)
    return undefined;
  const eventMs = numberAt(frame, eventStart, eventEnd);
  const timeMs = numberAt(frame, timeStart, timeEnd);
  if (!isTime(eventMs) || !isTime(timeMs) || idEnd - idStart > MAX_DIGITS) return undefined;
  const id = numberAt(frame, idStart, idEnd);

  const row = Buffer.allocUnsafe(frame.length); // all that is written comes from the frame, without its quotes
  const cursor: Cursor = { at: bidsStart, end: copy(frame, timeStart, timeEnd, row, 0) };
  if (!copySide(frame, row, cursor)) return undefined;
  cursor.at = skip(frame, cursor.at, ASKS);
  if (!copySide(frame, row, cursor)) return undefined;
  const stateEnd = skipInteger(frame, skip(frame, cursor.at, STATE)); // a newer key
  if (skip(frame, stateEnd < 0 ? cursor.at : stateEnd, TAIL) !== frame.length) return undefined;
  row[cursor.end++] = COMMA;
  cursor.end = copy(frame, idStart, idEnd, row, cursor.end);
  row[cursor.end++] = COMMA;
  cursor.end = copy(frame, eventStart, eventEnd, row, cursor.end);
  row[cursor.end++] = COMMA;
  const received = String(receivedMs); // by its letters, so that the line is one flat string
  for (let i = 0; i < received.length; i++) row[cursor.end++] = received.charCodeAt(i);
  row[cursor.end++] = LINE_FEED;
  return {
    stream: frame.toString('latin1', streamStart, streamEnd),
    symbol: frame.toString('latin1', symbolStart, symbolEnd),
    kind: 'depth',
    timeMs,
    eventMs,
    id,
    lastId: id,
    line: row.toString('latin1', 0, cursor.end),
  };
}

/** Copies `[["price","quantity"],...]` as `,"[[price,quantity],...]"`; false where something else stands there. */
function copySide(frame: Buffer, row: Buffer, cursor: Cursor): boolean {
  let { at, end } = cursor;
  if (at < 0 || frame[at++] !== OPEN) return false;
  row[end++] = COMMA;
  row[end++] = QUOTE;
  row[end++] = OPEN;
  if (frame[at] !== CLOSE) {
    for (;;) {
      if (frame[at] !== OPEN) return false;
      row[end++] = OPEN;
      at++;
      for (let i = 0; i < 2; i++) {
        if (frame[at++] !== QUOTE) return false;
        // digits without a leading zero, then perhaps a point and more digits
        const start = at;
        let c = frame[at]!;
        for (; (c ^ ZERO) < 10; c = frame[++at]!) row[end++] = c;
        if (at === start || (frame[start] === ZERO && at > start + 1)) return false;
        if (c === POINT) {
          row[end++] = c;
          const point = at;
          for (c = frame[++at]!; (c ^ ZERO) < 10; c = frame[++at]!) row[end++] = c;
          if (at === point + 1) return false;
        }
        if (c !== QUOTE || frame[at + 1] !== (i === 0 ? COMMA : CLOSE)) return false;
        row[end++] = frame[at + 1]!;
        at += 2;
      }
      if (frame[at] !== COMMA) break;
      row[end++] = COMMA;
      at++;
    }
    if (frame[at] !== CLOSE) return false;
  }
  row[end++] = CLOSE;
  row[end++] = QUOTE;
  cursor.at = at + 1;
  cursor.end = end;
  return true;
}

/** Passes over `text`. */
function skip(frame: Buffer, start: number, text: Buffer): number {
  if (start < 0) return -1;
  for (let i = 0; i < text.length; i++) {
    if (frame[start + i] !== text[i]) return -1;
  }
  return start + text.length;
}

/** Passes over printable ASCII letters up to a quote; none of them an escape. */
function skipName(frame: Buffer, start: number): number {
  if (start < 0) return -1;
  let at = start;
  for (let c = frame[at]!; c !== QUOTE; c = frame[++at]!) {
    if (!(c >= BLANK && c < DELETE) || c === BACKSLASH) return -1;
  }
  return at;
}

/** Passes over a whole number without sign or leading zeros. */
function skipInteger(frame: Buffer, start: number): number {
  if (start < 0) return -1;
  let at = start;
  while ((frame[at]! ^ ZERO) < 10) at++;
  return at === start || (frame[start] === ZERO && at > start + 1) ? -1 : at;
}

/** The number that at most 15 digits make; in two halves, since small integers add up faster. */
function numberAt(frame: Buffer, start: number, end: number): number {
  const middle = Math.max(start, end - 8);
  let [high, low] = [0, 0];
  for (let at = start; at < middle; at++) high = high * 10 + (frame[at]! ^ ZERO);
  for (let at = middle; at < end; at++) low = low * 10 + (frame[at]! ^ ZERO);
  return high * 1e8 + low;
}

function copy(frame: Buffer, from: number, to: number, row: Buffer, start: number): number {
  let end = start;
  for (let at = from; at < to; at++) row[end++] = frame[at]!;
  return end;
}
