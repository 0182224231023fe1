import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { REPAIR_WRITER } from '../../../shared/lake/object-names.ts';
import { DAY_MS } from '../../../shared/time.ts';
import { type Exchange, startExchange } from '../../../simulator/exchange.ts';
import { MemoryStore } from '../../shared/store/memory-store.ts';
import { archivedIds, archivedTexts } from '../archived-rows.ts';
import { chunkBytes, type Trade, tradeLine } from '../chunks.ts';
import { barsIn, manifestIn, namesIn, type Run, resultsIn, runDay } from '../job.ts';
import {
  bookOfDay,
  DATE,
  DAY_AFTER,
  DAY_BEFORE,
  DAY_START,
  MORNING_AFTER,
  quietMarket,
  recorded,
  SYMBOL,
  tradesOfDay,
} from '../market-day.ts';
import { expectHonest, expectWhole, type Truth } from '../truth.ts';

const market = quietMarket();
const trades = tradesOfDay(market);
const depth = bookOfDay();
const truth: Truth = { trades, bars: '' };
/** The results of a day of which nothing was lost, built at once with the exchange. */
let undisturbed: Record<string, string>;

let exchange: Exchange;
let asked: string[];
beforeAll(async () => {
  asked = [];
  exchange = await startExchange({
    source: market,
    speed: 'max',
    clockMs: MORNING_AFTER,
    weightLimit: Number.POSITIVE_INFINITY,
    faults: {
      onAnswer: ({ path, query }, answer) => {
        asked.push(`${path.slice('/fapi/v1/'.length)}${query.has('fromId') ? ' by id' : ''}`);
        return answer;
      },
    },
  });
  const store = new MemoryStore(recorded({ trades, depth }));
  await online(store);
  truth.bars = barsIn(store.objects);
  undisturbed = resultsIn(store.objects);
});
afterAll(() => exchange.close());
beforeEach(() => {
  asked = [];
});

type Options = Omit<Run, 'store' | 'url'>;
const online = (store: MemoryStore, options: Options = {}) =>
  runDay({ store, url: exchange.url, ...options });
const offline = (store: MemoryStore, options: Options = {}) => runDay({ store, ...options });
const without = (...indices: number[]): Trade[] => trades.filter((_, index) => !indices.includes(index));
const withRaw = (store: MemoryStore, objects: Map<string, Buffer>): void => {
  for (const [name, bytes] of objects) store.objects.set(name, bytes);
};
const dayOf = (date: string) => ({ settings: { from: date, to: date } });

describe('a day without the exchange', () => {
  it('is delivered, and says that its ends are not proven', async () => {
    const store = new MemoryStore(recorded({ trades, depth }));
    expect((await offline(store)).code).toBe(0);
    const manifest = expectHonest(store.objects, truth);
    expect(manifest).toMatchObject({
      verdict: 'partial',
      proof: 'none',
      reasons: ['the first trade id of the day is not known', 'the last trade id of the day is not known'],
      klines: { result: 'unavailable', compared: 0 },
      seed: { close: null, source: null },
    });
    expect(manifest.trades.missing).toEqual([]);
    expect(namesIn(store.objects, 'raw/')).toEqual([]);
  });

  it('becomes, when the exchange is asked later, what it had been at once', async () => {
    const store = new MemoryStore(recorded({ trades, depth }));
    await offline(store);
    await online(store);
    expect(resultsIn(store.objects)).toEqual(undisturbed);
  });

  it('is also what comes of an exchange that refuses connections', async () => {
    const closed = await startExchange({ source: market, speed: 'max' });
    await closed.close();
    const away = new MemoryStore(recorded({ trades, depth }));
    const { log } = await runDay({ store: away, url: closed.url });
    const off = new MemoryStore(recorded({ trades, depth }));
    await offline(off);
    expect(resultsIn(away.objects)).toEqual(resultsIn(off.objects));
    expect(log.map(({ message }) => message)).toContainEqual(expect.stringContaining('ECONNREFUSED'));
  });

  it('is proven by its neighbours alone where they leave no room', async () => {
    const store = new MemoryStore(
      new Map([
        ...recorded({ trades, depth }),
        ...recorded({ trades: tradesOfDay(market, DAY_BEFORE).slice(-40) }),
        ...recorded({ trades: tradesOfDay(market, DAY_AFTER).slice(0, 40) }),
      ]),
    );
    await offline(store, dayOf(DAY_BEFORE));
    await offline(store);
    expect(expectHonest(store.objects, truth)).toMatchObject({
      verdict: 'complete',
      proof: 'neighbours',
      seed: { close: manifestIn(store.objects, DAY_BEFORE).close, source: 'manifest' },
    });
  });

  it('asks the exchange of nothing that its neighbours prove', async () => {
    const store = new MemoryStore(
      new Map([
        ...recorded({ trades, depth }),
        ...recorded({ trades: tradesOfDay(market, DAY_BEFORE).slice(-40) }),
      ]),
    );
    await offline(store, dayOf(DAY_BEFORE));
    await online(store);
    expect(manifestIn(store.objects)).toMatchObject({ verdict: 'complete', proof: 'exchange' });
    expect(asked).toEqual(['aggTrades', 'aggTrades', 'aggTrades by id', 'klines']); // the evening's edge alone
  });
});

describe('a rebuild from the zip alone', () => {
  it.each([
    ['at once', undefined],
    ['two years later', DAY_START + 730 * DAY_MS],
  ])('and offline gives the same bytes, %s', async (_, nowMs) => {
    const store = new MemoryStore(recorded({ trades: without(5, 6, 700), depth }));
    await online(store);
    const built = resultsIn(store.objects);
    expect(namesIn(store.objects, 'raw/')).toEqual([]);
    await offline(store, nowMs === undefined ? {} : { nowMs });
    expect(resultsIn(store.objects)).toEqual(built);
  });

  it('makes again what was deleted of the results', async () => {
    const store = new MemoryStore(recorded({ trades: without(5, 6, 700), depth }));
    await online(store);
    const built = resultsIn(store.objects);
    for (const name of namesIn(store.objects, 'aggregated/')) store.objects.delete(name);
    await offline(store);
    expect(resultsIn(store.objects)).toEqual(built);
  });

  it('gives the same bytes also when there are neighbours by then', async () => {
    const store = new MemoryStore(recorded({ trades, depth }));
    await online(store);
    const built = resultsIn(store.objects);
    withRaw(store, recorded({ trades: tradesOfDay(market, DAY_BEFORE).slice(-300) }));
    withRaw(store, recorded({ trades: tradesOfDay(market, DAY_AFTER).slice(7) }));
    const later = { nowMs: DAY_START + 3 * DAY_MS };
    await offline(store, { ...later, ...dayOf(DAY_BEFORE) });
    await offline(store, { ...later, ...dayOf(DAY_AFTER) });
    await offline(store, later);
    expect(resultsIn(store.objects)).toMatchObject(built);
  });

  it('gives the same bytes from the chunks, where those were kept', async () => {
    const store = new MemoryStore(recorded({ trades, depth }));
    await online(store, { settings: { keepRaw: true } });
    expect(namesIn(store.objects, 'raw/')).not.toEqual([]);
    const built = resultsIn(store.objects);
    expect(built).toEqual(undisturbed);
    await offline(store);
    expect(resultsIn(store.objects)).toEqual(built);
    expect(namesIn(store.objects, 'raw/')).toEqual([]);
  });

  it('makes other resolutions from it, and keeps those there were in step', async () => {
    const store = new MemoryStore(recorded({ trades, depth }));
    await online(store);
    await offline(store, { settings: { resolutions: [{ name: '1h', seconds: 3_600 }] } });
    expect(manifestIn(store.objects).outputs.map(({ rows }) => rows)).toEqual([1_440, 24]);
    expect(barsIn(store.objects)).toBe(truth.bars);
  });
});

describe('chunks that come after the day was archived', () => {
  it('lead to a zip of old and new', async () => {
    const early = trades.slice(0, 900);
    const late = trades.slice(900);
    const store = new MemoryStore(recorded({ trades: early, depth }));
    await offline(store);
    withRaw(store, recorded({ trades: late, writer: 'b' }));
    await online(store);
    expectWhole(store.objects, truth);
    expect(manifestIn(store.objects).trades.repaired).toBe(0);
    expect(archivedIds(store.objects, 'b')).toEqual(late.map(({ id }) => id));
    expect(namesIn(store.objects, 'raw/')).toEqual([]);
  });

  it('fill holes without asking the exchange for trades', async () => {
    const store = new MemoryStore(recorded({ trades: without(5, 6, 700), depth }));
    await offline(store);
    withRaw(store, recorded({ trades, writer: 'b' }));
    await online(store);
    expectWhole(store.objects, truth);
    expect(asked.filter((what) => what === 'aggTrades by id')).toHaveLength(2); // one for each end of the day
  });

  it('are told of the rows they share with those that were there', async () => {
    const store = new MemoryStore(recorded({ trades, depth }));
    await online(store);
    withRaw(store, recorded({ trades, writer: 'b' }));
    await online(store);
    expectWhole(store.objects, truth);
    expect(manifestIn(store.objects).trades).toMatchObject({
      rows: trades.length,
      duplicates: trades.length,
    });
  });
});

describe('a hole', () => {
  it('that a second writer can fill is filled from there', async () => {
    const store = new MemoryStore(
      new Map([
        ...recorded({ trades: without(5, 6, 700), depth }),
        ...recorded({ trades: trades.slice(0, 800), writer: 'b' }),
      ]),
    );
    await online(store);
    expect(manifestIn(store.objects)).toMatchObject({
      verdict: 'complete',
      trades: { repaired: 0, missing: [] },
    });
    expect(barsIn(store.objects)).toBe(truth.bars);
    expect(archivedIds(store.objects, REPAIR_WRITER)).toEqual([]);
    expect(asked.filter((what) => what === 'aggTrades by id')).toHaveLength(2);
  });

  it('that the archive can fill is filled from there', async () => {
    const store = new MemoryStore(recorded({ trades, depth }));
    await online(store);
    withRaw(store, recorded({ trades: without(5, 6, 700), writer: 'b' }));
    asked = [];
    await online(store);
    expect(manifestIn(store.objects)).toMatchObject({
      verdict: 'complete',
      trades: { repaired: 0, missing: [] },
    });
    expect(barsIn(store.objects)).toBe(truth.bars);
    expect(asked).toEqual([]);
  });

  it('that a rejected row left does not count when another writer holds its id', async () => {
    const lines = trades.slice(0, 3).map(tradeLine);
    const damaged = lines.map((line, index) => (index === 1 ? line.replace(/,\d+\.\d+,/, ',12.x4,') : line));
    const bad = chunkBytes('trades', damaged);
    const store = new MemoryStore(recorded({ trades, depth }));
    store.objects.set(`raw/${SYMBOL}/${DATE}/trades/00-00_b_0.csv.gz`, bad);
    await online(store);
    expect(manifestIn(store.objects)).toMatchObject({
      verdict: 'complete',
      reasons: [],
      rejected: { count: 1 },
    });
    expect(barsIn(store.objects)).toBe(truth.bars);
  });

  it('that a rejected row left is filled by the exchange, and told where it cannot be', async () => {
    const objects = recorded({ trades: without(1), depth });
    const line = tradeLine(trades[1] as Trade).replace(/,\d+\.\d+,/, ',12.x4,');
    objects.set(`raw/${SYMBOL}/${DATE}/trades/00-00_b_0.csv.gz`, chunkBytes('trades', [line]));
    const alone = new MemoryStore(objects);
    await offline(alone);
    expect(manifestIn(alone.objects).reasons).toContain(
      '1 rejected rows hold trade ids that no other row holds',
    );
    await online(alone);
    expect(manifestIn(alone.objects)).toMatchObject({ verdict: 'complete', rejected: { count: 1 } });
    expect(barsIn(alone.objects)).toBe(truth.bars);
  });

  it('is not what a rejected row of an id behind the last one leaves', async () => {
    const objects = recorded({ trades, depth });
    const line = tradeLine({ ...(trades[1] as Trade), id: 999_999_999_999 }).replace(/,\d+\.\d+,/, ',12.x4,');
    objects.set(`raw/${SYMBOL}/${DATE}/trades/00-00_b_0.csv.gz`, chunkBytes('trades', [line]));
    const store = new MemoryStore(objects);
    await online(store);
    expect(manifestIn(store.objects)).toMatchObject({
      verdict: 'complete',
      reasons: [],
      rejected: { count: 1 },
    });
  });
});

describe('a run never replaces more by less', () => {
  const stored = async (options: Options = {}): Promise<MemoryStore> => {
    const store = new MemoryStore(recorded({ trades: without(700), depth }));
    await online(store, options);
    return store;
  };
  const expectRefusal = async (store: MemoryStore, run: typeof online, why: string) => {
    const before = new Map(store.objects);
    const { code, log } = await run(store);
    expect(code).toBe(1);
    expect(log.map(({ message }) => message)).toContainEqual(expect.stringContaining(why));
    for (const [name, bytes] of before) expect(store.objects.get(name)?.equals(bytes)).toBe(true);
  };

  it('where the zip has vanished and some chunks came late', async () => {
    const store = await stored();
    store.objects.delete(`archive/${SYMBOL}/${DATE}_raw.zip`);
    withRaw(store, recorded({ trades: trades.slice(0, 50), writer: 'b' }));
    await expectRefusal(store, offline, 'refused');
  });

  it('where other rows came in the place of more than were lost', async () => {
    const store = new MemoryStore(recorded({ trades: trades.slice(0, 600), depth }));
    await offline(store);
    store.objects.delete(`archive/${SYMBOL}/${DATE}_raw.zip`);
    withRaw(store, recorded({ trades: trades.slice(500), depth, writer: 'b' }));
    await expectRefusal(store, offline, 'refused');
  });

  it('where the rows are there and their proof is lost', async () => {
    const store = await stored({ settings: { keepRaw: true } });
    store.objects.delete(`archive/${SYMBOL}/${DATE}_raw.zip`);
    await expectRefusal(store, offline, 'refused');
    await online(store); // and with the exchange the proof is had anew
    expectWhole(store.objects, truth);
  });

  it('where nothing is left of the day', async () => {
    const store = await stored();
    store.objects.delete(`archive/${SYMBOL}/${DATE}_raw.zip`);
    await expectRefusal(store, offline, 'nothing under');
  });

  it('and a chunk that differs from the archived one of its name is not taken for it', async () => {
    const store = await stored({ settings: { keepRaw: true } });
    const name = namesIn(store.objects, 'raw/').find((candidate) => candidate.includes('/trades/')) ?? '';
    store.objects.set(name, chunkBytes('trades', [tradeLine(trades[0] as Trade)]));
    await expectRefusal(store, offline, 'differs from');
  });

  it('and all that was archived is in the next zip', async () => {
    const store = await stored();
    const before = archivedTexts(store.objects);
    withRaw(store, recorded({ trades: trades.slice(10, 20), writer: 'c' }));
    await offline(store);
    const after = archivedTexts(store.objects);
    for (const [name, text] of before) if (name !== 'inputs.csv') expect(after.get(name)).toBe(text);
  });
});
