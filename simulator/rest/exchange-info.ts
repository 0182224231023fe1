import { formatUnits } from '../../shared/decimals.ts';
import type { Instrument } from '../source/source.ts';
import type { Market } from './query.ts';

/** `GET /fapi/v1/exchangeInfo`: every symbol of the source as a perpetual that trades. */
export function exchangeInfo({ source, nowMs }: Market, weightLimit: number): object {
  return {
    timezone: 'UTC',
    serverTime: nowMs,
    rateLimits: [{ rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: weightLimit }],
    exchangeFilters: [],
    symbols: source.instruments.map(describe),
  };
}

function describe({
  symbol,
  baseAsset,
  quoteAsset,
  priceDecimals,
  quantityDecimals,
  tickUnits,
}: Instrument): object {
  const lot = formatUnits(1, quantityDecimals);
  return {
    symbol,
    pair: symbol,
    contractType: 'PERPETUAL',
    status: 'TRADING',
    baseAsset,
    quoteAsset,
    marginAsset: quoteAsset,
    pricePrecision: priceDecimals,
    quantityPrecision: quantityDecimals,
    filters: [
      { filterType: 'PRICE_FILTER', tickSize: formatUnits(tickUnits, priceDecimals) },
      { filterType: 'LOT_SIZE', stepSize: lot, minQty: lot },
    ],
  };
}
