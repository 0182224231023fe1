import { DAY_MS, dayStartMs, MINUTE_MS } from '../../shared/time.ts';

/** What a symbol trades and how its numbers are written. Units are integers: a price of `63943.90` with 2 decimals is 6394390 units. */
export type Instrument = {
  symbol: string;
  baseAsset: string;
  quoteAsset: string;
  priceDecimals: number;
  quantityDecimals: number;
  /** Smallest price step, in price units. */
  tickUnits: number;
};

/** One row of the aggregated tape. */
export type Trade = {
  id: number;
  timeMs: number;
  priceUnits: number;
  quantityUnits: number;
  /** Quantity without retail-price-improvement orders; undefined where the exchange did not say it yet. */
  quantityNoRpiUnits: number | undefined;
  firstId: number;
  lastId: number;
  isBuyerMaker: boolean;
};

/** A combined-stream frame exactly as it is sent. `atMs` is the exchange time of sending: it never falls within a source. */
export type Frame = { stream: string; atMs: number; text: string };

/** All trades of a symbol in order of id. An index counts from the symbol's first trade. */
export type Tape = {
  /** Index of the first trade whose id is `id` or larger. */
  indexOfId(id: number): number;
  /** Index of the first trade at or after `timeMs`. */
  indexOfTime(timeMs: number): number;
  /** The trades of the indices `from` (included) to `to` (excluded), as far as there are any. */
  slice(from: number, to: number): Trade[];
};

/** What a simulated exchange plays: every frame once over its streams, and every trade at any time over REST. */
export type Source = {
  instruments: readonly Instrument[];
  /** The streams that `frames` speaks of, in lower case as subscribed. */
  streams: readonly string[];
  /** Exchange time of the first frame, and one past the last. */
  startMs: number;
  endMs: number;
  /** Every frame in order of sending, made as it is asked for. Each call starts anew. */
  frames(): Iterable<Frame>;
  /** The tape of a symbol; undefined for one that is not listed. */
  tape(symbol: string): Tape | undefined;
};

/** Every trade of a symbol on a `YYYY-MM-DD` day, in order of id: the truth a recording is compared with. */
export function* tradesOf(source: Source, symbol: string, date: string): Generator<Trade> {
  const tape = source.tape(symbol);
  if (!tape) throw new Error(`read trades of ${symbol}: not listed by this source`);
  const dayMs = dayStartMs(date);
  // Minute by minute, since a whole day may be millions of trades.
  for (let minuteMs = dayMs; minuteMs < dayMs + DAY_MS; minuteMs += MINUTE_MS) {
    yield* tape.slice(tape.indexOfTime(minuteMs), tape.indexOfTime(minuteMs + MINUTE_MS));
  }
}

const QUOTE_ASSETS = ['USDT', 'USDC', 'FDUSD', 'BUSD', 'USD1', 'BTC', 'ETH', 'BNB'];

/** The two assets of a symbol as the exchange names them: `1000PEPEUSDT` is `1000PEPE` in `USDT`. */
export function assetsOf(symbol: string): { baseAsset: string; quoteAsset: string } {
  const quoteAsset = QUOTE_ASSETS.find((quote) => symbol.endsWith(quote) && symbol !== quote) ?? '';
  return { baseAsset: symbol.slice(0, symbol.length - quoteAsset.length), quoteAsset };
}

/** Index of the first of `length` entries at which `isReached` holds; it must hold for every later one too. */
export function firstIndex(length: number, isReached: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isReached(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
