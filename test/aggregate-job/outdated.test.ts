// What a build makes outdated in the days behind it is built anew, however the build was started.

import { beforeEach, describe, expect, it } from '@jest/globals';
import { runJob } from '../../aggregate-job/run.ts';
import { barsObjectName, manifestObjectName, planMarkName } from '../../shared/lake/object-names.ts';
import { addDays, DAY_MS } from '../../shared/time.ts';
import { MemoryStore } from '../shared/store/memory-store.ts';
import { type Trade, writeRows } from './chunks.ts';
import { jobContext, manifestIn, type Run, runDay } from './job.ts';
import { DATE, DAY_START, SYMBOL } from './market-day.ts';

const LATER = DAY_START + 30 * DAY_MS;
const [FIRST, SECOND, THIRD, FOURTH] = [DATE, addDays(DATE, 1), addDays(DATE, 2), addDays(DATE, 3)];

/** Trades of a day with these ids, an hour apart, each at a price of its own. */
function tradesOn(date: string, ids: number[]): Trade[] {
  return ids.map((id, i) => ({
    T: Date.parse(`${date}T00:00:00Z`) + (1 + i) * 3_600_000,
    price: `${id}.5`,
    quantity: '1',
    maker: false,
    id,
    first: id,
    last: id,
  }));
}

let store: MemoryStore;
beforeEach(() => {
  store = new MemoryStore();
});

const write = (date: string, ids: number[], writer = 'a'): Promise<void> =>
  writeRows(store, SYMBOL, writer, { trades: tradesOn(date, ids) });
const writeBook = (date: string): Promise<void> =>
  writeRows(store, SYMBOL, 'a', {
    depth: [{ T: Date.parse(`${date}T12:00:00Z`), u: 1, bids: [['1', '1']], asks: [['2', '1']] }],
  });
const HOURS = [{ name: '1h', seconds: 3600 }];
const run = (from?: string, options: Partial<Run> = {}) => {
  const settings = { symbols: [SYMBOL], from, to: from, resolutions: HOURS, ...options.settings };
  return runDay({ store, nowMs: LATER, ...options, settings });
};
const built = (date: string) => manifestIn(store.objects, date);
const seeds = (...dates: string[]): (string | null)[] => dates.map((date) => built(date).seed.close);

describe('a day that is mended with --date', () => {
  it('seeds the next day anew, and through a day without trades the one behind it', async () => {
    await write(FIRST, [1, 2]);
    await writeBook(SECOND);
    await writeBook(THIRD);
    await write(FOURTH, [4, 5]);
    await run();
    expect(seeds(SECOND, THIRD, FOURTH)).toEqual(['2.5', '2.5', '2.5']);
    await write(FIRST, [1, 2, 3], 'late');
    expect((await run(FIRST)).code).toBe(0);
    expect(seeds(SECOND, THIRD, FOURTH)).toEqual(['3.5', '3.5', '3.5']);
  });

  it('proves the first trade of the next day', async () => {
    await write(FIRST, [1, 2]);
    await write(SECOND, [4, 5]);
    await write(THIRD, [6, 7]);
    await run();
    expect(built(SECOND)).toMatchObject({ verdict: 'partial', trades: { expected_first_id: null } });
    await write(FIRST, [1, 2, 3], 'late');
    await run(FIRST);
    expect(built(SECOND)).toMatchObject({ verdict: 'complete', trades: { expected_first_id: 4 } });
  });

  it('and was not there before, seeds and proves a next day that was built without it', async () => {
    await write(SECOND, [3, 4]);
    await run(SECOND);
    expect(seeds(SECOND)).toEqual([null]);
    await write(FIRST, [1, 2]);
    await run(FIRST);
    expect(built(SECOND)).toMatchObject({ seed: { close: '2.5' }, trades: { expected_first_id: 3 } });
  });

  it('leaves a next day alone that says the same already, in however many digits', async () => {
    await writeRows(store, SYMBOL, 'a', {
      trades: tradesOn(SECOND, [3]).map((trade) => ({ ...trade, price: '3.125' })),
    });
    await write(FIRST, [1, 2]);
    await run();
    expect(seeds(SECOND)).toEqual(['2.500']);
    const before = store.objects.get(manifestObjectName(SYMBOL, SECOND));
    await run(FIRST);
    expect(store.objects.get(manifestObjectName(SYMBOL, SECOND))).toBe(before);
  });

  it('gives the next day no resolution it did not have', async () => {
    await write(FIRST, [1]);
    await write(SECOND, [3]);
    await run();
    await write(FIRST, [2], 'late');
    await run(FIRST, { settings: { resolutions: [{ name: '4h', seconds: 14_400 }] } });
    expect(seeds(SECOND)).toEqual(['2.5']);
    expect(store.objects.has(barsObjectName(SYMBOL, FIRST, '4h'))).toBe(true);
    expect(store.objects.has(barsObjectName(SYMBOL, SECOND, '4h'))).toBe(false);
  });

  it('is followed by what an ended run left undone', async () => {
    await write(FIRST, [1]);
    await write(SECOND, [3]);
    await run();
    const outdated = new Map(store.objects);
    await write(FIRST, [2], 'late');
    await run(FIRST);
    for (const [name, bytes] of outdated) if (name.includes(SECOND)) store.objects.set(name, bytes);
    expect(seeds(SECOND)).toEqual(['1.5']);
    await run(FIRST);
    expect(seeds(SECOND)).toEqual(['2.5']);
  });
});

describe('a run without a date', () => {
  it('makes up for a run that ended before it built the next day anew', async () => {
    await write(FIRST, [1]);
    await write(SECOND, [3]);
    await run();
    const name = manifestObjectName(SYMBOL, SECOND);
    const outdated = String(store.objects.get(name)).replace('"partial"', '"complete"'); // or it would be built in any case
    await write(FIRST, [2], 'late');
    await run(FIRST);
    store.objects.set(name, Buffer.from(outdated));
    const online = { url: 'http://127.0.0.1:9', nowMs: Date.parse(`${FOURTH}T01:00:00Z`) };
    await run(undefined, online);
    expect([seeds(SECOND), built(SECOND).verdict]).toEqual([['2.5'], 'partial']);
  });
});

describe('a run of many days', () => {
  it('counts the chosen ones, and tells of the others which day outdated them', async () => {
    await write(FIRST, [1]);
    await write(SECOND, [3]);
    await run();
    await write(FIRST, [2], 'late');
    await write(THIRD, [4]);
    const labels: string[] = [];
    const context = jobContext({ store, nowMs: LATER, settings: { from: undefined, to: undefined } });
    const showProgress: typeof context.showProgress = (label) => {
      labels.push(label);
      return context.showProgress(label);
    };
    expect(await runJob({ ...context, showProgress })).toBe(0);
    expect(labels).toEqual([
      `1/2 ${SYMBOL} ${FIRST}`,
      `${SYMBOL} ${SECOND}, outdated by ${FIRST}`,
      `2/2 ${SYMBOL} ${THIRD}`,
    ]);
  });

  it('builds a day once that comes later in any case', async () => {
    await write(FIRST, [1]);
    await write(SECOND, [3]);
    await run();
    await write(FIRST, [2], 'late');
    const log = (await run(undefined, { settings: { from: FIRST, to: SECOND } })).log;
    expect(log.filter(({ severity, verdict }) => severity === 'WARNING' && verdict).length).toBe(2);
    expect(seeds(SECOND)).toEqual(['2.5']);
  });

  it('goes on where the next day cannot be looked at, and fails', async () => {
    await write(FIRST, [1]);
    await write(SECOND, [3]);
    await writeRows(store, 'ETHUSDT', 'a', { trades: tradesOn(SECOND, [7]) });
    const read = store.read.bind(store);
    let reads = 0;
    store.read = async (name, range) => {
      if (name === manifestObjectName(SYMBOL, SECOND) && ++reads > 1) throw new Error('connection reset');
      return read(name, range);
    };
    expect((await run(undefined, { settings: { symbols: 'all', to: undefined } })).code).toBe(1);
    expect(store.objects.has(manifestObjectName('ETHUSDT', SECOND))).toBe(true);
  });

  it('as a task notes a day as done only when what it outdates is built anew', async () => {
    await write(FIRST, [1]);
    await write(SECOND, [3]);
    await run();
    await write(FIRST, [2], 'late');
    const settings = { from: FIRST, to: FIRST, resolutions: HOURS };
    const task = { execution: 'job-x1', index: 0, count: 1 };
    const replace = store.replace.bind(store);
    store.replace = async (name, body, generation) => {
      if (name === manifestObjectName(SYMBOL, SECOND)) throw new Error('connection reset');
      return replace(name, body, generation);
    };
    const mark = planMarkName('job-x1', SYMBOL, FIRST);
    expect(await runJob({ ...jobContext({ store, nowMs: LATER, settings }), task })).toBe(1);
    expect(store.objects.has(mark)).toBe(false);
    store.replace = replace;
    expect(await runJob({ ...jobContext({ store, nowMs: LATER, settings }), task })).toBe(0);
    expect(store.objects.has(mark)).toBe(true);
    expect(seeds(SECOND)).toEqual(['2.5']);
  });
});
