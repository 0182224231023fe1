import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { findEdge } from '../../../aggregate-job/witnesses/day-edge.ts';
import type { ExchangeRest } from '../../../shared/exchange/rest.ts';
import type { RestAggTrade } from '../../../shared/exchange/wire.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../shared/time.ts';
import { type Exchange, startExchange } from '../../../simulator/exchange.ts';
import type { Faults } from '../../../simulator/faulty/faults.ts';
import { createMarket } from '../../../simulator/market/market.ts';
import { restAt } from '../job.ts';
import { DAY_AFTER, DAY_BEFORE, DAY_START, quietMarket, tradesOfDay } from '../market-day.ts';

const market = quietMarket();
const [before, day, after] = [DAY_BEFORE, undefined, DAY_AFTER].map((date) => tradesOfDay(market, date));
const midnight = DAY_START + DAY_MS;
const truth = {
  before: { id: day?.at(-1)?.id, timeMs: day?.at(-1)?.T },
  after: { id: after?.[0]?.id, timeMs: after?.[0]?.T },
};

let exchange: Exchange;
let rest: ExchangeRest;
let onAnswer: NonNullable<Faults['onAnswer']>;
let asked: URLSearchParams[];

beforeAll(async () => {
  exchange = await startExchange({
    source: market,
    speed: 'max',
    weightLimit: Number.POSITIVE_INFINITY,
    faults: {
      onAnswer: (request, answer) => {
        asked.push(request.query);
        return onAnswer(request, answer);
      },
    },
  });
});
afterAll(() => exchange.close());
beforeEach(() => {
  rest = restAt(exchange.url);
  asked = [];
  onAnswer = (_, answer) => answer;
});

const edgeAt = (boundaryMs: number, nowMs: number, symbol = 'BTCUSDT') => {
  exchange.setClock(nowMs);
  return findEdge(rest, symbol, boundaryMs, nowMs);
};
const rewrite =
  (isMeant: (query: URLSearchParams) => boolean, change: (rows: RestAggTrade[]) => RestAggTrade[]) =>
  (...[{ query }, answer]: Parameters<NonNullable<Faults['onAnswer']>>) =>
    isMeant(query) ? { ...answer, body: JSON.stringify(change(JSON.parse(answer.body))) } : answer;

describe('the edge of a day', () => {
  it('is found in three questions', async () => {
    expect(await edgeAt(midnight, midnight + HOUR_MS)).toEqual(truth);
    expect(asked).toHaveLength(3);
  });

  it('of the morning is found as well as that of the evening', async () => {
    expect(await edgeAt(DAY_START, midnight + HOUR_MS)).toEqual({
      before: { id: before?.at(-1)?.id, timeMs: before?.at(-1)?.T },
      after: { id: day?.[0]?.id, timeMs: day?.[0]?.T },
    });
  });

  it.each([
    [
      'pages by time are counted from the end',
      rewrite(
        (query) => query.has('endTime'),
        (rows) => rows.slice(-2),
      ),
    ],
    [
      'pages by time are empty',
      rewrite(
        (query) => query.has('startTime'),
        () => [],
      ),
    ],
    [
      'pages by time hold other times than asked for',
      rewrite(
        (query) => query.has('startTime'),
        (rows) => rows.toReversed(),
      ),
    ],
    [
      'pages hold a single row',
      rewrite(
        (query) => query.has('fromId'),
        (rows) => rows.slice(0, 1),
      ),
    ],
  ])('is found where %s', async (_, fault) => {
    onAnswer = fault;
    expect(await edgeAt(midnight, midnight + 5 * HOUR_MS)).toEqual(truth);
  });

  it('has the last trade before it behind the first one after it where their times are swapped', async () => {
    const [last = 0, next = 0] = [truth.before.id, truth.after.id];
    const timeOf = ({ a, T }: RestAggTrade): number =>
      a === last ? midnight + 1 : a === next ? midnight - 2 : T;
    const lie = (rows: RestAggTrade[]): RestAggTrade[] => rows.map((row) => ({ ...row, T: timeOf(row) }));
    const byTime = (rows: RestAggTrade[]): RestAggTrade[] => [
      asRest({ id: last, timeMs: midnight + 1 }),
      ...rows,
    ];
    onAnswer = (request, answer) =>
      request.query.has('startTime')
        ? rewrite(() => true, byTime)(request, answer)
        : rewrite(() => true, lie)(request, answer);
    expect(await edgeAt(midnight, midnight + HOUR_MS)).toEqual({
      before: { id: next, timeMs: midnight - 2 },
      after: { id: last, timeMs: midnight + 1 },
      swapped: [
        { id: last, timeMs: midnight + 1 },
        { id: next, timeMs: midnight - 2 },
      ],
    });
    expect(asked).toHaveLength(3);
  });

  it('is the newest trade where nothing has traded since', async () => {
    const last = truth.before.timeMs ?? 0;
    const boundaryMs = last + 1;
    const nowMs = (truth.after.timeMs ?? 0) - 1;
    expect(nowMs).toBeGreaterThan(boundaryMs);
    expect(await edgeAt(boundaryMs, nowMs)).toEqual({ before: truth.before, after: null });
  });

  it('is not the newest trade where the exchange has a newer one under the next id', async () => {
    onAnswer = rewrite(
      (query) => !query.has('fromId') && !query.has('startTime'),
      () => [{ ...asRest(truth.before), a: (truth.before.id ?? 0) - 1, T: midnight - 2 * MINUTE_MS }],
    );
    expect(await edgeAt(midnight, midnight + HOUR_MS)).toBeUndefined();
  });

  it('is found behind hours without a trade', async () => {
    const sparse = createMarket({
      seed: 5,
      symbols: [{ symbol: 'RAREUSDT', tradesPerSecond: 0.00005 }],
      startMs: DAY_START,
      endMs: midnight,
      depthEveryMs: 1_000,
      tradesPerSecond: 1,
    });
    const rare = await startExchange({ source: sparse, speed: 'max', clockMs: midnight + 20 * HOUR_MS });
    try {
      const tape = sparse.tape('RAREUSDT');
      const index = tape?.indexOfTime(midnight) ?? 0;
      const [last, first] = tape?.slice(index - 1, index + 1) ?? [];
      expect((first?.timeMs ?? 0) - (last?.timeMs ?? 0)).toBeGreaterThan(2 * HOUR_MS);
      expect(await findEdge(restAt(rare.url), 'RAREUSDT', midnight, midnight + 20 * HOUR_MS)).toEqual({
        before: { id: last?.id, timeMs: last?.timeMs },
        after: { id: first?.id, timeMs: first?.timeMs },
      });
    } finally {
      await rare.close();
    }
  });
});

describe('nothing is inferred', () => {
  it('about an edge that is older than 48 hours, or still to come', async () => {
    expect(await edgeAt(DAY_START, DAY_START + 2 * DAY_MS)).toBeUndefined();
    expect(await edgeAt(midnight, midnight - 1)).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('where the trade before midnight is no longer kept', async () => {
    const nowMs = (truth.before.timeMs ?? 0) + 1 + 2 * DAY_MS;
    expect(nowMs - 2 * DAY_MS).toBeLessThan(midnight);
    expect(await edgeAt(midnight, nowMs)).toBeUndefined();
  });

  it('where the exchange has no trades at all', async () => {
    onAnswer = rewrite(
      () => true,
      () => [],
    );
    expect(await edgeAt(midnight, midnight + HOUR_MS)).toBeUndefined();
  });

  it('where looking up by id contradicts looking up by time', async () => {
    onAnswer = rewrite(
      (query) => query.has('fromId'),
      (rows) => rows.map((row) => ({ ...row, T: row.T - 12 * HOUR_MS })),
    );
    const edge = await edgeAt(midnight, midnight + 5 * HOUR_MS);
    expect(edge).toBeUndefined();
  });

  it('about a symbol that the exchange does not know', async () => {
    await expect(edgeAt(midnight, midnight + HOUR_MS, 'GONEUSDT')).rejects.toThrow('aggTrades');
  });
});

function asRest({
  id = 0,
  timeMs = 0,
}: {
  id?: number | undefined;
  timeMs?: number | undefined;
}): RestAggTrade {
  return { a: id, T: timeMs, p: '1', q: '1', f: 1, l: 1, m: true };
}
