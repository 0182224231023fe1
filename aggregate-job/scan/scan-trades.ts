// The hot loop over trades: about two million rows a symbol-day. It reads bytes, never strings, and writes numbers into
// typed arrays. A row that has exactly the shape our recorder writes is taken here; every other row, good or bad, goes
// to `odd`, which reads it with a real CSV parser and knows every rule. So speed lives here and judgement lives there.
//
// What makes it fast: one pass, no calls, no objects; digits are added up as they are met. One long function, because the
// cursor must stay in a register.

// biome-ignore-all lint/style/noNonNullAssertion: every index is in bounds, the text ends with a line feed
// biome-ignore-all lint/suspicious/noConfusingLabels: one way out of a row that does not fit, without a call

import { growScale } from './scaled-rows.ts';
import { reserveTrades, type TradeRows } from './trade-rows.ts';

const ZERO = 0x30;
const NINE = 0x39;
const COMMA = 0x2c;
const POINT = 0x2e;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Up to this many digits are exact in a double. */
const MAX_DIGITS = 15;
/** No good row is shorter, so a text holds at most its length / this many and no array grows in the loop. */
const SHORTEST_ROW = 32;

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
 * Reads the rows of a trades chunk, from the byte behind its header, into `rows`. `text` ends with a line feed.
 * Returns the number of lines read, empty ones included.
 */
export function scanTrades(
  text: Uint8Array,
  from: number,
  target: ScanTarget,
  rows: TradeRows,
  events: ScanEvents,
): number {
  const { dayStartMs, windowStart, windowEnd, source } = target;
  const end = text.length;
  reserveTrades(rows, Math.ceil((end - from) / SHORTEST_ROW));
  const { id: ids, time: times, firstId, lastId, maker: makers, source: sources } = rows;
  const prices = rows.price.values;
  const quantities = rows.quantity.values;
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

      let field = ++at;
      let price = 0;
      let point = 0;
      for (c = text[at]!; (c >= ZERO && c <= NINE) || (c === POINT && point === 0); c = text[++at]!) {
        if (c === POINT) point = at;
        else price = price * 10 + (c - ZERO);
      }
      if (c !== COMMA || at - field > MAX_DIGITS || point === field || point === at - 1 || price === 0)
        break take;
      const pricePlaces = point === 0 ? 0 : at - point - 1;
      const pricePoint = point === 0 ? at : point;
      const priceEnd = at;

      field = ++at;
      let quantity = 0;
      point = 0;
      for (c = text[at]!; (c >= ZERO && c <= NINE) || (c === POINT && point === 0); c = text[++at]!) {
        if (c === POINT) point = at;
        else quantity = quantity * 10 + (c - ZERO);
      }
      if (c !== COMMA || at === field || at - field > MAX_DIGITS || point === field || point === at - 1)
        break take;
      const quantityPlaces = point === 0 ? 0 : at - point - 1;
      const quantityPoint = point === 0 ? at : point;
      const quantityEnd = at;

      // "true," or "false,"
      let maker = 0;
      if (text[at + 1] === 0x74 && text[at + 2] === 0x72 && text[at + 3] === 0x75 && text[at + 4] === 0x65) {
        maker = 1;
        at += 5;
      } else if (
        text[at + 1] === 0x66 &&
        text[at + 2] === 0x61 &&
        text[at + 3] === 0x6c &&
        text[at + 4] === 0x73 &&
        text[at + 5] === 0x65
      ) {
        at += 6;
      } else break take;
      if (text[at] !== COMMA) break take;

      field = ++at;
      let id = 0;
      for (c = text[at]!; c >= ZERO && c <= NINE; c = text[++at]!) id = id * 10 + (c - ZERO);
      if (c !== COMMA || at === field || at - field > MAX_DIGITS) break take;

      field = ++at;
      let first = 0;
      for (c = text[at]!; c >= ZERO && c <= NINE; c = text[++at]!) first = first * 10 + (c - ZERO);
      if (c !== COMMA || at === field || at - field > MAX_DIGITS) break take;

      field = ++at;
      let last = 0;
      for (c = text[at]!; c >= ZERO && c <= NINE; c = text[++at]!) last = last * 10 + (c - ZERO);
      if (c !== COMMA || at === field || at - field > MAX_DIGITS || last < first) break take;

      // quantity without retail price improvement: empty or a decimal
      field = ++at;
      point = 0;
      for (c = text[at]!; (c >= ZERO && c <= NINE) || (c === POINT && point === 0); c = text[++at]!) {
        if (c === POINT) point = at;
      }
      if (c !== COMMA || point === field || (point !== 0 && point === at - 1)) break take;

      // event time and receive time: empty or digits
      for (c = text[++at]!; c >= ZERO && c <= NINE; ) c = text[++at]!;
      if (c !== COMMA) break take;
      for (c = text[++at]!; c >= ZERO && c <= NINE; ) c = text[++at]!;
      if (c === CARRIAGE_RETURN) c = text[++at]!;
      if (c !== LINE_FEED) break take;

      const time = timestamp - dayStartMs;
      if (time < windowStart || time >= windowEnd) {
        if (time < 0 || time >= 86_400_000) break take;
        events.stray(time);
        at++;
        continue;
      }

      if (pricePlaces !== rows.scale.price) {
        if (pricePlaces > rows.scale.price) growScale(rows, 'price', pricePlaces);
        else price *= 10 ** (rows.scale.price - pricePlaces);
        if (!(price <= Number.MAX_SAFE_INTEGER)) break take;
      }
      if (quantityPlaces !== rows.scale.quantity) {
        if (quantityPlaces > rows.scale.quantity) growScale(rows, 'quantity', quantityPlaces);
        else quantity *= 10 ** (rows.scale.quantity - quantityPlaces);
        if (!(quantity <= Number.MAX_SAFE_INTEGER)) break take; // not even 0 x infinity passes
      }
      // trailing zeros do not count as places; only digits beyond those already counted are looked at
      for (let i = pricePoint + 1 + rows.places.price; i < priceEnd; i++) {
        if (text[i] !== ZERO) rows.places.price = i - pricePoint;
      }
      for (let i = quantityPoint + 1 + rows.places.quantity; i < quantityEnd; i++) {
        if (text[i] !== ZERO) rows.places.quantity = i - quantityPoint;
      }

      const row = rows.count++;
      ids[row] = id;
      times[row] = time;
      prices[row] = price;
      quantities[row] = quantity;
      firstId[row] = first;
      lastId[row] = last;
      makers[row] = maker;
      sources[row] = source;
      at++;
      continue;
    }
    while (text[at] !== LINE_FEED) at++;
    events.odd(start, at, lines + 1);
    at++;
  }
  return lines;
}
