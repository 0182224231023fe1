// The job as the tasks of an execution, over a folder.

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  chunkObjectName,
  manifestObjectName,
  planMarkName,
  rawPrefix,
} from '../../../shared/lake/object-names.ts';
import { openFolderStore } from '../../../shared/store/folder/folder.ts';
import type { Store } from '../../../shared/store/store.ts';
import { dayStartMs } from '../../../shared/time.ts';
import { temporaryFolder } from '../../shared/temporary-folder.ts';
import { writeRows } from '../chunks.ts';
import { runOffline } from '../offline-run.ts';

const DATE = '2024-07-18';
const NOW = '2024-07-19T01:00:00Z';
/** The smallest daily file. */
const ONE_FILE = ['--resolutions', '1h'];
const SYMBOLS = ['AUSDT', 'BUSDT', 'CUSDT'];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: Store;
beforeEach(async () => {
  folder = await temporaryFolder();
  store = await openFolderStore(folder.path, { writable: true });
  for (const symbol of SYMBOLS) await record(symbol);
});
afterEach(() => folder.remove());

async function record(symbol: string): Promise<void> {
  const T = dayStartMs(DATE) + 43_200_000;
  await writeRows(store, symbol, 'a', {
    trades: [{ T, price: '10.5', quantity: '2', maker: false, id: 7, first: 9, last: 9 }],
  });
}

const task = (index: number, count: number) => ({ execution: 'job-x1', index, count });
const isBuilt = async (symbol: string): Promise<boolean> =>
  (await store.stat(manifestObjectName(symbol, DATE))) !== undefined;
const built = (lines: { [key: string]: unknown }[]): unknown[] =>
  lines.filter(({ step }) => step === 'write').map(({ work }) => String(work).replace(/^\d+\/\d+ /, ''));

describe('the job as tasks of an execution', () => {
  it('builds every symbol-day once, also when a task finds the others’ chunks gone', async () => {
    const all: unknown[] = [];
    for (const index of [0, 1]) {
      const { code, lines } = await runOffline(store, ONE_FILE, { now: NOW, task: task(index, 2) });
      expect(code).toBe(0);
      all.push(...built(lines));
    }
    expect(all.sort()).toEqual(SYMBOLS.map((symbol) => `${symbol} ${DATE}`));
    for await (const { name } of store.list(rawPrefix())) throw new Error(`${name} was left`);
  });

  it('builds the other days when a note that one is done cannot be stored', async () => {
    const create = store.create.bind(store);
    store.create = async (name, body) => {
      if (name === planMarkName('job-x1', 'AUSDT', DATE)) throw new Error(`create ${name}: no space left`);
      return create(name, body);
    };
    const { code, lines } = await runOffline(store, ONE_FILE, { now: NOW, task: task(0, 1) });
    expect([code, built(lines)]).toEqual([0, SYMBOLS.map((symbol) => `${symbol} ${DATE}`)]);
    const warnings = lines.filter(({ severity }) => severity === 'WARNING').map(({ message }) => message);
    expect(warnings).toContainEqual(expect.stringContaining('no space left'));
  });

  it('fails when a day does, and does only that day when it is tried again', async () => {
    const broken = chunkObjectName('BUSDT', DATE, { kind: 'trades', minute: 720, writer: 'a', n: 0 });
    await store.create(manifestObjectName('BUSDT', DATE), Buffer.from('{"schema_version": 99}'));
    const first = await runOffline(store, ONE_FILE, { now: NOW, task: task(0, 1) });
    expect([first.code, built(first.lines)]).toEqual([1, [`AUSDT ${DATE}`, `CUSDT ${DATE}`]]);
    expect(await store.stat(broken)).toBeDefined();
    expect(await store.stat(planMarkName('job-x1', 'AUSDT', DATE))).toBeDefined();

    const manifest = await store.stat(manifestObjectName('BUSDT', DATE));
    await store.remove(manifestObjectName('BUSDT', DATE), manifest?.generation ?? '');
    const second = await runOffline(store, ONE_FILE, { now: NOW, task: task(0, 1) });
    expect([second.code, built(second.lines)]).toEqual([0, [`BUSDT ${DATE}`]]);
    expect(await isBuilt('BUSDT')).toBe(true);
  });

  it('leaves nothing to a task beyond the symbols, and tells an asked day that nobody has', async () => {
    await runOffline(store, ONE_FILE, { now: NOW, task: task(0, 9) });
    expect(await runOffline(store, ONE_FILE, { now: NOW, task: task(8, 9) })).toMatchObject({
      code: 0,
      lines: [],
    });
    const empty = await runOffline(store, ['--date', '2024-07-01'], {
      now: NOW,
      task: { execution: 'job-x2', index: 0, count: 1 },
    });
    expect(empty).toMatchObject({ code: 1, lines: [{ severity: 'ERROR' }] });
  });

  it('plans a range of days from zips when there are no chunks', async () => {
    await runOffline(store, ONE_FILE, { now: NOW });
    const { code, lines } = await runOffline(store, [...ONE_FILE, '--from', DATE, '--to', DATE], {
      now: NOW,
      task: task(0, 1),
    });
    expect([code, built(lines)]).toEqual([0, SYMBOLS.map((symbol) => `${symbol} ${DATE}`)]);
  });
});
