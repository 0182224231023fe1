import { parseDecimal, unitsAt } from '../../shared/decimals.ts';
import type { AggTradeEvent } from '../../shared/exchange/wire.ts';
import { assetsOf, firstIndex, type Instrument, type Tape, type Trade } from '../source/source.ts';

/** The recorded trades of one symbol: its instrument, with the digits seen in them, and its tape. */
export function tapeOfEvents(
  symbol: string,
  events: readonly AggTradeEvent[],
): { instrument: Instrument; tape: Tape } {
  const priceDecimals = mostPlaces(events.map(({ p }) => p));
  const quantityDecimals = mostPlaces(events.map(({ q }) => q));
  const trades = events
    .map((event) => tradeOf(event, priceDecimals, quantityDecimals))
    .sort((a, b) => a.id - b.id)
    .filter((trade, i, sorted) => trade.id !== sorted[i - 1]?.id);
  return {
    instrument: { symbol, ...assetsOf(symbol), priceDecimals, quantityDecimals, tickUnits: 1 },
    tape: {
      indexOfId: (id) => firstIndex(trades.length, (i) => (trades[i]?.id ?? 0) >= id),
      indexOfTime: (timeMs) => firstIndex(trades.length, (i) => (trades[i]?.timeMs ?? 0) >= timeMs),
      slice: (from, to) => trades.slice(Math.max(0, from), Math.max(0, to)),
    },
  };
}

function tradeOf(
  { a, T, p, q, nq, f, l, m }: AggTradeEvent,
  priceDecimals: number,
  quantityDecimals: number,
): Trade {
  return {
    id: a,
    timeMs: T,
    priceUnits: unitsOf(p, priceDecimals),
    quantityUnits: unitsOf(q, quantityDecimals),
    quantityNoRpiUnits: nq === undefined ? undefined : unitsOf(nq, quantityDecimals),
    firstId: f,
    lastId: l,
    isBuyerMaker: m,
  };
}

function unitsOf(text: string, places: number): number {
  const decimal = parseDecimal(text);
  if (!decimal) throw new Error(`read recorded trade: ${text} is no decimal`);
  return Number(unitsAt(decimal, places));
}

function mostPlaces(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, parseDecimal(text)?.places ?? 0), 0);
}
