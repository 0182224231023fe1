// The fast path of the recorder: nine frames of ten are snapshots of the book, and JSON.parse makes 84 strings of each only to
// have them glued together again. Here the digits are copied from the frame into the row byte by byte, without the quotes around
// them, and checked on the way. A frame that is not exactly as the exchange writes it (other keys, another order, blanks,
// escapes) is left to JSON.parse, which judges it.
//
// What makes it fast: every byte is looked at once; no string is made, since the stream's names are compared as bytes; the row is
// written into memory that is used again for the next one. Tried in vain: four bytes at a time through a DataView, with a mask
// that tells digits from others (slower by a fifth: V8 checks bounds at each access, and numbers are short); one loop for all of
// a number's bytes (slower by a fifth); a function for a number, called in the loop (slower by a fifth).

// biome-ignore-all lint/style/noNonNullAssertion: reading outside the frame gives undefined, which equals no byte

import { MAX_PLACES, MAX_WHOLE_DIGITS } from '../../shared/limits.ts';
import { isTime } from './fields.ts';
import type { Head } from './heads.ts';
import type { Row } from './row.ts';
import { copy, MAX_DIGITS, numberAt, skip, skipInteger, skipName, TIME_DIGITS } from './scan.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
const OPEN = 0x5b;
const CLOSE = 0x5d;

const TIME = Buffer.from(',"T":');
const PAIR = Buffer.from(',"ps":"');
const FIRST_UPDATE = Buffer.from(',"U":');
const LAST_UPDATE = Buffer.from(',"u":');
const PREVIOUS_UPDATE = Buffer.from(',"pu":');
const BIDS = Buffer.from(',"b":');
const ASKS = Buffer.from(',"a":');
const STATE = Buffer.from(',"st":');
const TAIL = Buffer.from('}}');

/** Where the next byte is read in the frame, and where the next one is written in the row. */
type Cursor = { at: number; end: number };

/**
 * The row of a `depth20` frame that begins with `head` and is exactly as the exchange writes it; undefined for any other frame.
 * It is written into `row`, which has room for it, and ends with `ending`.
 */
export function readDepthFrame(frame: Buffer, head: Head, row: Buffer, ending: Uint8Array): Row | undefined {
  const eventStart = skip(frame, 0, head.start);
  const eventEnd = skipInteger(frame, eventStart);
  const timeStart = skip(frame, eventEnd, TIME);
  const timeEnd = skipInteger(frame, timeStart);
  const symbolEnd = skip(frame, timeEnd, head.symbolPair);
  const pairEnd = skipName(frame, skip(frame, symbolEnd, PAIR)) + 1; // a newer key
  const updatesStart = skip(frame, pairEnd > 0 ? pairEnd : symbolEnd, FIRST_UPDATE);
  const idStart = skip(frame, skipInteger(frame, updatesStart), LAST_UPDATE);
  const idEnd = skipInteger(frame, idStart);
  const previousStart = skip(frame, idEnd, PREVIOUS_UPDATE);
  const bidsStart = skip(frame, skipInteger(frame, previousStart), BIDS);
  if (bidsStart < 0 || eventEnd - eventStart !== TIME_DIGITS || timeEnd - timeStart !== TIME_DIGITS)
    return undefined;
  const eventMs = numberAt(frame, eventStart, eventEnd);
  const timeMs = numberAt(frame, timeStart, timeEnd);
  if (!isTime(eventMs) || !isTime(timeMs) || idEnd - idStart > MAX_DIGITS) return undefined;

  const cursor: Cursor = { at: bidsStart, end: copy(frame, timeStart, timeEnd, row, 0) };
  if (!copySide(frame, row, cursor)) return undefined;
  cursor.at = skip(frame, cursor.at, ASKS);
  if (!copySide(frame, row, cursor)) return undefined;
  const stateEnd = skipInteger(frame, skip(frame, cursor.at, STATE)); // a newer key
  if (skip(frame, stateEnd < 0 ? cursor.at : stateEnd, TAIL) !== frame.length) return undefined;
  let { end } = cursor;
  row[end++] = COMMA;
  end = copy(frame, idStart, idEnd, row, end);
  row[end++] = COMMA;
  end = copy(frame, eventStart, eventEnd, row, end);
  end = copy(ending, 0, ending.length, row, end);
  const { stream, symbol, kind } = head;
  const id = numberAt(frame, idStart, idEnd);
  return { stream, symbol, kind, timeMs, eventMs, id, lastId: id, line: row.subarray(0, end) };
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
        do {
          if ((c ^ ZERO) >= 10) return false;
          row[end++] = c;
          c = frame[++at]!;
        } while (c !== QUOTE && c !== POINT);
        if ((frame[start] === ZERO && at > start + 1) || at - start > MAX_WHOLE_DIGITS) return false;
        if (c === POINT) {
          row[end++] = c;
          c = frame[++at]!;
          const placesStart = at;
          do {
            if ((c ^ ZERO) >= 10) return false;
            row[end++] = c;
            c = frame[++at]!;
          } while (c !== QUOTE);
          if (at - placesStart > MAX_PLACES) return false;
        }
        const separator = i === 0 ? COMMA : CLOSE;
        if (frame[at + 1] !== separator) return false;
        row[end++] = separator;
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
