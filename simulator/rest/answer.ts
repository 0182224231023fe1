import type { ExchangeClock } from '../source/clock.ts';
import type { Source } from '../source/source.ts';
import { aggTrades } from './agg-trades.ts';
import { exchangeInfo } from './exchange-info.ts';
import type { HttpAnswer, RestRequest } from './http.ts';
import { klines } from './klines.ts';
import type { Market } from './query.ts';
import { Rejection } from './rejection.ts';
import { ticker } from './ticker.ts';
import { createWeightMeter, klinesWeight, type WeightMeter } from './weight.ts';

type Endpoint = {
  weight(query: URLSearchParams): number;
  answer(query: URLSearchParams, market: Market): unknown;
};

export type RestOptions = {
  source: Source;
  clock: ExchangeClock;
  /** Local time, ms: the minutes in which weight is counted. */
  now: () => number;
  /** Weight a minute beyond which the answer is 429. */
  weightLimit: number;
};

/** The exchange's REST side: any request's answer, from the source as it stands at the exchange's clock. */
export function createRest({
  source,
  clock,
  now,
  weightLimit,
}: RestOptions): (request: RestRequest) => HttpAnswer {
  const meter = createWeightMeter(now);
  const endpoints = new Map<string, Endpoint>([
    ['/fapi/v1/aggTrades', { weight: () => 20, answer: aggTrades }],
    [
      '/fapi/v1/klines',
      { weight: (query) => klinesWeight(Number(query.get('limit') ?? 500)), answer: klines },
    ],
    ['/fapi/v1/ticker/24hr', { weight: (query) => (query.has('symbol') ? 1 : 40), answer: ticker }],
    ['/fapi/v1/exchangeInfo', { weight: () => 1, answer: (_, market) => exchangeInfo(market, weightLimit) }],
    ['/fapi/v1/time', { weight: () => 1, answer: (_, { nowMs }) => ({ serverTime: nowMs }) }],
  ]);
  return ({ path, query }) => {
    const endpoint = endpoints.get(path);
    if (!endpoint) return { status: 404, headers: { 'content-type': 'text/html' }, body: 'Not found' };
    const used = meter.add(endpoint.weight(query));
    if (used > weightLimit) return tooMuch(meter, used, weightLimit);
    try {
      return json(200, used, endpoint.answer(query, { source, nowMs: clock.now() }));
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      return json(400, used, { code: error.code, msg: error.message });
    }
  };
}

function tooMuch(meter: WeightMeter, used: number, limit: number): HttpAnswer {
  const msg = `Too many requests; current limit of IP is ${limit} requests per minute.`;
  const { status, headers, body } = json(429, used, { code: -1003, msg });
  return { status, headers: { ...headers, 'retry-after': String(meter.secondsLeft()) }, body };
}

function json(status: number, used: number, value: unknown): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-mbx-used-weight-1m': String(used) },
    body: JSON.stringify(value),
  };
}
