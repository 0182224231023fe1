// The hot loop over snapshots: up to 864,000 rows of about a kilobyte a symbol-day, of which only the first level of each
// side counts. So the row is read from its front (time, best bid), the end of the bids is found by a search in native
// code, the best ask is read, and the line's end is found by another; the deeper levels are never looked at. What is
// not exactly of the shape our recorder writes goes to `odd`, as in scan-trades.ts.

// biome-ignore-all lint/style/noNonNullAssertion: every index is in bounds, the text ends with a line feed
// biome-ignore-all lint/suspicious/noConfusingLabels: one way out of a row that does not fit, without a call

import { type DepthRows, reserveDepth } from './depth-rows.ts';
import { growScale } from './scaled-rows.ts';
import type { ScanEvents, ScanTarget } from './scan-trades.ts';

const ZERO = 0x30;
const NINE = 0x39;
const COMMA = 0x2c;
const POINT = 0x2e;
const QUOTE = 0x22;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Up to this many digits are exact in a double. */
const MAX_DIGITS = 15;
const MAX = Number.MAX_SAFE_INTEGER;
/** No good row is shorter (`[]` without quotes on both sides), so a text holds at most its length / this many and no array grows in the loop. */
const SHORTEST_ROW = 24;

/** One number of a level: its digits as an integer, and how many of them stand behind the point. */
type Numeral = { value: number; places: number; end: number };

/** Reads the rows of a depth chunk, from the byte behind its header, into `rows`; otherwise as `scanTrades`. */
export function scanDepth(
  text: Buffer,
  from: number,
  target: ScanTarget,
  rows: DepthRows,
  events: ScanEvents,
): number {
  const { dayStartMs, windowStart, windowEnd, source } = target;
  const end = text.length;
  reserveDepth(rows, Math.ceil((end - from) / SHORTEST_ROW));
  const { time: times, updateId: updateIds, oneSided, source: sources } = rows;
  const bidPrice: Numeral = { value: 0, places: 0, end: 0 };
  const bidQuantity: Numeral = { value: 0, places: 0, end: 0 };
  const askPrice: Numeral = { value: 0, places: 0, end: 0 };
  const askQuantity: Numeral = { value: 0, places: 0, end: 0 };
  let at = from;
  let lines = 0;

  while (at < end) {
    const start = at;
    lines++;
    take: {
      let c = text[at]!;
      let timestamp = 0;
      for (; c >= ZERO && c <= NINE; c = text[++at]!) timestamp = timestamp * 10 + (c - ZERO);
      if (c !== COMMA || at - start !== 13) break take;

      at = readLevel(text, at + 1, bidPrice, bidQuantity);
      if (at < 0) break take;
      at = endOfSide(text, at);
      if (at < 0) break take;

      at = readLevel(text, at, askPrice, askQuantity);
      if (at < 0) break take;
      at = endOfSide(text, at);
      if (at < 0) break take;

      const field = at;
      let updateId = 0;
      for (c = text[at]!; c >= ZERO && c <= NINE; c = text[++at]!) updateId = updateId * 10 + (c - ZERO);
      if (c !== COMMA || at === field || at - field > MAX_DIGITS) break take;

      // event time and receive time: empty or digits
      for (c = text[++at]!; c >= ZERO && c <= NINE; ) c = text[++at]!;
      if (c !== COMMA) break take;
      for (c = text[++at]!; c >= ZERO && c <= NINE; ) c = text[++at]!;
      if (c === CARRIAGE_RETURN) c = text[++at]!;
      // the searches for the ends of the sides may have run into the next line
      if (c !== LINE_FEED || text.indexOf(LINE_FEED, start) !== at) break take;

      const time = timestamp - dayStartMs;
      if (time < windowStart || time >= windowEnd) {
        if (time < 0 || time >= 86_400_000) break take;
        events.stray(time);
        at++;
        continue;
      }

      makeFit(rows, text, 'price', bidPrice);
      makeFit(rows, text, 'price', askPrice);
      makeFit(rows, text, 'quantity', bidQuantity);
      makeFit(rows, text, 'quantity', askQuantity);
      // only now is the scale of all four settled
      const bid = unitsAt(bidPrice, rows.scale.price);
      const ask = unitsAt(askPrice, rows.scale.price);
      const bidSize = unitsAt(bidQuantity, rows.scale.quantity);
      const askSize = unitsAt(askQuantity, rows.scale.quantity);
      if (bid > MAX || ask > MAX || bidSize > MAX || askSize > MAX) break take;

      const row = rows.count++;
      times[row] = time;
      updateIds[row] = updateId;
      oneSided[row] = 0;
      sources[row] = source;
      rows.bidPrice.values[row] = bid;
      rows.askPrice.values[row] = ask;
      rows.bidQuantity.values[row] = bidSize;
      rows.askQuantity.values[row] = askSize;
      at++;
      continue;
    }
    at = text.indexOf(LINE_FEED, start);
    events.odd(start, at, lines + 1);
    at++;
  }
  return lines;
}

/** Reads `"[[price,quantity]` at `at`; the place behind it, or -1 where that is not what stands there. */
function readLevel(text: Buffer, at: number, price: Numeral, quantity: Numeral): number {
  if (text[at] !== QUOTE || text[at + 1] !== OPEN || text[at + 2] !== OPEN) return -1;
  if (!readNumeral(text, at + 3, price) || text[price.end] !== COMMA || price.value === 0) return -1;
  if (!readNumeral(text, price.end + 1, quantity) || text[quantity.end] !== CLOSE || quantity.value === 0)
    return -1;
  return quantity.end + 1;
}

/** From behind the best level to behind the side's closing quote and comma; -1 where what lies between is no array of levels. */
function endOfSide(text: Buffer, at: number): number {
  if (text[at] === CLOSE ? text[at + 1] !== QUOTE : text[at] !== COMMA || text[at + 1] !== OPEN) return -1;
  const quote = text.indexOf(QUOTE, at);
  if (quote < 0 || text[quote - 1] !== CLOSE || text[quote - 2] !== CLOSE || text[quote + 1] !== COMMA)
    return -1;
  return quote + 2;
}

function readNumeral(text: Buffer, start: number, numeral: Numeral): boolean {
  let at = start;
  let value = 0;
  let point = 0;
  for (let c = text[at]!; (c >= ZERO && c <= NINE) || (c === POINT && point === 0); c = text[++at]!) {
    if (c === POINT) point = at;
    else value = value * 10 + (c - ZERO);
  }
  numeral.value = value;
  numeral.end = at;
  numeral.places = point === 0 ? 0 : at - point - 1;
  return at > start && at - start <= MAX_DIGITS && point !== start && (point === 0 || point < at - 1);
}

/** Brings the rows to a scale at which the numeral is an integer. */
function makeFit(rows: DepthRows, text: Buffer, name: 'price' | 'quantity', { places, end }: Numeral): void {
  if (places > rows.scale[name]) growScale(rows, name, places);
  // trailing zeros do not count as places; only digits beyond those already counted are looked at
  for (let place = rows.places[name] + 1; place <= places; place++) {
    if (text[end - places + place - 1] !== ZERO) rows.places[name] = place;
  }
}

/** The numeral as an integer at the scale, which has no fewer places; exact up to {@link MAX}. */
function unitsAt({ value, places }: Numeral, scale: number): number {
  return places === scale ? value : value * 10 ** (scale - places);
}
