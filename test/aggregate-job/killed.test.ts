import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openFolderStore } from '../../shared/store/folder/folder.ts';
import { systemClock } from '../../shared/time.ts';
import { type Exchange, startExchange } from '../../simulator/exchange.ts';
import { MemoryStore } from '../shared/store/memory-store.ts';
import { temporaryFolder } from '../shared/temporary-folder.ts';
import { archivedTexts } from './archived-rows.ts';
import type { Step } from './child/fatal-store.ts';
import { isGone, namesIn, type Objects, resultsIn, runDay, zipIn } from './job.ts';
import { bookOfDay, DATE, MORNING_AFTER, quietMarket, recorded, SYMBOL, tradesOfDay } from './market-day.ts';
import { seededRandom } from './repair/holes.ts';
import { contentOf } from './run-job.ts';

const isFull = process.env['TAPELAKE_FAULTS'] === 'full';
const JOB = resolve(import.meta.dirname, 'child/job.ts');
const PREFIX = `raw/${SYMBOL}/${DATE}/`;

const market = quietMarket();
const trades = tradesOfDay(market).filter((_, index) => ![5, 6, 700].includes(index));
/** A small day of two dozen chunks, with holes that take two chunks to repair. */
const chunks = recorded({ trades, depth: bookOfDay(), chunkMinutes: 120 });

let exchange: Exchange;
let undisturbed: Record<string, string>;
let steps: Step[];

beforeAll(async () => {
  exchange = await startExchange({
    source: market,
    speed: 'max',
    clockMs: MORNING_AFTER,
    weightLimit: Number.POSITIVE_INFINITY,
  });
  await inFolder(async (folder) => {
    const { code, output } = await job(folder, 'never', 0);
    expect(code).toBe(0);
    steps = output
      .trim()
      .split('\n')
      .map((line): Step => JSON.parse(line));
    undisturbed = resultsIn(await objectsIn(folder));
  });
});
afterAll(() => exchange.close());

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await temporaryFolder();
  try {
    for (const [name, bytes] of chunks) {
      await mkdir(dirname(join(folder.path, name)), { recursive: true });
      await writeFile(join(folder.path, name), bytes);
    }
    await work(folder.path);
  } finally {
    await folder.remove();
  }
}

/** Runs the job in a process of its own, which kills itself after the step of that kind and number. */
async function job(folder: string, kind: string, at: number) {
  const child = spawn(process.execPath, [JOB, folder, exchange.url, kind, String(at)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = text(child.stdout);
  const [code, signal] = await once(child, 'close');
  return { code, signal, output: await output };
}

const objectsIn = async (folder: string): Promise<Objects> =>
  contentOf(await openFolderStore(folder, { writable: false }));

/** Every chunk that was recorded lies in the raw store or in the zip, as it was. */
function expectNothingLost(objects: Objects): void {
  const entries = [...objects.keys()].some((name) => name.endsWith('.zip'))
    ? archivedTexts(objects)
    : new Map();
  for (const [name, bytes] of chunks) {
    if (objects.has(name)) expect(objects.get(name)).toEqual(bytes);
    else expect(entries.get(name.slice(PREFIX.length, -'.gz'.length))).toBe(gunzipSync(bytes).toString());
  }
}

async function expectMended(kind: Step['kind'], at: number): Promise<void> {
  await inFolder(async (folder) => {
    expect((await job(folder, kind, at)).signal).toBe('SIGKILL');
    expectNothingLost(await objectsIn(folder));
    const store = await openFolderStore(folder, { writable: true });
    const { code, log } = await runDay({
      store,
      url: exchange.url,
      lease: { clock: systemClock, isGone },
    });
    expect({ code, log }).toEqual({ code: 0, log: [] });
    const objects = await objectsIn(folder);
    expect(resultsIn(objects)).toEqual(undisturbed);
    expect(namesIn(objects, 'raw/')).toEqual([]);
    expect(namesIn(objects, 'leases/')).toEqual([]);
  });
}

describe('a job that is killed', () => {
  /** In the short form after the first step of every kind (lease, repair, bars, zip, manifest, deletion) and after the last. */
  function mutations(): number[] {
    const names = steps.filter(({ kind }) => kind === 'mutation').map(({ name }) => name);
    if (isFull) return names.map((_, index) => index + 1);
    const kinds = names.map((name) => /repair|json|csv$|zip|raw/.exec(name)?.[0]);
    const firsts = kinds.flatMap((kind, index) => (kinds.indexOf(kind) === index ? [index + 1] : []));
    return [...firsts, names.findIndex((name) => name.endsWith('manifest.json')) + 1, names.length];
  }

  it('right after any change in the store leaves a day that the next run makes whole', async () => {
    expect(steps.filter(({ kind }) => kind === 'mutation').length).toBeGreaterThan(30);
    for (const at of mutations()) await expectMended('mutation', at);
  }, 600_000);

  it('at any read leaves a day that the next run makes whole', async () => {
    const random = seededRandom(3);
    const reads = steps.filter(({ kind }) => kind === 'read').length;
    for (let i = 0; i < (isFull ? 20 : 2); i++) await expectMended('read', 1 + Math.floor(random() * reads));
  }, 600_000);
});

describe('two jobs of the same day', () => {
  it('started together do one day', async () => {
    for (let round = 0; round < (isFull ? 20 : 2); round++) {
      await inFolder(async (folder) => {
        const both = await Promise.all([job(folder, 'never', 0), job(folder, 'never', 0)]);
        expect(both.map(({ code }) => code)).toEqual([0, 0]);
        const objects = await objectsIn(folder);
        expect(resultsIn(objects)).toEqual(undisturbed);
        expect(namesIn(objects, 'raw/')).toEqual([]);
      });
    }
  }, 600_000);

  it.each(isFull ? Array.from({ length: 100 }, (_, seed) => seed) : [6, 51, 63])(
    'do no harm where the lease keeps neither from working, with chunks that come in between (seed %d)',
    async (seed) => {
      const random = seededRandom(seed);
      const store = new MemoryStore(chunks);
      const late = [...recorded({ trades: trades.slice(40, 60), writer: 'late', chunkMinutes: 120 })];
      const run = (maxTurns = 0) =>
        runDay({
          store: slowStore(store, random, maxTurns),
          url: exchange.url,
          lease: { isGone: () => true },
        });
      const slow = run(20);
      await turns(random() * 800);
      for (const [name, bytes] of late) store.objects.set(name, bytes);
      await Promise.all([slow, run(2), run(random() * 20)]);
      expect((await run()).code).toBe(0);
      expect((await run()).code).toBe(0);
      const entries = archivedTexts(store.objects);
      for (const [name, bytes] of [...chunks, ...late])
        expect(entries.get(name.slice(PREFIX.length, -'.gz'.length))).toBe(gunzipSync(bytes).toString());
      expect(zipIn(store.objects).length).toBeGreaterThan(0);
      expect(resultsIn(store.objects)[`aggregated/${SYMBOL}/${DATE}_1m.csv`]).toBe(
        undisturbed[`aggregated/${SYMBOL}/${DATE}_1m.csv`],
      );
    },
  );
});

/** A store whose every call takes some turns of the event loop before and after. */
function slowStore(store: MemoryStore, random: () => number, maxTurns: number): MemoryStore {
  const slow = (): Promise<void> => turns(random() * maxTurns);
  return new Proxy(store, {
    get(target, property) {
      const value = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      const call = value.bind(target);
      if (property === 'list') return call;
      return async (...args: unknown[]) => {
        await slow();
        const result = await call(...args);
        await slow();
        return result;
      };
    },
  });
}

async function turns(count: number): Promise<void> {
  for (let turn = 1; turn <= count; turn++) await new Promise(setImmediate);
}
