import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ExchangeError } from '../../../shared/exchange/request.ts';
import { type ExchangeRest, exchangeRest } from '../../../shared/exchange/rest.ts';
import { DAY_MS, MINUTE_MS } from '../../../shared/time.ts';
import { type Exchange, startExchange } from '../../../simulator/exchange.ts';
import { createMarket, wholeDays } from '../../../simulator/market/market.ts';
import type { HttpAnswer } from '../../../simulator/rest/http.ts';
import { fakeClock } from '../fake-clock.ts';

const symbol = 'BTCUSDT';
const source = createMarket({
  seed: 1,
  symbols: [symbol, 'ETHUSDT'],
  ...wholeDays('2024-07-18'),
  depthEveryMs: 1_000,
  tradesPerSecond: 0.05,
});
const NOW = source.startMs + DAY_MS;

let exchange: Exchange;
let clock: ReturnType<typeof fakeClock>;
/** Times (ms) at which the exchange was asked, and what it says instead of an answer. */
let askedAt: number[];
let instead: (answer: HttpAnswer) => HttpAnswer | 'cut';

beforeAll(async () => {
  exchange = await startExchange({
    source,
    speed: 'max',
    clockMs: NOW,
    weightLimit: Number.POSITIVE_INFINITY,
    faults: {
      onAnswer: (_, answer) => {
        askedAt.push(clock.now());
        return instead(answer);
      },
    },
  });
});
afterAll(() => exchange.close());
beforeEach(() => {
  clock = fakeClock();
  askedAt = [];
  instead = (answer) => answer;
});

function rest(options: { weightShare?: number; baseUrl?: string; deadlineMs?: number } = {}): ExchangeRest {
  return exchangeRest({ baseUrl: exchange.url, clock, random: () => 0.5, weightShare: 1, ...options });
}

const refusal = (status: number, headers = {}): HttpAnswer => ({ status, headers, body: 'no' });
const errorOf = async (asking: Promise<unknown>): Promise<ExchangeError> => {
  const error = await asking.then(
    () => undefined,
    (thrown) => thrown,
  );
  if (error instanceof ExchangeError) return error;
  throw new Error('the exchange answered');
};

describe('the answers of the exchange', () => {
  it('are read in its own shapes', async () => {
    const asked = rest();
    expect(await asked.time()).toBe(NOW);
    expect(await asked.aggTrades({ symbol, limit: 2 })).toEqual([
      expect.objectContaining({ a: expect.any(Number), p: expect.any(String), m: expect.any(Boolean) }),
      expect.objectContaining({ T: expect.any(Number) }),
    ]);
    expect(await asked.klines({ symbol, startTime: NOW - DAY_MS, endTime: NOW - 1 })).toHaveLength(1_440);
    expect([...(await asked.lastTradeIds()).keys()]).toEqual([symbol, 'ETHUSDT']);
    expect((await asked.symbols()).map((info) => info.symbol)).toEqual([symbol, 'ETHUSDT']);
  });

  it.each([
    ['an object', '{"code":-1}'],
    ['a row without a price', '[{"a":1,"q":"1","f":1,"l":1,"T":1,"m":true}]'],
    ['a price that is no decimal', '[{"a":1,"p":"1e3","q":"1","f":1,"l":1,"T":1,"m":true}]'],
    ['an id beyond integers', '[{"a":1e99,"p":"1","q":"1","f":1,"l":1,"T":1,"m":true}]'],
  ])('are refused where they have another form: %s', async (_, body) => {
    instead = (answer) => ({ ...answer, body });
    expect((await errorOf(rest().aggTrades({ symbol }))).kind).toBe('failed');
  });
});

describe('patience', () => {
  it('grows from half a second to eight, and ends after three minutes', async () => {
    instead = () => refusal(500);
    expect((await errorOf(rest().time())).kind).toBe('failed');
    expect(clock.sleptMs.slice(0, 6)).toEqual([375, 750, 1_500, 3_000, 6_000, 6_000]);
    expect(clock.now()).toBeLessThanOrEqual(180_000);
    expect(askedAt).toHaveLength(clock.sleptMs.length + 1);
  });

  it('is as long as the exchange asks for', async () => {
    instead = (answer) => (askedAt.length === 1 ? refusal(429, { 'retry-after': '61' }) : answer);
    await rest().time();
    expect(askedAt).toEqual([0, 61_000]);
  });

  it('holds for all that asks, also after one question was given up', async () => {
    instead = (answer) => (askedAt.length === 1 ? refusal(429, { 'retry-after': '600' }) : answer);
    const asked = rest();
    expect((await errorOf(asked.time())).kind).toBe('limited');
    expect((await errorOf(asked.symbols())).kind).toBe('limited');
    expect(askedAt).toHaveLength(1);
    await clock.sleep(590_000);
    await asked.time();
    expect(askedAt).toEqual([0, 600_000]);
  });

  it('is never longer than a ban is', async () => {
    instead = () => refusal(429, { 'retry-after': '999999999' });
    expect((await errorOf(rest().time())).retryAfterMs).toBe(3 * DAY_MS);
  });

  it.each([429, 503])(
    'is lost once on an exchange that only ever answers %d, until it answers',
    async (status) => {
      instead = () => refusal(status, { 'retry-after': '1' });
      const asked = rest();
      await errorOf(asked.time());
      const lostMs = clock.now();
      for (const ask of [asked.time, asked.symbols, asked.lastTradeIds]) await errorOf(ask());
      expect([lostMs > 170_000, clock.now() <= 180_000]).toEqual([true, true]);
      if (status !== 429) return; // which counts as away by now
      await clock.sleep(10_000);
      instead = (answer) => answer;
      expect(await asked.time()).toBe(NOW);
      instead = (answer) => (askedAt.length % 3 === 0 ? answer : refusal(429, { 'retry-after': '20' }));
      expect(await asked.time()).toBe(NOW);
    },
  );

  it('is not lost on a question that was wrong', async () => {
    expect((await errorOf(rest().aggTrades({ symbol: 'NONE' }))).kind).toBe('invalid');
    expect(askedAt).toHaveLength(1);
  });
});

describe('an exchange that is away', () => {
  it.each([
    [418, 'banned'],
    [451, 'outside of the US'],
  ])('because it answers %d is asked once in the whole run, and the error tells why', async (status, why) => {
    instead = () => refusal(status);
    const asked = rest();
    const error = await errorOf(asked.time());
    expect(error.kind).toBe('away');
    expect(String(error.cause)).toContain(why);
    expect((await errorOf(asked.symbols())).kind).toBe('away');
    expect(askedAt).toHaveLength(1);
  });

  it('because nobody listens there is away after one try', async () => {
    const closed = await startExchange({ source, speed: 'max' });
    await closed.close();
    expect((await errorOf(rest({ baseUrl: closed.url }).time())).kind).toBe('away');
    expect(clock.sleptMs).toEqual([]);
  });

  it('because nothing is ever asked of its port is away after one try', async () => {
    expect((await errorOf(rest({ baseUrl: 'http://127.0.0.1:9' }).time())).kind).toBe('away'); // discard
    expect(clock.sleptMs).toEqual([]);
  });

  it('because it is silent is away after three questions', async () => {
    instead = () => 'cut';
    const asked = rest();
    for (let question = 0; question < 3; question++)
      expect((await errorOf(asked.time())).kind).toBe('failed');
    const tries = askedAt.length;
    await errorOf(asked.time());
    expect(askedAt).toHaveLength(tries);
  });

  it('is not away because it refuses one question again and again', async () => {
    const asked = rest();
    for (let round = 0; round < 3; round++) {
      instead = () => refusal(503);
      await errorOf(asked.symbols());
      instead = (answer) => answer;
      expect(await asked.time()).toBe(NOW);
    }
  });
});

describe('the weight', () => {
  it('of a minute stays within the share, whoever else asks', async () => {
    const asked = rest({ weightShare: 0.1 }); // 240 a minute: 12 pages
    for (let page = 0; page < 30; page++) {
      instead = (answer) => ({ ...answer, headers: { 'x-mbx-used-weight-1m': '0' } });
      await asked.aggTrades({ symbol, limit: 1 });
    }
    const minutes = [0, 1, 2].map(
      (minute) => askedAt.filter((at) => Math.floor(at / MINUTE_MS) === minute).length,
    );
    expect(minutes).toEqual([12, 12, 6]);
    instead = (answer) => ({ ...answer, headers: { 'x-mbx-used-weight-1m': '2399' } });
    await asked.time();
    await asked.time();
    expect(askedAt.at(-1)).toBe(3 * MINUTE_MS);
  });

  it('that one question has is never too much for a small share', async () => {
    instead = (answer) => ({ ...answer, headers: {} });
    const asked = rest({ weightShare: 0.01 });
    await asked.lastTradeIds();
    await asked.lastTradeIds();
    expect(askedAt).toEqual([0, MINUTE_MS]);
  });
});

afterEach(() => {
  expect(clock.sleptMs.every((ms) => ms >= 0)).toBe(true);
});
