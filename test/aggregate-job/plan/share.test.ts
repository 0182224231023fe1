import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SymbolDate } from '../../../aggregate-job/plan/days.ts';
import { planTasks, planText } from '../../../aggregate-job/plan/plan.ts';
import { type Share, takeShare } from '../../../aggregate-job/plan/share.ts';
import { archiveObjectName, chunkObjectName, planObjectName } from '../../../shared/lake/object-names.ts';
import { openFolderStore } from '../../../shared/store/folder/folder.ts';
import type { Store } from '../../../shared/store/store.ts';
import { fakeClock } from '../../shared/fake-clock.ts';
import { temporaryFolder } from '../../shared/temporary-folder.ts';

const DATES = ['2024-07-18', '2024-07-19'];
const COUNT = 4;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: Store;
beforeEach(async () => {
  folder = await temporaryFolder();
  store = await openFolderStore(folder.path, { writable: true });
});
afterEach(() => folder.remove());

const chunkName = (symbol: string, date: string): string =>
  chunkObjectName(symbol, date, { kind: 'trades', minute: 0, writer: 'a', n: 0 });

/** Raw days of different sizes; returns what an execution over all of them is to do. */
async function recordDays(symbols: number): Promise<SymbolDate[]> {
  const days = Array.from({ length: symbols }, (_, i) =>
    DATES.map((date) => ({ symbol: `S${i}`, date })),
  ).flat();
  for (const [i, { symbol, date }] of days.entries())
    await store.create(chunkName(symbol, date), Buffer.alloc(1 + i));
  return days;
}

async function take(index: number, choose: () => Promise<SymbolDate[]>, clock = fakeClock()): Promise<Share> {
  return takeShare(
    { execution: 'run-1', index, count: COUNT },
    { raw: store, results: store, clock, listsAtOnce: 4, choose },
  );
}

const listed = async (): Promise<SymbolDate[]> => {
  throw new Error('the store was listed a second time');
};
const text = (days: SymbolDate[]): string[] => days.map(({ symbol, date }) => `${symbol} ${date}`).sort();

describe('takeShare', () => {
  it('does every symbol-day once although chunks vanish between the starts of the tasks', async () => {
    const days = await recordDays(9);
    const taken: SymbolDate[] = [];
    for (let index = 0; index < COUNT; index++) {
      const share = await take(index, index === 0 ? async () => days : listed);
      expect(share.plannedDays).toBe(days.length);
      taken.push(...share.days);
      for (const { symbol, date } of share.days) {
        const chunk = await store.stat(chunkName(symbol, date));
        await store.remove(chunkName(symbol, date), chunk?.generation ?? '');
      }
    }
    expect(text(taken)).toEqual(text(days));
  });

  it('agrees on one plan when all tasks start at the same moment and see different worlds', async () => {
    const days = await recordDays(9);
    for (let round = 0; round < 5; round++) {
      const plan = await store.stat(planObjectName('run-1'));
      if (plan) await store.remove(plan.name, plan.generation);
      const shares = await Promise.all(
        Array.from({ length: COUNT }, (_, index) =>
          take(index, async () => days.slice(0, days.length - 2 * index)),
        ),
      );
      const planned = new Set(shares.map(({ plannedDays }) => plannedDays));
      expect(planned.size).toBe(1);
      const done = text(shares.flatMap((share) => share.days));
      expect(done).toEqual(text(days.slice(0, [...planned][0])));
    }
  });

  it('leaves out on a retry what the task did before, and nothing else', async () => {
    const days = await recordDays(9);
    const first = await take(0, async () => days);
    const [done, ...left] = first.days;
    if (done) await first.finished(done);
    expect((await take(0, listed)).days).toEqual(left);
    expect(left.length).toBeGreaterThan(0);
    for (const day of left) await first.finished(day);
    expect((await take(0, listed)).days).toEqual([]);
    expect((await take(1, listed)).days.length).toBeGreaterThan(0);
  });

  it('waits for the first task, and makes the plan itself when that does not come', async () => {
    const days = await recordDays(2);
    const clock = fakeClock();
    const share = await take(2, async () => days, clock);
    expect(share.plannedDays).toBe(days.length);
    expect(clock.sleptMs.reduce((sum, ms) => sum + ms, 0)).toBe(180_000);
    const late = fakeClock();
    await take(3, listed, late);
    expect(late.sleptMs).toEqual([]);
  });

  it('shares by the bytes of chunks and zips, and counts no other day', async () => {
    await store.create(chunkName('A', DATES[0] ?? ''), Buffer.alloc(100));
    await store.create(chunkName('A', '2024-07-30'), Buffer.alloc(9_999));
    await store.create(archiveObjectName('B', DATES[1] ?? ''), Buffer.alloc(50));
    await store.create(archiveObjectName('B', '2024-07-30'), Buffer.alloc(9_999));
    await take(0, async () => ['A', 'B'].flatMap((symbol) => DATES.map((date) => ({ symbol, date }))));
    const stored = await store.read(planObjectName('run-1'));
    expect(stored?.bytes.toString()).toBe(
      planText(
        planTasks(
          [
            { symbol: 'A', dates: DATES, bytes: 100 },
            { symbol: 'B', dates: DATES, bytes: 50 },
          ],
          COUNT,
        ),
      ),
    );
  });

  it('gives nothing to do to more tasks than symbols, and to an empty plan', async () => {
    const shares = [];
    for (let index = 0; index < COUNT; index++) shares.push(await take(index, async () => []));
    expect(shares.map(({ days, plannedDays }) => [days, plannedDays])).toEqual(Array(COUNT).fill([[], 0]));
  });

  it('refuses a plan it cannot read', async () => {
    await store.create(planObjectName('run-1'), Buffer.from('{}'));
    await expect(take(0, listed)).rejects.toThrow('read plan plans/run-1.json: its schema_version is not 1');
  });
});
