// What days say of each other, and the exchange of them, around midnight.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RestAggTrade } from '../../shared/exchange/wire.ts';
import { chunkObjectName } from '../../shared/lake/object-names.ts';
import { addDays, DAY_MS, dayStartMs, HOUR_MS, MINUTE_MS } from '../../shared/time.ts';
import { type Exchange, startExchange } from '../../simulator/exchange.ts';
import type { Faults } from '../../simulator/faulty/faults.ts';
import { MemoryStore } from '../shared/store/memory-store.ts';
import { chunkBytes, type Trade, tradeLine, writeRows } from './chunks.ts';
import { barsIn, manifestIn, type Run, resultsIn, runDay } from './job.ts';
import { DATE, DAY_AFTER, DAY_START, quietMarket, recorded, SYMBOL, tradesOfDay } from './market-day.ts';

const [BEFORE, FIRST, SECOND, AFTER] = [addDays(DATE, -1), DATE, DAY_AFTER, addDays(DATE, 2)];
const LATER = DAY_START + 30 * DAY_MS;
const MIDNIGHT = dayStartMs(SECOND);
const NOON_AFTER = MIDNIGHT + 12 * HOUR_MS;

let store: MemoryStore;
beforeEach(() => {
  store = new MemoryStore();
});

const trade = (id: number, T: number): Trade => ({
  T,
  price: `${id}.5`,
  quantity: '1',
  maker: false,
  id,
  first: id,
  last: id,
});
/** Trades around noon of a day. */
const atNoon = (date: string, ...ids: number[]): Trade[] =>
  ids.map((id) => trade(id, dayStartMs(date) + 12 * HOUR_MS + id));
const write = (trades: Trade[], writer = 'a'): Promise<void> => writeRows(store, SYMBOL, writer, { trades });
const build = (...dates: string[]) =>
  dates.reduce<Promise<unknown>>(
    (before, date) => before.then(() => run({ settings: { from: date, to: date } })),
    Promise.resolve(),
  );
const run = ({ settings, ...options }: Partial<Run> = {}) =>
  runDay({
    store,
    nowMs: LATER,
    ...options,
    settings: { resolutions: [{ name: '1m', seconds: 60 }], ...settings },
  });
const built = (date: string) => manifestIn(store.objects, date);
const isProven = (date: string): boolean => !barsIn(store.objects, date).includes(',false\n');

/** Ids 8 to 17, of which 12 and 13 have their times the wrong way round about midnight. */
const swapped = {
  [BEFORE]: atNoon(BEFORE, 8, 9),
  [FIRST]: [...atNoon(FIRST, 10, 11), trade(13, MIDNIGHT - 2)],
  [SECOND]: [trade(12, MIDNIGHT + 1), ...atNoon(SECOND, 14, 15)],
  [AFTER]: atNoon(AFTER, 16, 17),
};

describe('two trades swapped around midnight', () => {
  beforeEach(async () => {
    for (const trades of Object.values(swapped)) await write(trades);
  });

  it('leave both days complete when all ids are there', async () => {
    await build(BEFORE, FIRST, SECOND);
    expect(built(FIRST)).toMatchObject({
      verdict: 'complete',
      reasons: [],
      trades: {
        rows: 3,
        first_id: 10,
        last_id: 13,
        expected_last_id: 13,
        missing: [],
        elsewhere: [[12, 12]],
      },
    });
    expect(built(SECOND)).toMatchObject({
      verdict: 'complete',
      reasons: [],
      trades: {
        rows: 3,
        first_id: 12,
        last_id: 15,
        expected_first_id: 12,
        missing: [],
        elsewhere: [[13, 13]],
      },
    });
    expect([isProven(FIRST), isProven(SECOND)]).toEqual([true, true]);
  });

  it('do so from the zips alone, to the same bytes', async () => {
    await build(BEFORE, FIRST, SECOND);
    const results = resultsIn(store.objects);
    await build(SECOND, FIRST);
    expect(resultsIn(store.objects)).toEqual(results);
  });

  it('are missing in the day that has lost one of them', async () => {
    store = new MemoryStore();
    for (const trades of Object.values(swapped)) await write(trades.filter(({ id }) => id !== 12));
    await build(BEFORE, FIRST, SECOND);
    expect(built(FIRST).trades).toMatchObject({ missing: [[12, 12]] });
    expect([built(FIRST).verdict, built(SECOND).verdict]).toContain('partial');
    await write([trade(12, MIDNIGHT + 1)], 'late');
    await build(SECOND, FIRST, SECOND);
    expect([built(FIRST).verdict, built(SECOND).verdict]).toEqual(['complete', 'complete']);
  });
});

describe('the first trade of the next day', () => {
  const lines = (...trades: Trade[]): Buffer => chunkBytes('trades', trades.map(tradeLine));
  const put = (minute: number, writer: string, bytes: Buffer): void =>
    void store.objects.set(chunkObjectName(SYMBOL, SECOND, { kind: 'trades', minute, writer, n: 0 }), bytes);
  const at = (id: number, minute: number): Trade => trade(id, MIDNIGHT + minute * MINUTE_MS);

  it('is found wherever it lies in a chunk of an hour', async () => {
    await write(atNoon(FIRST, 10, 11));
    put(0, 'a', lines(at(12, 20), at(13, 40)));
    put(60, 'a', lines(at(14, 61)));
    await build(FIRST);
    expect(built(FIRST).trades.expected_last_id).toBe(11);
  });

  it('is found where another writer had it in a later chunk of a minute', async () => {
    await write(atNoon(FIRST, 10, 11));
    put(0, 'a', lines(at(13, 20)));
    put(10, 'b', lines(at(12, 10)));
    await build(FIRST);
    expect(built(FIRST).trades.expected_last_id).toBe(11);
  });
});

describe('an answer of the exchange that the rows contradict', () => {
  const market = quietMarket({ tradesPerSecond: 0.005 });
  const trades = tradesOfDay(market);
  const [first = 0, last = 0] = [trades[0]?.id, trades.at(-1)?.id];
  let exchange: Exchange;
  let asked: URLSearchParams[];
  let lie: (rows: RestAggTrade[]) => RestAggTrade[];
  const onAnswer: Faults['onAnswer'] = ({ path, query }, answer) => {
    if (!path.endsWith('/aggTrades')) return answer;
    asked.push(query);
    const isFetch = query.has('fromId') && ![1, 2, 10].includes(Number(query.get('limit'))); // a repair is told the truth
    return isFetch ? answer : { ...answer, body: JSON.stringify(lie(JSON.parse(answer.body))) };
  };
  beforeAll(async () => {
    exchange = await startExchange({
      source: market,
      speed: 'max',
      clockMs: NOON_AFTER,
      weightLimit: Number.POSITIVE_INFINITY,
      faults: { onAnswer },
    });
  });
  afterAll(() => exchange.close());
  beforeEach(() => {
    store = new MemoryStore(recorded({ trades }));
    asked = [];
    lie = (rows) => rows;
  });
  const online = () => run({ url: exchange.url, nowMs: NOON_AFTER });
  const later = () => run({ nowMs: LATER });
  const truth = { expected_first_id: first, expected_last_id: last, missing: [] };

  it.each<[string, (row: RestAggTrade) => number]>([
    ['its last id is too low', ({ a, T }) => (a > last - 5 ? Math.max(T, MIDNIGHT) : T)],
    ['its first id is too high', ({ a, T }) => (a < first + 5 ? Math.min(T, DAY_START - 1) : T)],
  ])('is asked again while the exchange has it: %s', async (_, timeOf) => {
    lie = (rows) => rows.map((row) => ({ ...row, T: timeOf(row) }));
    await online();
    expect(built(DATE)).toMatchObject({
      verdict: 'partial',
      reasons: expect.arrayContaining(['trade ids lie outside the expected ones']),
    });
    lie = (rows) => rows;
    await online();
    expect(built(DATE)).toMatchObject({ verdict: 'complete', trades: truth });
    asked = [];
    await online();
    expect(asked).toEqual([]);
  });

  it('is asked again where it expects trades that the exchange then does not have in the day', async () => {
    lie = (rows) =>
      rows.map((row) => ({ ...row, T: row.a <= last + 40 ? Math.min(row.T, MIDNIGHT - 1) : row.T }));
    await online();
    expect(built(DATE)).toMatchObject({ verdict: 'partial', trades: { expected_last_id: last + 40 } });
    lie = (rows) => rows;
    await online();
    expect(built(DATE)).toMatchObject({ verdict: 'complete', trades: truth });
  });

  it('gives way to what the next day holds, also when nobody can be asked any more', async () => {
    lie = (rows) =>
      rows.map((row) => ({ ...row, T: row.a <= last + 40 ? Math.min(row.T, MIDNIGHT - 1) : row.T }));
    await online();
    await write(tradesOfDay(market, DAY_AFTER).slice(0, 9), 'late');
    await later();
    expect(built(DATE)).toMatchObject({ verdict: 'complete', trades: truth });
  });

  it('stays where nobody knows better', async () => {
    lie = (rows) => rows.map((row) => ({ ...row, T: row.a > last - 5 ? Math.max(row.T, MIDNIGHT) : row.T }));
    await online();
    const results = resultsIn(store.objects);
    await later();
    await online();
    expect(resultsIn(store.objects)).toEqual(results);
  });
});
