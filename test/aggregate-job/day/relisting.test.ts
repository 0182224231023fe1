// A symbol that is listed anew counts its ids from the start: both listings count in full, and the day is partial. Whatever else is out of
// order stays one counting.

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MINUTE_MS } from '../../../shared/time.ts';
import { MemoryStore } from '../../shared/store/memory-store.ts';
import type { Trade } from '../chunks.ts';
import { barsIn, manifestIn, runDay } from '../job.ts';
import { DAY_START, recorded } from '../market-day.ts';

/** Trade `id` at `minute` (parts of it count), its quantity its own. */
const trade = (id: number, minute: number, quantity = '1'): Trade => ({
  T: DAY_START + Math.round(minute * MINUTE_MS),
  price: '10',
  quantity,
  maker: false,
  id,
  first: id,
  last: id,
});
/** Ids from `from` to `to`, one a second from `minute` on. */
const listing = (from: number, to: number, minute: number, quantity = '1'): Trade[] =>
  Array.from({ length: to - from + 1 }, (_, i) => trade(from + i, minute + i / 60, quantity));

async function built(...writers: Trade[][]): Promise<MemoryStore> {
  const chunks = writers.flatMap((trades, w) => [
    ...recorded({ trades, writer: 'abc'[w] ?? 'z', chunkMinutes: 1 }),
  ]);
  const store = new MemoryStore(new Map(chunks));
  expect(await runDay({ store })).toMatchObject({ code: 0 });
  return store;
}

const restarts = ({ objects }: MemoryStore): string | undefined =>
  manifestIn(objects).reasons.find((reason) => reason.includes('started again'));
const cvd = ({ objects }: MemoryStore): string => manifestIn(objects).cvd;

describe('a relisting', () => {
  const old = listing(500, 699, 60);
  it.each<[what: string, first: Trade[], second: Trade[]]>([
    ['with smaller ids', old, listing(1, 100, 600, '3')],
    ['with ids that rise into the old ones', old, listing(1, 560, 600, '3')],
    ['with ids that rise past the old ones', old, listing(1, 900, 600, '3')],
    ['with the very same ids', old, listing(500, 699, 600, '3')],
    ['in the same quarter of an hour', listing(500, 599, 60), listing(450, 590, 66, '3')],
    ['after a minute without a trade', old, listing(1, 600, 60 + 199 / 60 + 1, '3')],
    ['with holes', old, listing(1, 900, 600, '3').filter(({ id }) => id % 7 !== 0)],
  ])('%s counts both listings', async (_, first, second) => {
    const store = await built([...first, ...second]);
    expect(restarts(store)).toBe('trade ids started again 1 times within the day');
    expect(manifestIn(store.objects)).toMatchObject({
      verdict: 'partial',
      trades: { rows: first.length + second.length, duplicates: 0, conflicts: 0, out_of_order: 0 },
    });
    expect(cvd(store)).toBe(String(first.length + 3 * second.length));
    const lines = barsIn(store.objects).split('\n');
    expect(lines[61]).toContain(',60,60,0,60,60,');
  });

  it('by two recorders counts each trade once', async () => {
    const day = [...old, ...listing(1, 900, 600, '3')];
    const store = await built(
      day,
      day.filter(({ id }) => id % 3 > 0),
    );
    expect(restarts(store)).toBe('trade ids started again 1 times within the day');
    expect(cvd(store)).toBe(String(200 + 3 * 900));
    expect(manifestIn(store.objects).trades).toMatchObject({ conflicts: 0, rows: 1_100 });
  });

  it('twice a day counts three listings', async () => {
    const store = await built([...old, ...listing(1, 900, 300), ...listing(1, 600, 800)]);
    expect(restarts(store)).toBe('trade ids started again 2 times within the day');
    expect(cvd(store)).toBe('1700');
  });
});

describe('what is no relisting', () => {
  /** A quiet market: a trade every two minutes. */
  const quiet = (count: number): Trade[] => Array.from({ length: count }, (_, i) => trade(100 + i, 2 * i));
  const swapped = (trades: Trade[], ...at: number[]): Trade[] => {
    const times = trades.map(({ T }) => T);
    for (const i of at) [times[i], times[i + 1]] = [times[i + 1] ?? 0, times[i] ?? 0];
    return trades.map((row, i) => ({ ...row, T: times[i] ?? 0 }));
  };

  it.each<[what: string, writers: Trade[][], conflicts: number]>([
    ['two trades minutes apart that are swapped', [swapped(quiet(60), 20)], 0],
    ['trades swapped around the edge of a window', [swapped(quiet(60), 7, 14, 22)], 0],
    ['the last two trades swapped', [swapped(quiet(60), 58)], 0],
    ['the first two trades swapped', [swapped(quiet(60), 0)], 0],
    ['a trade that comes an hour late', [[...quiet(60).filter(({ id }) => id !== 120), trade(120, 71)]], 0],
    ['a row of another writer with a time an hour late', [quiet(60), [trade(120, 71)]], 1],
    [
      'a second recorder that has every third trade',
      [quiet(60), quiet(60).filter(({ id }) => id % 3 === 0)],
      0,
    ],
    ['two recorders, each with the hours the other lacks', [quiet(60).slice(0, 30), quiet(60).slice(30)], 0],
  ])('%s', async (_, writers, conflicts) => {
    const store = await built(...writers);
    expect(restarts(store)).toBeUndefined();
    expect(manifestIn(store.objects).trades).toMatchObject({ rows: 60, missing: [], conflicts });
    expect(cvd(store)).toBe('60');
  });

  it('trades in any order as long as each is near its place', async () => {
    const order = fc.array(fc.nat(3), { minLength: 50, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(order, async (late) => {
        const trades = late.map((steps, i) => trade(100 + i, 2 * (i + steps) + i / 1_000));
        const store = await built(trades);
        expect(restarts(store)).toBeUndefined();
        expect(manifestIn(store.objects).trades).toMatchObject({ rows: 50, missing: [] });
      }),
      { numRuns: 5 },
    );
  });
});
