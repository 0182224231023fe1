// The hot loop over snapshots: up to 864,000 rows of about a kilobyte a symbol-day, of which only the first level of each
// side counts. So the row is read from its front (time, best bid), the end of the bids is found by a search in native
// code, the best ask is read, and the row's end behind another one; the deeper levels are never looked at. What is
// not exactly of the shape our recorder writes goes to `odd`, as in scan-trades.ts.
//
// Tried in vain: to guess the end of a side from the length of the row before. It saves the search, but a stray quote among
// the deeper levels would go unseen.

// biome-ignore-all lint/style/noNonNullAssertion: every index is in bounds, the text ends with a line feed

import { MAX_ROW_BYTES, MAX_WINDOW_SNAPSHOTS } from '../../shared/limits.ts';
import { type DepthRows, reserveDepth } from '../rows/depth-rows.ts';
import { type Numerals, numerals, readDecimal, readInteger, scaleRow, skipToLineFeed } from './fields.ts';
import type { ScanEvents, ScanTarget } from './scan-trades.ts';

const COMMA = 0x2c;
const QUOTE = 0x22;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const LINE_FEED = 0x0a;

const TIME_DIGITS = 13;
const DAY_MS = 86_400_000;
/** No row is shorter than 2^4 bytes, which tells how many rows a text can hold. */
const SHORTEST_ROW_BITS = 4;

/** Reads the rows of a depth chunk, from the byte behind its header, into `rows`; otherwise as `scanTrades`. */
export function scanDepth(
  text: Buffer,
  from: number,
  target: ScanTarget,
  rows: DepthRows,
  events: ScanEvents,
): number {
  const decimals = numerals(4);
  const mostRows = (text.length - from) >> SHORTEST_ROW_BITS;
  reserveDepth(rows, Math.min(mostRows, MAX_WINDOW_SNAPSHOTS - rows.count) + 1);
  const columns = [
    rows.bidPrice.values,
    rows.bidQuantity.values,
    rows.askPrice.values,
    rows.askQuantity.values,
  ];
  let lines = 0;
  for (let at = from; at < text.length; ) {
    lines++;
    const next = readRow(text, at, target, rows, columns, decimals, events);
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
  rows: DepthRows,
  columns: readonly Float64Array[],
  decimals: Numerals,
  events: ScanEvents,
): number {
  const row = rows.count;
  let at = readInteger(text, start, rows.updateId, row);
  if (at - start !== TIME_DIGITS || text[at] !== COMMA) return 0;
  const time = rows.updateId[row]! - target.dayStartMs;

  at = readBest(text, at + 1, columns, row, decimals, 0);
  if (at === 0) return 0;
  at = readBest(text, at, columns, row, decimals, 2);
  if (at === 0) return 0;

  at = readInteger(text, at, rows.updateId, row);
  if (at === 0 || text[at] !== COMMA) return 0;

  at = skipToLineFeed(text, at + 1);
  // the searches for the ends of the sides may have run into the next line
  if (at === 0 || text.indexOf(LINE_FEED, start) !== at || at - start > MAX_ROW_BYTES) return 0;

  if (time < target.windowStart || time >= target.windowEnd) {
    if (time < 0 || time >= DAY_MS) return 0;
    events.stray(time);
    return at + 1;
  }
  if (!scaleRow(text, rows, columns, decimals)) return 0;
  rows.time[row] = time;
  rows.oneSided[row] = 0;
  rows.source[row] = target.source;
  rows.count = row + 1;
  return at + 1;
}

/**
 * Reads `"[[price,quantity]...]]",`: the best level into columns `side` and `side + 1`, the other levels unseen. The place
 * behind it, or 0 where something else stands there.
 */
function readBest(
  text: Buffer,
  start: number,
  columns: readonly Float64Array[],
  row: number,
  decimals: Numerals,
  side: 0 | 2,
): number {
  if (text[start] !== QUOTE || text[start + 1] !== OPEN || text[start + 2] !== OPEN) return 0;
  const prices = columns[side]!;
  const quantities = columns[side + 1]!;
  let at = readDecimal(text, start + 3, prices, row, decimals, side);
  if (at === 0 || text[at] !== COMMA || prices[row] === 0) return 0;
  at = readDecimal(text, at + 1, quantities, row, decimals, side + 1);
  if (at === 0 || text[at] !== CLOSE || quantities[row] === 0) return 0;
  return endOfSide(text, at);
}

/** From behind the best level to behind the side's closing quote and comma; 0 where what lies between is no array of levels. */
function endOfSide(text: Buffer, start: number): number {
  const isLast = text[start + 1] === CLOSE && text[start + 2] === QUOTE;
  const goesOn = text[start + 1] === COMMA && text[start + 2] === OPEN;
  if (!isLast && !goesOn) return 0;
  const quote = text.indexOf(QUOTE, start);
  const isEnd =
    quote >= 0 && text[quote - 1] === CLOSE && text[quote - 2] === CLOSE && text[quote + 1] === COMMA;
  return isEnd ? quote + 2 : 0;
}
