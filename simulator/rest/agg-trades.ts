import { formatUnits } from '../../shared/decimals.ts';
import type { RestAggTrade } from '../../shared/exchange/wire.ts';
import { HOUR_MS } from '../../shared/time.ts';
import type { Instrument, Trade } from '../source/source.ts';
import { type Market, readLimit, readNumber, requireSymbol } from './query.ts';
import { Rejection } from './rejection.ts';

const KEPT_MS = 48 * HOUR_MS;

/**
 * `GET /fapi/v1/aggTrades`. Rows older than 48 h are not kept: times before that give less or nothing, and a `fromId`
 * before it starts at the oldest row there is.
 */
export function aggTrades(query: URLSearchParams, { source, nowMs }: Market): RestAggTrade[] {
  const { instrument, tape } = requireSymbol(query, source);
  const limit = readLimit(query, 1_000);
  const fromId = readNumber(query, 'fromId');
  const { startMs, endMs } = readWindow(query);
  if (fromId !== undefined && (startMs !== undefined || endMs !== undefined)) {
    throw new Rejection(-1128, 'Combination of optional parameters invalid.');
  }
  const oldest = tape.indexOfTime(nowMs - KEPT_MS);
  const newest = tape.indexOfTime(Math.min(endMs ?? nowMs, nowMs) + 1);
  const first = firstRow();
  return tape.slice(first, Math.min(first + limit, newest)).map((trade) => row(trade, instrument));

  function firstRow(): number {
    if (fromId !== undefined) return Math.max(oldest, tape.indexOfId(fromId));
    if (startMs !== undefined) return Math.max(oldest, tape.indexOfTime(startMs));
    return Math.max(oldest, newest - limit);
  }
}

function readWindow(query: URLSearchParams): { startMs: number | undefined; endMs: number | undefined } {
  const startMs = readNumber(query, 'startTime');
  const endMs = readNumber(query, 'endTime');
  if (startMs !== undefined && endMs !== undefined) {
    if (startMs > endMs) throw new Rejection(-1023, 'Start time is greater than end time.');
    if (endMs - startMs >= HOUR_MS) {
      throw new Rejection(-1127, 'More than 1 hours between startTime and endTime.');
    }
  }
  return { startMs, endMs };
}

function row(trade: Trade, { priceDecimals, quantityDecimals }: Instrument): RestAggTrade {
  const nq = trade.quantityNoRpiUnits;
  return {
    a: trade.id,
    p: formatUnits(trade.priceUnits, priceDecimals),
    q: formatUnits(trade.quantityUnits, quantityDecimals),
    ...(nq === undefined ? {} : { nq: formatUnits(nq, quantityDecimals) }),
    f: trade.firstId,
    l: trade.lastId,
    T: trade.timeMs,
    m: trade.isBuyerMaker,
  };
}
