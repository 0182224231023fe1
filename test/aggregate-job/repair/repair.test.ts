import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { repairTrades } from '../../../aggregate-job/repair/repair.ts';
import type { RestAggTrade } from '../../../shared/exchange/wire.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../shared/time.ts';
import { type Exchange, startExchange } from '../../../simulator/exchange.ts';
import type { Faults } from '../../../simulator/faulty/faults.ts';
import type { HttpAnswer, RestRequest } from '../../../simulator/rest/http.ts';
import { fakeClock } from '../../shared/fake-clock.ts';
import { MemoryStore } from '../../shared/store/memory-store.ts';
import { archivedIds } from '../archived-rows.ts';
import { barsIn, manifestIn, namesIn, restAt, runDay } from '../job.ts';
import {
  bookOfDay,
  DATE,
  DAY_START,
  MORNING_AFTER,
  quietMarket,
  recorded,
  SYMBOL,
  tradesOfDay,
} from '../market-day.ts';
import { expectHonest, expectWhole, type Truth } from '../truth.ts';
import { type Hole, holesOf } from './holes.ts';

const isFull = process.env['TAPELAKE_FAULTS'] === 'full';
const SEEDS = isFull ? [1, 2, 3, 4, 5, 6, 7, 8] : [1];

const market = quietMarket();
const trades = tradesOfDay(market);
const depth = bookOfDay();
const truth: Truth = { trades, bars: '' };

let store: MemoryStore;
let exchange: Exchange;
let asked: RestRequest[];
let onAnswer: NonNullable<Faults['onAnswer']>;

beforeAll(async () => {
  exchange = await startExchange({
    source: market,
    speed: 'max',
    clockMs: MORNING_AFTER,
    weightLimit: Number.POSITIVE_INFINITY,
    faults: {
      onAnswer: (request, answer) => {
        asked.push(request);
        return onAnswer(request, answer);
      },
    },
  });
  asked = [];
  onAnswer = (_, answer) => answer;
  const undisturbed = new MemoryStore(recorded({ trades, depth }));
  await runDay({ store: undisturbed, url: exchange.url });
  truth.bars = barsIn(undisturbed.objects);
});
afterAll(() => exchange.close());

beforeEach(() => {
  asked = [];
  onAnswer = (_, answer) => answer;
  exchange.setClock(MORNING_AFTER);
});

function recordWithout(hole: Hole): Set<number> {
  const kept = trades.filter((trade, index) => !hole(trade, index));
  store = new MemoryStore(recorded({ trades: kept, depth }));
  const keptIds = new Set(kept.map(({ id }) => id));
  return new Set(trades.filter(({ id }) => !keptIds.has(id)).map(({ id }) => id));
}

const run = () => runDay({ store, url: exchange.url });
const page = (answer: HttpAnswer): RestAggTrade[] => JSON.parse(answer.body);
const withRows = (answer: HttpAnswer, rows: unknown[]): HttpAnswer => ({
  ...answer,
  body: JSON.stringify(rows),
});
const isTrades = ({ path }: RestRequest): boolean => path.endsWith('/aggTrades');
const isById = (request: RestRequest): boolean => isTrades(request) && request.query.has('fromId');
const refusal = (status: number, headers = {}): HttpAnswer => ({ status, headers, body: '{"code":-1003}' });

describe.each(SEEDS)('a day with holes (seed %d)', (seed) => {
  it.each(Object.entries(holesOf(seed)))('gets %s back from the exchange', async (_, hole) => {
    const lost = recordWithout(hole);
    expect(lost.size).toBeGreaterThan(0);
    await run();
    expectWhole(store.objects, truth);
    expect(manifestIn(store.objects).trades.repaired).toBe(lost.size);
    expect(new Set(archivedIds(store.objects, 'repair'))).toEqual(lost);
    expect(namesIn(store.objects, 'raw/')).toEqual([]);
  });
});

it('stores what it fetched as recorders store chunks, level 5 in a window of 4 KB', async () => {
  const rest = restAt(exchange.url);
  const inFirstMinute = (trade: RestAggTrade) => ({ ...trade, T: DAY_START + (trade.T % MINUTE_MS) });
  store = new MemoryStore();
  await repairTrades({
    // a whole day's trades in one minute make a chunk of some size
    rest: { ...rest, aggTrades: async (query) => (await rest.aggTrades(query)).map(inFirstMinute) },
    raw: store,
    symbol: SYMBOL,
    date: DATE,
    missing: [[trades[0]?.id ?? 0, trades.at(-1)?.id ?? 0]],
    taken: new Map(),
    maxIds: 5_000,
    warnOnce: () => {},
    progress: { step: () => {}, update: () => {}, end: () => {} },
  });
  const [bytes = Buffer.alloc(0)] = store.objects.values();
  const text = gunzipSync(bytes);
  expect(text.length).toBeGreaterThan(20_000);
  expect(bytes.equals(gzipSync(text, { level: 5, windowBits: 12 }))).toBe(true);
});

/** Holes of every kind at once. */
const everyHole =
  (seed: number): Hole =>
  (trade, index) =>
    Object.values(holesOf(seed)).some((hole) => hole(trade, index));

describe.each(SEEDS)('an exchange that is not at its best (seed %d)', (seed) => {
  beforeEach(() => {
    recordWithout(everyHole(seed));
  });

  const passing: Record<string, () => Faults['onAnswer']> = {
    'answers 5xx every other time': () => (_, answer) => (asked.length % 2 === 0 ? refusal(503) : answer),
    'gives half pages': () => (request, answer) =>
      isById(request) ? withRows(answer, page(answer).slice(0, Math.ceil(page(answer).length / 2))) : answer,
    'gives an empty page every other time': () => (request, answer) =>
      isTrades(request) && asked.length % 2 === 0 ? withRows(answer, []) : answer,
    'repeats the end of the page before': () => {
      let before: RestAggTrade[] = [];
      return (request, answer) => {
        if (!isById(request)) return answer;
        const rows = [...before.slice(-5), ...page(answer)];
        before = page(answer);
        return withRows(answer, rows);
      };
    },
    'counts limit from the end': () => (request, answer) =>
      request.query.has('endTime') && isTrades(request) ? withRows(answer, page(answer).slice(-3)) : answer,
    'breaks connections off every other time': () => (_, answer) => (asked.length % 2 === 0 ? 'cut' : answer),
    'breaks answers off in the middle': () => (_, answer) =>
      asked.length % 3 === 0 ? { ...answer, body: answer.body.slice(0, -7) } : answer,
    'leaves a trade out of the middle of a page': () => (request, answer) =>
      isById(request) && asked.length % 2 === 0 && page(answer).length > 2
        ? withRows(answer, page(answer).toSpliced(1, 1))
        : answer,
  };
  it.each(Object.entries(passing))('that %s, still gives the whole day', async (_, fault) => {
    onAnswer = fault() ?? onAnswer;
    const { code } = await run();
    expect(code).toBe(0);
    expectWhole(store.objects, truth);
  });

  it('that asks for patience is left alone until then', async () => {
    const clock = fakeClock();
    const askedAt: number[] = [];
    let limitedAt = 0;
    onAnswer = (_, answer) => {
      askedAt.push(clock.now());
      if (asked.length !== 5) return answer;
      limitedAt = clock.now();
      return refusal(429, { 'retry-after': '37' });
    };
    await runDay({ store, url: exchange.url, clock });
    expectWhole(store.objects, truth);
    expect(askedAt[5]).toBeGreaterThanOrEqual(limitedAt + 37 * SECOND_MS);
  });

  it('that asks for more patience than there is, is not asked before the time is up', async () => {
    onAnswer = (_, answer) => (asked.length >= 5 ? refusal(429, { 'retry-after': '7200' }) : answer);
    await run();
    expect(asked).toHaveLength(5);
    expectHonest(store.objects, truth);
  });

  it('that only ever asks for patience holds the run up once, not each question of it', async () => {
    const clock = fakeClock();
    onAnswer = () => refusal(429, { 'retry-after': '1' });
    await runDay({ store, url: exchange.url, clock });
    await runDay({ store, url: exchange.url, clock }); // what a second run costs, that of its own patience
    expect(clock.now()).toBeLessThan(2 * 190 * SECOND_MS);
    expect(expectHonest(store.objects, truth).verdict).toBe('partial');
  });

  it('that bans the address is not asked again in the whole run', async () => {
    onAnswer = (_, answer) => (asked.length >= 7 ? refusal(418, { 'retry-after': '60' }) : answer);
    await run();
    expect(asked).toHaveLength(7);
    expect(expectHonest(store.objects, truth).verdict).toBe('partial');
  });

  it('that closes its window in the middle gives what it still has, and the rest is named', async () => {
    onAnswer = (request, answer) => {
      if (isById(request) && Number(request.query.get('limit')) > 2)
        exchange.setClock(DAY_START + 2 * DAY_MS + 12 * HOUR_MS);
      return answer;
    };
    await run();
    const { verdict, trades: found } = expectHonest(store.objects, truth);
    expect(verdict).toBe('partial');
    expect(found.repaired).toBeGreaterThan(0);
    expect(found.missing.length).toBeGreaterThan(0);
  });

  it.each(isFull ? [1, 2, 3, 4, 6, 9, 15, 30, 60] : [3, 9])(
    'that dies at its answer %d leaves an honest day, which the next run completes',
    async (answers) => {
      onAnswer = (_, answer) => (asked.length > answers ? 'cut' : answer);
      await run();
      expectHonest(store.objects, truth);
      onAnswer = (_, answer) => answer;
      await run();
      expectWhole(store.objects, truth);
    },
  );
});

describe('the klines of a day', () => {
  beforeEach(() => {
    recordWithout(() => false);
  });
  const isKlines = ({ path }: RestRequest): boolean => path.endsWith('/klines');
  const compared = () => manifestIn(store.objects).klines;

  it('are asked for again where a page is empty', async () => {
    let pages = 0;
    onAnswer = (request, answer) => (isKlines(request) && pages++ === 0 ? withRows(answer, []) : answer);
    await run();
    expectWhole(store.objects, truth);
  });

  it('are completed by a later run where the exchange gave a part of them', async () => {
    onAnswer = (request, answer) => {
      if (!isKlines(request)) return answer;
      const rows: number[][] = JSON.parse(answer.body);
      return withRows(
        answer,
        rows.filter(([open = 0]) => open < DAY_START + 12 * HOUR_MS),
      );
    };
    await run();
    expect(compared()).toEqual({ result: 'equal', compared: 720, differing: [] });
    onAnswer = (_, answer) => answer;
    await run();
    expectWhole(store.objects, truth);
  });

  it('are not asked for when all of them are known', async () => {
    await run();
    asked = [];
    await run();
    expect(asked).toEqual([]);
    expectWhole(store.objects, truth);
  });
});

describe('a repair', () => {
  it('fetches no more than it may and goes on from there the next time', async () => {
    const lost = recordWithout(everyHole(1));
    const most = Math.floor(lost.size / 2);
    await runDay({ store, url: exchange.url, settings: { repairMaxIds: most } });
    expect(expectHonest(store.objects, truth).trades.repaired).toBe(most);
    await run();
    expectWhole(store.objects, truth);
  });

  it('asks for no trade that is there', async () => {
    recordWithout((_, index) => index === 700);
    await run();
    const wanted = asked.filter(isById).map(({ query }) => Number(query.get('fromId')));
    expect(wanted.filter((id) => id > (trades[0]?.id ?? 0) && id < (trades.at(-1)?.id ?? 0))).toEqual([
      trades[700]?.id,
    ]);
  });

  const refused: [string, Partial<RestAggTrade>][] = [
    ['more single trades than there are', { f: 9, l: 8 }],
    ['a price of 0', { p: '0.00' }],
    ['a price with too many places', { p: `1.${'1'.repeat(40)}` }],
  ];
  it.each(isFull ? refused : refused.slice(0, 1))(
    'stores no row that the job would refuse (%s), and tells of it',
    async (_, change) => {
      recordWithout((_, index) => index === 700 || index === 702);
      const bad = trades[700]?.id;
      onAnswer = (request, answer) =>
        isById(request)
          ? withRows(
              answer,
              page(answer).map((row) => (row.a === bad ? { ...row, ...change } : row)),
            )
          : answer;
      for (let runs = 0; runs < 2; runs++) {
        const { log } = await run();
        expect(log.map(({ message }) => message)).toContainEqual(expect.stringContaining(`trade ${bad}`));
        expect(archivedIds(store.objects, 'repair')).toEqual([trades[702]?.id]);
        expect(manifestIn(store.objects)).toMatchObject({
          rejected: { count: 0 },
          trades: { missing: [[bad, bad]] },
        });
      }
    },
  );

  it('fetches nothing beyond the proven ends of the day, whatever ids were recorded', async () => {
    recordWithout((_, index) => index === 700);
    const [first, last] = [trades[0], trades.at(-1)];
    if (!first || !last) throw new Error('read market: it has no trades');
    const strays = [
      { ...first, id: first.id - 50_000 },
      { ...last, id: last.id + 200_000 },
    ];
    for (const [name, bytes] of recorded({ trades: strays, writer: 'stray' })) store.objects.set(name, bytes);
    await run();
    const fetched = asked.filter(isById).map(({ query }) => Number(query.get('fromId')));
    expect(fetched.length).toBeLessThan(20);
    expect(fetched.every((id) => id > first.id - 100 && id < last.id + 100)).toBe(true);
    expect(new Set(archivedIds(store.objects, 'repair'))).toEqual(new Set([trades[700]?.id]));
  });

  it('of a day the exchange no longer keeps is not tried', async () => {
    recordWithout((_, index) => index === 700);
    const nowMs = DAY_START + 4 * DAY_MS;
    exchange.setClock(nowMs);
    await runDay({ store, url: exchange.url, nowMs });
    expect(asked.filter(isTrades)).toEqual([]);
    expect(expectHonest(store.objects, truth)).toMatchObject({
      verdict: 'partial',
      proof: 'none',
      klines: { result: 'differs', compared: 1_440 },
    });
  });
});
