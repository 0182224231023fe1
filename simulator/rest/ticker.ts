import { formatUnits } from '../../shared/decimals.ts';
import { DAY_MS } from '../../shared/time.ts';
import type { Instrument, Tape } from '../source/source.ts';
import { type Market, requireSymbol } from './query.ts';

/** A row of `ticker/24hr`: the exchange's fields, without the sums and extremes over the whole day. */
export type RestTicker = {
  symbol: string;
  priceChange: string;
  lastPrice: string;
  lastQty: string;
  openPrice: string;
  openTime: number;
  closeTime: number;
  /** Single-trade ids: `lastId` is the `l` of the newest aggregated trade. */
  firstId: number;
  lastId: number;
  count: number;
};

/** `GET /fapi/v1/ticker/24hr`: one symbol, or all of them. */
export function ticker(query: URLSearchParams, market: Market): RestTicker | RestTicker[] {
  const { source, nowMs } = market;
  if (query.has('symbol')) {
    const { instrument, tape } = requireSymbol(query, source);
    return row(instrument, tape, nowMs);
  }
  return source.instruments.flatMap((instrument) => {
    const tape = source.tape(instrument.symbol);
    return tape ? [row(instrument, tape, nowMs)] : [];
  });
}

function row({ symbol, priceDecimals, quantityDecimals }: Instrument, tape: Tape, nowMs: number): RestTicker {
  const end = tape.indexOfTime(nowMs + 1);
  const start = tape.indexOfTime(nowMs - DAY_MS);
  const [last] = tape.slice(end - 1, end);
  // A day without trades still tells the last one there was, as the exchange does.
  const first = start < end ? tape.slice(start, start + 1)[0] : last;
  const [firstUnits, lastUnits] = [first?.priceUnits ?? 0, last?.priceUnits ?? 0];
  return {
    symbol,
    priceChange: formatUnits(lastUnits - firstUnits, priceDecimals),
    lastPrice: formatUnits(lastUnits, priceDecimals),
    lastQty: formatUnits(last?.quantityUnits ?? 0, quantityDecimals),
    openPrice: formatUnits(firstUnits, priceDecimals),
    openTime: nowMs - DAY_MS,
    closeTime: nowMs,
    firstId: first?.firstId ?? 0,
    lastId: last?.lastId ?? 0,
    count: first && last ? last.lastId - first.firstId + 1 : 0,
  };
}
