import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import type { RestAggTrade, RestKline } from '../../shared/exchange/wire.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../shared/time.ts';
import { type Exchange, type ExchangeOptions, startExchange } from '../../simulator/exchange.ts';
import { createMarket, wholeDays } from '../../simulator/market/market.ts';
import { openReplay } from '../../simulator/recording/replay.ts';
import { type Trade, tradesOf } from '../../simulator/source/source.ts';
import { KLINES, RECORDINGS, recorded } from './recorded.ts';

const DAY = '2024-07-18';
const MIDNIGHT = Date.parse('2024-07-19T00:00:00Z');
const NOW = MIDNIGHT + 10 * MINUTE_MS;

const market = createMarket({
  seed: 3,
  symbols: [
    { symbol: 'BTCUSDT', quietMinutes: [[300, 360]] },
    { symbol: 'DEADUSDT', tradesPerSecond: 0 },
  ],
  ...wholeDays(DAY),
  depthEveryMs: 1_000,
  tradesPerSecond: 0.5,
});
const truth: Trade[] = [...tradesOf(market, 'BTCUSDT', DAY)];
const [first, last] = [truth[0], truth.at(-1)];
if (!first || !last) throw new Error('the day has no trades');

let exchange: Exchange | undefined;
afterEach(() => exchange?.close());

async function start(options: Partial<ExchangeOptions> = {}): Promise<Exchange> {
  exchange = await startExchange({ source: market, speed: 'max', clockMs: NOW, ...options });
  return exchange;
}

type Query = Record<string, string | number>;
type Reply = { status: number; headers: Headers; body: unknown };

async function get(path: string, query: Query = {}): Promise<Reply> {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) parameters.set(name, String(value));
  const response = await fetch(`${exchange?.url}/fapi/v1/${path}?${parameters}`);
  return { status: response.status, headers: response.headers, body: await response.json() };
}

const trades = async (query: Query): Promise<RestAggTrade[]> =>
  (await get('aggTrades', { symbol: 'BTCUSDT', ...query })).body as RestAggTrade[];
const klines = async (query: Query): Promise<RestKline[]> =>
  (await get('klines', { symbol: 'BTCUSDT', interval: '1m', ...query })).body as RestKline[];
const ids = (rows: readonly { a: number }[]): number[] => rows.map(({ a }) => a);
const idsBetween = (fromMs: number, toMs: number): number[] =>
  truth.filter(({ timeMs }) => timeMs >= fromMs && timeMs <= toMs).map(({ id }) => id);

describe('aggTrades', () => {
  it('walks a whole day by fromId, page after page', async () => {
    await start({ weightLimit: Number.POSITIVE_INFINITY });
    const seen: number[] = [];
    for (let fromId = first.id; fromId <= last.id; ) {
      const page = await trades({ fromId, limit: 1_000 });
      seen.push(...ids(page));
      fromId = (page.at(-1)?.a ?? last.id) + 1;
    }
    expect(seen.filter((id) => id <= last.id)).toEqual(truth.map(({ id }) => id));
  });

  it('gives rows in the shape of the exchange, without the keys of the stream', async () => {
    await start();
    const response = await fetch(
      `${exchange?.url}/fapi/v1/aggTrades?symbol=BTCUSDT&limit=1&fromId=${first.id}`,
    );
    expect(await response.text()).toMatch(
      /^\[\{"a":\d+,"p":"\d+\.\d0","q":"\d+\.\d{3}","nq":"\d+\.\d{3}","f":\d+,"l":\d+,"T":\d{13},"m":(true|false)\}\]$/,
    );
  });

  it('gives 500 rows unless asked for fewer, and never more than 1,000', async () => {
    await start();
    expect(await trades({ fromId: first.id })).toHaveLength(500);
    expect(await trades({ fromId: first.id, limit: 5_000 })).toHaveLength(1_000);
    expect(ids(await trades({ fromId: first.id, limit: 2 }))).toEqual([first.id, first.id + 1]);
  });

  it('takes both times as included, and the first rows of the window', async () => {
    await start();
    const [fromMs, toMs] = [truth[200]?.timeMs ?? 0, truth[300]?.timeMs ?? 0];
    expect(ids(await trades({ startTime: fromMs, endTime: toMs }))).toEqual(idsBetween(fromMs, toMs));
    expect(ids(await trades({ startTime: fromMs, endTime: toMs, limit: 3 }))).toEqual(
      idsBetween(fromMs, toMs).slice(0, 3),
    );
  });

  it('goes on from a start, back from an end, and without either gives the newest', async () => {
    await start({ clockMs: MIDNIGHT - 1 });
    const middleMs = truth[1_000]?.timeMs ?? 0;
    expect(ids(await trades({ startTime: middleMs, limit: 5 }))).toEqual(
      idsBetween(middleMs, NOW).slice(0, 5),
    );
    expect(ids(await trades({ endTime: middleMs, limit: 5 }))).toEqual(idsBetween(0, middleMs).slice(-5));
    expect(ids(await trades({ limit: 5 }))).toEqual(truth.slice(-5).map(({ id }) => id));
  });

  it('has an empty page for a quiet time and for one that is not kept', async () => {
    await start();
    const quietMs = Date.parse('2024-07-18T05:10:00Z');
    expect(await trades({ startTime: quietMs, endTime: quietMs + 10 * MINUTE_MS })).toEqual([]);
    const oldMs = NOW - 49 * HOUR_MS;
    expect(await trades({ startTime: oldMs, endTime: oldMs + 30 * MINUTE_MS })).toEqual([]);
  });

  it('keeps 48 hours by the clock of the exchange, and starts an older fromId there', async () => {
    await start({ clockMs: MIDNIGHT + DAY_MS });
    const oldest = first.id; // 48 h before the clock is the midnight that begins the day
    expect(ids(await trades({ fromId: first.id - 50, limit: 3 }))).toEqual([oldest, oldest + 1, oldest + 2]);
    exchange?.setClock(MIDNIGHT + DAY_MS - 1);
    expect(ids(await trades({ fromId: first.id, limit: 1 }))).toEqual([first.id]);
  });

  it('knows nothing of what has not happened yet', async () => {
    await start({ clockMs: truth[50]?.timeMs ?? 0 });
    const page = await trades({ startTime: first.timeMs });
    expect(page.length).toBeGreaterThan(50);
    expect(Math.max(...page.map(({ T }) => T))).toBe(truth[50]?.timeMs);
    expect(await trades({ fromId: last.id })).toEqual([]);
  });

  it.each<[string, Query, number]>([
    ['no symbol', { symbol: '' }, -1102],
    ['an unknown symbol', { symbol: 'NONE' }, -1121],
    ['an hour and more', { startTime: MIDNIGHT - HOUR_MS, endTime: MIDNIGHT }, -1127],
    ['an end before the start', { startTime: 2, endTime: 1 }, -1023],
    ['an id with times', { fromId: 1, startTime: MIDNIGHT }, -1128],
    ['text for a number', { fromId: 'one' }, -1100],
    ['no rows', { limit: 0 }, -1130],
  ])('refuses %s with the code of the exchange', async (_, query, code) => {
    await start();
    const { status, body } = await get('aggTrades', { symbol: 'BTCUSDT', ...query });
    expect(status).toBe(400);
    expect(body).toEqual({ code, msg: expect.any(String) });
  });
});

describe('klines', () => {
  recorded('of the recording equal those of the exchange in every whole minute', async () => {
    await start({ source: openReplay(RECORDINGS), clockMs: Date.parse('2024-07-19T00:05:30Z') });
    const expected: string[][] = parse(readFileSync(KLINES), { from_line: 2 });
    const rows = await klines({ startTime: Number(expected[0]?.[0]), limit: 7 });
    expect(rows.map((row) => row.map(String))).toEqual(expected);
  });

  it('are flat at the close before where nothing traded', async () => {
    await start();
    const startTime = Date.parse('2024-07-18T05:00:00Z');
    const before = truth.filter(({ timeMs }) => timeMs < startTime).at(-1);
    const close = `${Math.floor((before?.priceUnits ?? 0) / 100)}.${String((before?.priceUnits ?? 0) % 100).padStart(2, '0')}`;
    const rows = await klines({ startTime, limit: 60 });
    expect(rows).toEqual(
      rows.map((_, i) => {
        const openMs = startTime + i * MINUTE_MS;
        const end = openMs + MINUTE_MS - 1;
        return [openMs, close, close, close, close, '0.000', end, '0.00000', 0, '0.000', '0.00000', '0'];
      }),
    );
    expect(rows).toHaveLength(60);
  });

  it('of a day are 1,440 and sum up to its trades', async () => {
    await start();
    const rows = await klines({ startTime: MIDNIGHT - DAY_MS, endTime: MIDNIGHT - 1, limit: 1_500 });
    expect(rows.map(([openMs]) => openMs)).toEqual(
      Array.from({ length: 1_440 }, (_, minute) => MIDNIGHT - DAY_MS + minute * MINUTE_MS),
    );
    const quote = truth.reduce((sum, t) => sum + BigInt(t.priceUnits) * BigInt(t.quantityUnits), 0n);
    expect(rows.reduce((sum, row) => sum + BigInt(row[7].replace('.', '')), 0n)).toBe(quote);
    const count = truth.reduce((sum, t) => sum + t.lastId - t.firstId + 1, 0);
    expect(rows.reduce((sum, row) => sum + row[8], 0)).toBe(count);
  });

  it('start at a minute, end with the running one, and give the last without times', async () => {
    await start({ clockMs: MIDNIGHT - 30_000 });
    const opens = async (query: Query): Promise<number[]> => (await klines(query)).map(([openMs]) => openMs);
    expect(await opens({ startTime: MIDNIGHT - 3 * MINUTE_MS + 1 })).toEqual([
      MIDNIGHT - 2 * MINUTE_MS,
      MIDNIGHT - MINUTE_MS,
    ]);
    expect(await opens({ limit: 1 })).toEqual([MIDNIGHT - MINUTE_MS]);
    const [running] = await klines({ limit: 1 });
    const traded = truth.filter(
      ({ timeMs }) => timeMs >= MIDNIGHT - MINUTE_MS && timeMs <= MIDNIGHT - 30_000,
    );
    expect(running?.[8]).toBe(traded.reduce((sum, t) => sum + t.lastId - t.firstId + 1, 0));
    expect(await klines({ symbol: 'DEADUSDT' })).toEqual([]);
    expect((await get('klines', { symbol: 'BTCUSDT', interval: '5m' })).body).toMatchObject({ code: -1120 });
  });
});

describe('ticker, exchangeInfo and time', () => {
  it('tell the newest single-trade id, for one symbol or all', async () => {
    await start({ clockMs: MIDNIGHT - 1 });
    expect((await get('ticker/24hr', { symbol: 'BTCUSDT' })).body).toMatchObject({
      symbol: 'BTCUSDT',
      firstId: first.firstId,
      lastId: last.lastId,
    });
    expect((await get('ticker/24hr')).body).toMatchObject([
      { symbol: 'BTCUSDT', lastId: last.lastId },
      { symbol: 'DEADUSDT', lastId: 0, count: 0 },
    ]);
  });

  it('list the symbols with their digits', async () => {
    await start();
    expect((await get('exchangeInfo')).body).toMatchObject({
      symbols: [
        {
          symbol: 'BTCUSDT',
          status: 'TRADING',
          contractType: 'PERPETUAL',
          baseAsset: 'BTC',
          quoteAsset: 'USDT',
          pricePrecision: 2,
          quantityPrecision: 3,
          filters: [{ tickSize: '0.10' }, { stepSize: '0.001' }],
        },
        { symbol: 'DEADUSDT' },
      ],
    });
  });

  it('tell the simulated time', async () => {
    await start();
    expect((await get('time')).body).toEqual({ serverTime: NOW });
    exchange?.setClock(MIDNIGHT);
    expect((await get('time')).body).toEqual({ serverTime: MIDNIGHT });
  });
});

describe('request weight', () => {
  it('adds up in the header of every answer, refusals included', async () => {
    const wall = { now: () => NOW, monotonicMs: () => NOW, sleep: () => Promise.resolve() };
    await start({ wall });
    const used = async (path: string, query: Query = {}): Promise<string | null> =>
      (await get(path, query)).headers.get('X-MBX-USED-WEIGHT-1M');
    expect(await used('time')).toBe('1');
    expect(await used('aggTrades', { symbol: 'BTCUSDT' })).toBe('21');
    expect(await used('aggTrades', { symbol: 'NONE' })).toBe('41');
    expect(await used('klines', { symbol: 'BTCUSDT', interval: '1m', limit: 1_500 })).toBe('51');
    expect(await used('ticker/24hr')).toBe('91');
    expect(await used('ticker/24hr', { symbol: 'BTCUSDT' })).toBe('92');
  });

  it('past the limit is answered by 429 with the seconds to wait, until the next minute', async () => {
    let wallMs = MIDNIGHT + 45_000;
    await start({
      weightLimit: 40,
      wall: { now: () => wallMs, monotonicMs: () => wallMs, sleep: () => Promise.resolve() },
    });
    await trades({ limit: 1 });
    await trades({ limit: 1 });
    const refused = await get('aggTrades', { symbol: 'BTCUSDT' });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('Retry-After')).toBe('15');
    expect(refused.body).toMatchObject({ code: -1003 });
    wallMs += 15_000;
    expect(await trades({ limit: 1 })).toHaveLength(1);
  });
});
