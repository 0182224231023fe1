import { formatUnits } from '../../shared/decimals.ts';
import type { RestKline } from '../../shared/exchange/wire.ts';
import { MINUTE_MS } from '../../shared/time.ts';
import type { Instrument, Tape, Trade } from '../source/source.ts';
import { type Market, readLimit, readNumber, requireSymbol } from './query.ts';
import { Rejection } from './rejection.ts';

/**
 * `GET /fapi/v1/klines`, interval 1m: from a symbol's first trade to the running minute, both included. A minute without
 * a trade is flat at the close before.
 */
export function klines(query: URLSearchParams, { source, nowMs }: Market): RestKline[] {
  const { instrument, tape } = requireSymbol(query, source);
  if (query.get('interval') !== '1m') throw new Rejection(-1120, 'Invalid interval.');
  const limit = readLimit(query, 1_500);
  const startMs = readNumber(query, 'startTime');
  const endMs = Math.min(readNumber(query, 'endTime') ?? nowMs, nowMs);
  const [firstTrade] = tape.slice(0, 1);
  if (!firstTrade || firstTrade.timeMs > endMs) return [];
  const firstMinute = Math.floor(firstTrade.timeMs / MINUTE_MS);
  const lastMinute = Math.floor(endMs / MINUTE_MS);
  const fromMinute =
    startMs === undefined
      ? Math.max(firstMinute, lastMinute - limit + 1)
      : Math.max(firstMinute, Math.ceil(startMs / MINUTE_MS));
  return minutes(tape, instrument, fromMinute, Math.min(lastMinute, fromMinute + limit - 1), nowMs);
}

function minutes(tape: Tape, instrument: Instrument, from: number, to: number, nowMs: number): RestKline[] {
  const rows: RestKline[] = [];
  let start = tape.indexOfTime(from * MINUTE_MS);
  let closeUnits = tape.slice(start - 1, start)[0]?.priceUnits ?? 0;
  for (let minute = from; minute <= to; minute++) {
    const end = tape.indexOfTime(Math.min((minute + 1) * MINUTE_MS, nowMs + 1));
    const trades = tape.slice(start, end);
    rows.push(kline(minute * MINUTE_MS, trades, closeUnits, instrument));
    closeUnits = trades.at(-1)?.priceUnits ?? closeUnits;
    start = end;
  }
  return rows;
}

function kline(
  openMs: number,
  trades: readonly Trade[],
  closeBefore: number,
  instrument: Instrument,
): RestKline {
  const { priceDecimals, quantityDecimals } = instrument;
  const prices = trades.length > 0 ? trades.map(({ priceUnits }) => priceUnits) : [closeBefore];
  const takerBuys = trades.filter(({ isBuyerMaker }) => !isBuyerMaker);
  const price = (units: number): string => formatUnits(units, priceDecimals);
  const base = (units: bigint): string => formatUnits(units, quantityDecimals);
  const quote = (units: bigint): string => formatUnits(units, priceDecimals + quantityDecimals);
  return [
    openMs,
    price(prices[0] ?? closeBefore),
    price(prices.reduce((most, units) => Math.max(most, units))),
    price(prices.reduce((least, units) => Math.min(least, units))),
    price(prices.at(-1) ?? closeBefore),
    base(volume(trades)),
    openMs + MINUTE_MS - 1,
    quote(quoteVolume(trades)),
    trades.reduce((count, { firstId, lastId }) => count + lastId - firstId + 1, 0),
    base(volume(takerBuys)),
    quote(quoteVolume(takerBuys)),
    '0',
  ];
}

function volume(trades: readonly Trade[]): bigint {
  return trades.reduce((sum, { quantityUnits }) => sum + BigInt(quantityUnits), 0n);
}

function quoteVolume(trades: readonly Trade[]): bigint {
  return trades.reduce(
    (sum, { priceUnits, quantityUnits }) => sum + BigInt(priceUnits) * BigInt(quantityUnits),
    0n,
  );
}
