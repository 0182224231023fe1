// The hot loop over trades: about two million rows a symbol-day. It reads bytes, never strings, and writes numbers into
// typed arrays. A row that has exactly the shape our recorder writes is taken here; every other row, good or bad, goes
// to `odd`, which reads it with a real CSV parser and knows every rule. So speed lives here and judgement lives there.
// How a field is read fast is told in fields.ts.

// biome-ignore-all lint/style/noNonNullAssertion: every index is in bounds, the text ends with a line feed

import { MAX_WINDOW_TRADES } from '../../shared/limits.ts';
import { reserveTrades, type TradeRows } from '../rows/trade-rows.ts';
import {
  type Numerals,
  numerals,
  readDecimal,
  readInteger,
  scaleRow,
  skipDecimal,
  skipToLineFeed,
} from './fields.ts';

const COMMA = 0x2c;
const LINE_FEED = 0x0a;
/** `true`, `fals` and `e`; words are little-endian. */
const TRUE = 0x65757274;
const FALS = 0x736c6166;
const E = 0x65;

const TIME_DIGITS = 13;
const DAY_MS = 86_400_000;
/** No row is shorter than 2^5 bytes, which tells how many rows a text can hold. */
const SHORTEST_ROW_BITS = 5;

/** Where the rows of a text belong. Times are ms; `[windowStart, windowEnd)` counts from the day's start. */
export type ScanTarget = {
  dayStartMs: number;
  windowStart: number;
  windowEnd: number;
  /** Index of the chunk in the window's list. */
  source: number;
};

/** What a scanner says of rows it does not take itself. */
export type ScanEvents = {
  /** A row to be read with care: its first byte, the byte behind its last one, and its number (the header is line 1). */
  odd(start: number, end: number, line: number): void;
  /** A good row of the day, `time` ms after its start, that lies outside the window. */
  stray(time: number): void;
};

/**
 * Reads the rows of a trades chunk, from the byte behind its header, into `rows`. `text` ends with a line feed. Returns the number of lines read, empty ones included.
 */
export function scanTrades(
  text: Buffer,
  from: number,
  target: ScanTarget,
  rows: TradeRows,
  events: ScanEvents,
): number {
  const decimals = numerals(2);
  const mostRows = (text.length - from) >> SHORTEST_ROW_BITS;
  reserveTrades(rows, Math.min(mostRows, MAX_WINDOW_TRADES - rows.count) + 1);
  const columns = [rows.price.values, rows.quantity.values];
  const ids = [rows.id, rows.firstId, rows.lastId];
  let lines = 0;
  for (let at = from; at < text.length; ) {
    lines++;
    const next = readRow(text, at, target, rows, columns, ids, decimals, events);
    if (next > 0) at = next;
    else {
      const lineEnd = text.indexOf(LINE_FEED, at);
      events.odd(at, lineEnd, lines + 1);
      at = lineEnd + 1;
    }
  }
  return lines;
}

/** Takes the row at `start`; the place behind its line feed, or 0 where it has another shape. */
function readRow(
  text: Buffer,
  start: number,
  target: ScanTarget,
  rows: TradeRows,
  columns: readonly Float64Array[],
  ids: readonly Float64Array[],
  decimals: Numerals,
  events: ScanEvents,
): number {
  const row = rows.count;
  let at = readInteger(text, start, rows.lastId, row);
  if (at - start !== TIME_DIGITS || text[at] !== COMMA) return 0;
  const time = rows.lastId[row]! - target.dayStartMs;

  // price and quantity
  for (let i = 0; i < 2; i++) {
    at = readDecimal(text, at + 1, columns[i]!, row, decimals, i);
    if (at === 0 || text[at] !== COMMA) return 0;
  }
  if (columns[0]![row] === 0) return 0;

  // is_buyer_maker, without a branch on what is true half of the time
  const word = text[at + 1]! | (text[at + 2]! << 8) | (text[at + 3]! << 16) | (text[at + 4]! << 24);
  const maker = Number(word === TRUE);
  at += 6 - maker;
  if ((maker | (Number(word === FALS) & Number(text[at - 1] === E))) === 0 || text[at] !== COMMA) return 0;

  // aggregate, first and last trade id
  for (let i = 0; i < 3; i++) {
    at = readInteger(text, at + 1, ids[i]!, row);
    if (at === 0 || text[at] !== COMMA) return 0;
  }
  if (rows.lastId[row]! < rows.firstId[row]!) return 0;

  // quantity without retail price improvement, event time, receive time
  at = skipDecimal(text, at + 1);
  if (at === 0 || text[at] !== COMMA) return 0;
  at = skipToLineFeed(text, at + 1);
  if (at === 0) return 0;

  if (time < target.windowStart || time >= target.windowEnd) {
    if (time < 0 || time >= DAY_MS) return 0;
    events.stray(time);
    return at + 1;
  }
  if (!scaleRow(text, rows, columns, decimals)) return 0;
  rows.time[row] = time;
  rows.maker[row] = maker;
  rows.source[row] = target.source;
  rows.count = row + 1;
  return at + 1;
}
