import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { manifestObjectName } from '../../../shared/lake/object-names.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../shared/time.ts';
import { type Exchange, startExchange } from '../../../simulator/exchange.ts';
import { MemoryStore } from '../../shared/store/memory-store.ts';
import { barsIn, manifestIn, namesIn, type Run, restAt, runDay } from '../job.ts';
import {
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
import { runOffline } from '../offline-run.ts';

const market = quietMarket({ tradesPerSecond: 0.005 });
const trades = tradesOfDay(market);
const [before, after] = [tradesOfDay(market, DAY_BEFORE), tradesOfDay(market, DAY_AFTER)];

let exchange: Exchange;
let isAway: boolean;
beforeAll(async () => {
  exchange = await startExchange({
    source: market,
    speed: 'max',
    weightLimit: Number.POSITIVE_INFINITY,
    faults: { onAnswer: (_, answer) => (isAway ? { status: 418, headers: {}, body: '' } : answer) },
  });
});
afterAll(() => exchange.close());

let store: MemoryStore;
beforeEach(() => {
  store = new MemoryStore(
    new Map([before, trades, after].flatMap((rows) => [...recorded({ trades: rows })])),
  );
  isAway = false;
});

type Options = Pick<Run, 'rest' | 'settings'>;
const NIGHT_AFTER_NEXT = MORNING_AFTER + DAY_MS;
const run = (nowMs: number, options: Options = {}) => {
  exchange.setClock(nowMs);
  return runDay({
    store,
    rest: restAt(exchange.url),
    nowMs,
    ...options,
    settings: { from: undefined, to: undefined, symbols: 'all', ...options.settings },
  });
};
const verdicts = () =>
  Object.fromEntries(
    [DAY_BEFORE, DATE, DAY_AFTER]
      .filter((date) => store.objects.has(manifestObjectName(SYMBOL, date)))
      .map((date) => [date, manifestIn(store.objects, date).verdict]),
  );
/** When the results were made, by the order of the store's writes of manifests. */
function orderOfDays(): string[] {
  return [...store.objects.keys()].filter((name) => name.endsWith('manifest.json'));
}

describe('without a date the job', () => {
  it('builds every closed day that has chunks, oldest first, each seeding the next', async () => {
    expect((await run(NIGHT_AFTER_NEXT)).code).toBe(0);
    expect(orderOfDays()).toEqual(
      [DAY_BEFORE, DATE, DAY_AFTER].map((date) => manifestObjectName(SYMBOL, date)),
    );
    expect(manifestIn(store.objects).seed).toEqual({
      close: manifestIn(store.objects, DAY_BEFORE).close,
      source: 'manifest',
    });
    // the day before began 72 h ago, and the exchange no longer knows how
    expect(verdicts()).toEqual({ [DAY_BEFORE]: 'partial', [DATE]: 'complete', [DAY_AFTER]: 'complete' });
    expect(namesIn(store.objects, 'raw/')).toEqual([]);
  });

  it('leaves a day alone that is not closed yet', async () => {
    await run(DAY_START + 2 * DAY_MS + 10 * MINUTE_MS - 1);
    expect(Object.keys(verdicts())).toEqual([DAY_BEFORE, DATE]);
    await run(DAY_START + 2 * DAY_MS + 10 * MINUTE_MS);
    expect(Object.keys(verdicts())).toEqual([DAY_BEFORE, DATE, DAY_AFTER]);
  });

  it('mends a partial day as long as the exchange keeps its trades, and asks about no complete one', async () => {
    store = new MemoryStore(recorded({ trades }));
    isAway = true;
    await run(MORNING_AFTER);
    expect(verdicts()).toEqual({ [DATE]: 'partial' });
    isAway = false;
    await run(MORNING_AFTER + 13 * HOUR_MS);
    expect(verdicts()).toEqual({ [DATE]: 'complete' });
    const mended = store.objects.get(manifestObjectName(SYMBOL, DATE));
    const { log } = await run(MORNING_AFTER + 14 * HOUR_MS);
    expect(log.map(({ message }) => message)).toEqual([expect.stringContaining('nothing to do')]);
    expect(store.objects.get(manifestObjectName(SYMBOL, DATE))).toBe(mended);
  });

  it('does not come back to a partial day that the exchange no longer keeps', async () => {
    isAway = true;
    await run(MORNING_AFTER);
    isAway = false;
    const old = store.objects.get(manifestObjectName(SYMBOL, DAY_BEFORE));
    await run(DAY_START + 2 * DAY_MS + HOUR_MS);
    expect(store.objects.get(manifestObjectName(SYMBOL, DAY_BEFORE))).toBe(old);
  });

  it('takes late chunks of a day that was done', async () => {
    store = new MemoryStore(recorded({ trades: trades.slice(0, 100) }));
    await run(MORNING_AFTER, { rest: undefined });
    for (const [name, bytes] of recorded({ trades, writer: 'b' })) store.objects.set(name, bytes);
    await run(MORNING_AFTER + HOUR_MS, { rest: undefined });
    expect(manifestIn(store.objects).trades.rows).toBe(trades.length);
  });

  it('builds the next day anew where late chunks gave a day another close', async () => {
    const cut = trades.slice(0, -3);
    store = new MemoryStore(new Map([...recorded({ trades: cut }), ...recorded({ trades: after })]));
    await run(NIGHT_AFTER_NEXT, { rest: undefined });
    const [wrong, right] = [cut.at(-1)?.price ?? '', trades.at(-1)?.price ?? ''];
    expect(Number(wrong)).not.toBe(Number(right));
    expect(Number(manifestIn(store.objects, DAY_AFTER).seed.close)).toBe(Number(wrong));
    for (const [name, bytes] of recorded({ trades, writer: 'late' })) store.objects.set(name, bytes);
    await run(NIGHT_AFTER_NEXT + 30 * DAY_MS, { rest: undefined });
    expect(Number(manifestIn(store.objects).close)).toBe(Number(right));
    expect(Number(manifestIn(store.objects, DAY_AFTER).seed.close)).toBe(Number(right));
  });

  it('counts the days it set out to build, without the next days that they outdate', async () => {
    store = new MemoryStore(
      new Map([...recorded({ trades: trades.slice(0, -3) }), ...recorded({ trades: after })]),
    );
    const now = '2024-08-01T00:00:00Z';
    await runOffline(store, [], { now });
    for (const [name, bytes] of recorded({ trades, writer: 'late' })) {
      store.objects.set(name, bytes);
      store.objects.set(name.replace(SYMBOL, 'ETHUSDT'), bytes);
    }
    const { lines } = await runOffline(store, [], { now });
    const works = lines.flatMap(({ work }) => (work === undefined ? [] : [String(work)]));
    expect([...new Set(works)]).toEqual([
      `1/2 ${SYMBOL} ${DATE}`,
      `${SYMBOL} ${DAY_AFTER}, outdated by ${DATE}`,
      `2/2 ETHUSDT ${DATE}`,
    ]);
  });

  it.each([
    ['without a date', []],
    ['in a range of days', ['--from', DATE, '--to', DATE]],
  ])('builds no symbol %s that could not be named, and says so', async (_, flags) => {
    store = new MemoryStore(recorded({ trades }));
    for (const [name, bytes] of recorded({ trades }))
      store.objects.set(name.replace(SYMBOL, 'BTC USDT'), bytes);
    const { code, lines } = await runOffline(store, flags, { now: '2024-07-20T00:00:00Z' });
    expect(code).toBe(0);
    expect(namesIn(store.objects, 'aggregated/').every((name) => name.includes(`/${SYMBOL}/`))).toBe(true);
    expect(namesIn(store.objects, 'raw/BTC USDT/')).not.toEqual([]);
    expect(lines.filter(({ severity }) => severity === 'WARNING').map(({ message }) => message)).toContain(
      'raw/BTC USDT/ is passed over: no symbol has such a name',
    );
  });

  it('has nothing to do where there is nothing', async () => {
    store = new MemoryStore();
    const { code, log } = await run(MORNING_AFTER);
    expect(code).toBe(0);
    expect(log.map(({ message }) => message)).toEqual([expect.stringContaining('nothing to do')]);
  });
});

describe('a day that fails', () => {
  const break_ = (name: string) => store.objects.set(name, Buffer.from('{'));

  it('does not keep the others from being built', async () => {
    break_(manifestObjectName(SYMBOL, DATE));
    const { code, log } = await run(NIGHT_AFTER_NEXT);
    expect(code).toBe(1);
    expect(log.map(({ message }) => message)).toContainEqual(
      expect.stringContaining(`read ${manifestObjectName(SYMBOL, DATE)}`),
    );
    expect(manifestIn(store.objects, DAY_BEFORE).trades.rows).toBe(before.length);
    expect(manifestIn(store.objects, DAY_AFTER)).toMatchObject({
      verdict: 'complete',
      seed: { source: 'kline' },
    });
  });

  it('is told for itself where another symbol has a manifest that cannot be read', async () => {
    break_(manifestObjectName('ETHUSDT', DATE));
    const { code, log } = await run(NIGHT_AFTER_NEXT);
    expect(code).toBe(1);
    expect(log.filter(({ symbol, severity }) => symbol === 'ETHUSDT' && severity === 'ERROR')).toHaveLength(
      1,
    );
    expect(verdicts()).toMatchObject({ [DATE]: 'complete' });
  });

  it('does not come from chunks of the next day that vanish while they are looked at', async () => {
    const vanishing = new MemoryStore(store.objects);
    const read = vanishing.read.bind(vanishing);
    vanishing.read = async (name, range) => (name.includes(`/${DAY_AFTER}/`) ? undefined : read(name, range));
    exchange.setClock(MORNING_AFTER);
    const { code } = await runDay({ store: vanishing, url: exchange.url });
    expect(code).toBe(0);
    expect(manifestIn(vanishing.objects).verdict).toBe('complete');
  });
});

describe('a range of days', () => {
  const range = { settings: { from: DAY_BEFORE, to: DAY_AFTER } };

  it('is built in order from chunks, and rebuilt in order from zips to the same bytes', async () => {
    await run(NIGHT_AFTER_NEXT, range);
    const built = new Map(store.objects);
    expect(orderOfDays()).toHaveLength(3);
    await run(NIGHT_AFTER_NEXT + 700 * DAY_MS, { ...range, rest: undefined });
    expect(Object.fromEntries(store.objects)).toEqual(Object.fromEntries(built));
  });

  it('seeds every day with the one before, also when they are rebuilt from zips without results', async () => {
    await run(NIGHT_AFTER_NEXT, range);
    const bars = barsIn(store.objects, DAY_AFTER);
    for (const name of namesIn(store.objects, 'aggregated/')) store.objects.delete(name);
    await run(NIGHT_AFTER_NEXT, { ...range, rest: undefined });
    expect(barsIn(store.objects, DAY_AFTER)).toBe(bars);
  });

  it('goes on behind a day of which there is nothing', async () => {
    for (const name of namesIn(store.objects, `raw/${SYMBOL}/${DATE}/`)) store.objects.delete(name);
    expect((await run(NIGHT_AFTER_NEXT, range)).code).toBe(0);
    expect(Object.keys(verdicts())).toEqual([DAY_BEFORE, DAY_AFTER]);
  });

  it('that is not over yet is a mistake of the user', async () => {
    await expect(run(MORNING_AFTER, range)).rejects.toThrow(`--to ${DAY_AFTER}: this day is not closed yet`);
  });

  it('without anything in it fails', async () => {
    store = new MemoryStore();
    expect((await run(NIGHT_AFTER_NEXT, range)).code).toBe(1);
  });
});

describe('--strict', () => {
  it.each([
    [true, 1],
    [false, 0],
  ])('%s: a partial day ends the run with %d', async (strict, code) => {
    isAway = true;
    const settings = { strict, from: DATE, to: DATE };
    expect((await run(MORNING_AFTER, { settings })).code).toBe(code);
    isAway = false;
    expect((await run(MORNING_AFTER, { settings })).code).toBe(0);
  });
});
