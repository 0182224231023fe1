import { UsageError } from '../../shared/errors.ts';
import { depthStream, tradeStream } from '../../shared/exchange/wire.ts';
import { DAY_MS, dayStartMs, MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import type { Frame, Source, Trade } from '../source/source.ts';
import { createBooks } from './book.ts';
import { type Listing, listSymbol, type SymbolOptions } from './listing.ts';
import { createFormat } from './text.ts';
import { createTape, type MarketTape } from './trades.ts';

export type MarketOptions = {
  seed: number;
  symbols: readonly (string | SymbolOptions)[];
  /** The streams play `[startMs, endMs)`; over REST the market goes on before and after. */
  startMs: number;
  endMs: number;
  /** One depth20 snapshot of each symbol every so many ms; 100 is the exchange's cadence. */
  depthEveryMs: number;
  /** Mean over the day, for each symbol that does not say otherwise. */
  tradesPerSecond: number;
  /** First day the symbols trade, `YYYY-MM-DD`; 2020-01-01 unless given. */
  listedOn?: string;
};

/** `[startMs, endMs)` of `days` whole UTC days from a `YYYY-MM-DD` day on. */
export function wholeDays(date: string, days = 1): { startMs: number; endMs: number } {
  const startMs = dayStartMs(date);
  return { startMs, endMs: startMs + days * DAY_MS };
}

/**
 * A random market. Everything in it is a function of seed, symbol and time alone, never of what was asked before: the
 * same day is the same in every run, streamed or asked for, and ids go on across midnight.
 */
export function createMarket(options: MarketOptions): Source {
  const { seed, tradesPerSecond, depthEveryMs, listedOn = '2020-01-01' } = options;
  if (depthEveryMs <= 0 || depthEveryMs % 100 !== 0) {
    throw new UsageError(`depth every ${depthEveryMs} ms: snapshots come in steps of 100 ms`);
  }
  const listedDay = dayStartMs(listedOn) / DAY_MS;
  const listings = options.symbols.map((symbol) =>
    listSymbol(typeof symbol === 'string' ? { symbol } : symbol, seed, tradesPerSecond),
  );
  const symbols = listings.map((listing) => ({ listing, tape: createTape(listing, listedDay) }));
  const tapes = new Map(symbols.map(({ listing, tape }) => [listing.instrument.symbol, tape]));
  return {
    instruments: listings.map(({ instrument }) => instrument),
    streams: listings.flatMap(({ instrument: { symbol } }) => [depthStream(symbol), tradeStream(symbol)]),
    startMs: options.startMs,
    endMs: options.endMs,
    frames: () => marketFrames(symbols, options),
    tape: (symbol) => tapes.get(symbol),
  };
}

/** All symbols second by second, so that no more than a second of frames is in memory. */
function* marketFrames(
  symbols: readonly { listing: Listing; tape: MarketTape }[],
  { startMs, endMs, depthEveryMs }: MarketOptions,
): Generator<Frame> {
  const players = symbols.map(({ listing, tape }) => createPlayer(listing, tape, depthEveryMs));
  let atMs = startMs;
  let toMs = startMs;
  while (toMs < endMs) {
    const fromMs = toMs;
    toMs = Math.min(endMs, (Math.floor(fromMs / SECOND_MS) + 1) * SECOND_MS);
    const frames: Frame[] = [];
    for (const play of players) play(fromMs, toMs, frames);
    frames.sort((a, b) => a.atMs - b.atMs);
    for (const frame of frames) {
      // An event of one second may be sent a few ms into the next, after that one's first events.
      atMs = Math.max(atMs, frame.atMs);
      frame.atMs = atMs;
      yield frame;
    }
  }
}

/** Appends a symbol's frames of `[fromMs, toMs)` by `T`, each with its event time `E` as `atMs`. */
type Player = (fromMs: number, toMs: number, frames: Frame[]) => void;

function createPlayer(listing: Listing, tape: MarketTape, depthEveryMs: number): Player {
  const tradeFrame = createTradeFrame(listing);
  const depthFrame = createDepthFrame(listing, depthEveryMs);
  let minute = -1;
  let trades: Trade[] = [];
  let next = 0;
  return (fromMs, toMs, frames) => {
    for (let number = Math.ceil(fromMs / depthEveryMs); number * depthEveryMs < toMs; number++) {
      frames.push(depthFrame(number));
    }
    if (minute !== Math.floor(fromMs / MINUTE_MS)) {
      minute = Math.floor(fromMs / MINUTE_MS);
      trades = tape.minuteTrades(minute);
      next = trades.findIndex((trade) => trade.timeMs >= fromMs);
    }
    for (let trade = trades[next]; trade && trade.timeMs < toMs; trade = trades[++next]) {
      frames.push(tradeFrame(trade));
    }
  };
}

function createTradeFrame({ instrument }: Listing): (trade: Trade) => Frame {
  const { symbol } = instrument;
  const stream = tradeStream(symbol);
  const head = `{"stream":"${stream}","data":{"e":"aggTrade","E":`;
  const price = createFormat(instrument.priceDecimals);
  const quantity = createFormat(instrument.quantityDecimals);
  return (t) => {
    const atMs = eventTime(t.timeMs);
    const q = quantity(t.quantityUnits);
    const nq = quantity(t.quantityNoRpiUnits ?? t.quantityUnits);
    const text = `${head}${atMs},"a":${t.id},"s":"${symbol}","p":"${price(t.priceUnits)}","q":"${q}","nq":"${nq}","f":${t.firstId},"l":${t.lastId},"T":${t.timeMs},"m":${t.isBuyerMaker},"st":1}}`;
    return { stream, atMs, text };
  };
}

function createDepthFrame(listing: Listing, depthEveryMs: number): (number: number) => Frame {
  const { symbol } = listing.instrument;
  const stream = depthStream(symbol);
  const head = `{"stream":"${stream}","data":{"e":"depthUpdate","E":`;
  const bookOf = createBooks(listing, depthEveryMs);
  return (number) => {
    const book = bookOf(number);
    const atMs = eventTime(book.timeMs);
    const text = `${head}${atMs},"T":${book.timeMs},"s":"${symbol}","ps":"${symbol}","U":${book.firstUpdateId},"u":${book.lastUpdateId},"pu":${book.previousUpdateId},"b":${book.bids},"a":${book.asks},"st":1}}`;
    return { stream, atMs, text };
  };
}

/** `E` is 1 to 5 ms after `T`, and never falls while `T` rises: the delay shrinks by 1 ms in 250 at most. */
function eventTime(timeMs: number): number {
  return timeMs + 1 + Math.floor(Math.abs((timeMs % 2000) - 1000) / 250);
}
