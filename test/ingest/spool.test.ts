import { appendFileSync, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Adoption } from '../../ingest/spool/adoption.ts';
import { openRunFolder, removeEmptyDays } from '../../ingest/spool/run-folder.ts';
import { Spool } from '../../ingest/spool/spool.ts';
import { type Stream, streamsOf } from '../../ingest/stream.ts';
import { createTally } from '../../ingest/tally.ts';
import { UsageError } from '../../shared/errors.ts';
import { createLog } from '../../shared/log.ts';
import { DEPTH_HEADER } from '../../shared/schema/depth.ts';
import { TRADE_HEADER } from '../../shared/schema/trade.ts';
import { openStore } from '../../shared/store/open.ts';
import type { Store } from '../../shared/store/store.ts';
import { fakeClock } from '../shared/fake-clock.ts';
import { temporaryFolder } from '../shared/temporary-folder.ts';

const NOON = Date.parse('2024-07-18T12:00:00Z');
const [TRADES] = streamsOf(['A'], 'market') as [Stream];
const [DEPTH] = streamsOf(['A'], 'public') as [Stream];

describe('the spool', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let lake: string;
  let spoolFolder: string;
  let store: Store;
  beforeEach(async () => {
    folder = await temporaryFolder();
    [lake, spoolFolder] = [join(folder.path, 'lake'), join(folder.path, 'spool')];
    await mkdir(lake);
    store = await openStore(lake, { writable: true });
  });
  afterEach(() => folder.remove());

  const storeUrl = 'lake';
  function logged() {
    const lines: { message: string }[] = [];
    return { lines, log: createLog('test', { write: (line) => void lines.push(JSON.parse(line)) }) };
  }

  async function start(writer = 'w', maxBytes = 1e9, ofStore: Pick<Store, 'url' | 'create'> = store) {
    const tally = createTally();
    const { lines, log } = logged();
    const clock = fakeClock(NOON);
    const runFolder = await openRunFolder({ spool: spoolFolder, writer, storeUrl }, { log, tally });
    const deps = { store: ofStore, tally, log, clock, monotonicMs: clock.now, random: () => 0 };
    const spool = new Spool({ run: runFolder, writer, maxBytes }, deps, () => {});
    const adoption = await Adoption.of(spoolFolder, storeUrl, { log, monotonicMs: clock.now });
    const adopt = async (): Promise<void> => {
      for (const run of await adoption.look()) await spool.adopt(run, () => void adoption.finish(run));
    };
    const finish = async (): Promise<void> => {
      spool.backlog.hurry();
      await spool.backlog.finished();
    };
    const release = async (): Promise<void> => {
      await adoption.release();
      await runFolder.release();
    };
    return {
      run: runFolder.path ?? '',
      runFolder,
      spool,
      tally,
      lines,
      clock,
      adoption,
      adopt,
      finish,
      release,
    };
  }

  /** A run of another recorder in this process, and what it adopts for a store. */
  async function openRun(writer: string): Promise<string> {
    const run = await openRunFolder(
      { spool: spoolFolder, writer, storeUrl },
      { log: logged().log, tally: createTally() },
    );
    return run.ready();
  }
  async function adoptFor(url: string): Promise<string[]> {
    const adoption = await Adoption.of(spoolFolder, url, { log: logged().log, monotonicMs: () => 0 });
    return (await adoption.look()).flatMap(({ files }) => files);
  }

  async function stored(): Promise<Record<string, string>> {
    const objects: Record<string, string> = {};
    for await (const { name } of store.list('raw/')) {
      const object = await store.read(name);
      objects[name] = gunzipSync(object?.bytes ?? '').toString();
    }
    return objects;
  }

  /** Files of a folder at any depth, by their paths in it. */
  async function filesIn(path: string): Promise<string[]> {
    const entries = await readdir(path, { withFileTypes: true, recursive: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
      .sort();
  }

  it('has rows on the disk after a write, and the store has them after the close', async () => {
    const { run, spool, finish, release } = await start();
    const rows = spool.open(TRADES, NOON, 0);
    rows.append(Buffer.from('1\n'));
    spool.write();
    const file = join(run, 'raw/A/2024-07-18/trades/12-00_w_0.csv');
    expect(await readFile(file, 'utf8')).toBe(`${TRADE_HEADER}\n1\n`);
    rows.append(Buffer.from('2\n'));
    rows.close(NOON + 60_000);
    await finish();
    expect(await stored()).toEqual({ 'raw/A/2024-07-18/trades/12-00_w_0.csv.gz': `${TRADE_HEADER}\n1\n2\n` });
    await release();
    expect(await readdir(spoolFolder)).toEqual([]);
  });

  it('keeps a closed chunk compressed on the disk until it is due, then stores and removes it', async () => {
    const { run, spool, clock } = await start();
    spool.open(TRADES, NOON, 0).close(NOON + 60_000);
    while (!existsSync(join(run, 'raw/A/2024-07-18/trades/12-00_w_0.csv.gz'))) {
      spool.write();
      await spool.persist();
      await new Promise(setImmediate);
    }
    spool.backlog.tick(NOON + 60_000);
    expect(await stored()).toEqual({});
    await clock.sleep(20_000);
    spool.backlog.tick(undefined);
    await spool.backlog.finished();
    expect(Object.keys(await stored())).toHaveLength(1);
    expect(await filesIn(run)).toEqual(['owner', 'store']);
  });

  it('writes a chunk of one gzip member, level 5 in a window of 4 KB, without a time in it', async () => {
    const { spool, finish } = await start();
    const rows = spool.open(DEPTH, NOON, 0);
    const lines = Array.from({ length: 500 }, (_, i) => `${NOON + i * 100},"[[${(i * i) % 977}.5,1]]",[]\n`);
    for (const line of lines) rows.append(Buffer.from(line));
    rows.close(NOON + 60_000);
    await finish();
    const object = await store.read('raw/A/2024-07-18/depth/12-00_w_0.csv.gz');
    const text = `${DEPTH_HEADER}\n${lines.join('')}`;
    expect(object?.bytes).toEqual(gzipSync(text, { level: 5, windowBits: 12 }));
    expect(object?.bytes.readUInt32LE(4)).toBe(0);
  });

  it('never overwrites: where a name is taken by other rows the next number is used', async () => {
    const name = (n: number) => `raw/A/2024-07-18/trades/12-00_w_${n}.csv.gz`;
    for (const n of [0, 1]) await store.create(name(n), gzipSync(`other ${n}`));
    const { spool, finish } = await start();
    const rows = spool.open(TRADES, NOON, 0);
    rows.append(Buffer.from('1\n'));
    rows.close(NOON + 60_000);
    await finish();
    expect(Object.values(await stored())).toEqual(['other 0', 'other 1', `${TRADE_HEADER}\n1\n`]);
  });

  it('goes on trying while the store is away', async () => {
    const { spool, tally, lines, finish } = await start();
    await rename(lake, `${lake}-away`);
    await writeFile(lake, '');
    const rows = spool.open(TRADES, NOON, 0);
    rows.append(Buffer.from('1\n'));
    rows.close(NOON + 60_000);
    spool.backlog.hurry();
    while (tally.storeFailures < 3) await new Promise(setImmediate);
    await rm(lake);
    await rename(`${lake}-away`, lake);
    await finish();
    expect(Object.values(await stored())).toEqual([`${TRADE_HEADER}\n1\n`]);
    expect(lines.map(({ message }) => message)).toEqual([
      expect.stringContaining('recording goes on into the spool'),
      'storing chunks again',
    ]);
  });

  it('takes nothing for stored when the disk refuses: the rows stay in memory and are stored from there', async () => {
    const { run, spool, tally, finish } = await start();
    await writeFile(join(run, 'raw'), 'no folder can be made here');
    const rows = spool.open(TRADES, NOON, 0);
    rows.append(Buffer.from('1\n'));
    spool.write();
    expect(tally.spoolFailures).toBe(1);
    rows.append(Buffer.from('2\n'));
    rows.close(NOON + 60_000);
    await finish();
    expect(Object.values(await stored())).toEqual([`${TRADE_HEADER}\n1\n2\n`]);
  });

  it('gives up the oldest snapshots first, then what comes, trades last, and never claims a silent minute for it', async () => {
    const { run, spool, tally, finish } = await start('w', 200);
    const open = [TRADES, DEPTH].map((stream) => spool.open(stream, NOON, 0));
    for (const rows of open) rows.append(Buffer.from(`${'x'.repeat(200)}\n`));
    spool.write();
    await new Promise(setImmediate);
    open[1]?.append(Buffer.from('shed\n'));
    open[0]?.append(Buffer.from('kept\n'));
    spool.open(DEPTH, NOON + 60_000, 0).append(Buffer.from('shed\n'));
    expect(tally.shed).toEqual({ trades: 0, depth: 2 });
    open[1]?.close(NOON + 60_000);
    while (spool.backlog.size > 0) {
      spool.write();
      await spool.persist();
      await new Promise(setImmediate);
    }
    expect(tally).toMatchObject({ shed: { trades: 0, depth: 3 }, shedChunks: 1 });
    open[0]?.close(NOON + 60_000);
    await finish();
    expect(Object.values(await stored())).toEqual([`${TRADE_HEADER}\n${'x'.repeat(200)}\nkept\n`]);
    expect(run).toBeTruthy();
  });

  describe('of a run that died', () => {
    /** A run folder as a killed process leaves it; this test's own process lives, so it names one that does not. */
    async function died(writer: string, files: Record<string, string | Buffer>): Promise<string> {
      const run = await openRun(writer);
      await writeFile(
        join(run, 'owner'),
        (await readFile(join(run, 'owner'), 'utf8')).replace(/^\d+/, '4194999'),
      );
      for (const [name, content] of Object.entries(files)) {
        await mkdir(dirname(join(run, name)), { recursive: true });
        await writeFile(join(run, name), content);
      }
      return run;
    }
    const TRADES_12 = 'raw/A/2024-07-18/trades/12-00_dead_0.csv';

    it('is stored under its own names, without an unfinished last line', async () => {
      const dead = await died('dead', {
        [TRADES_12]: `${TRADE_HEADER}\n1\n2\n3 unfini`,
        'raw/A/2024-07-18/depth/12-00_dead_0.csv.gz': gzipSync(`${DEPTH_HEADER}\n1\n`),
        'raw/A/2024-07-18/depth/12-01_dead_0.csv': DEPTH_HEADER,
        'raw/A/2024-07-18/depth/12-02_dead_0.csv': `${DEPTH_HEADER}\n`,
        'raw/A/2024-07-18/depth/12-03_dead_0.csv': '',
        'raw/A/2024-07-18/depth/12-03_dead_0.csv.part': 'half a gzip',
      });
      const { adopt, finish, release } = await start();
      await adopt();
      expect(existsSync(dead)).toBe(false);
      await finish();
      expect(await stored()).toEqual({
        'raw/A/2024-07-18/depth/12-00_dead_0.csv.gz': `${DEPTH_HEADER}\n1\n`,
        [`${TRADES_12}.gz`]: `${TRADE_HEADER}\n1\n2\n`,
      });
      await release();
      expect(await readdir(spoolFolder)).toEqual([]);
    });

    it('leaves nothing behind that was written while its chunks were removed', async () => {
      const names = Array.from(
        { length: 60 },
        (_, i) => `raw/A/2024-07-18/depth/12-${String(i).padStart(2, '0')}`,
      );
      await died(
        'dead',
        Object.fromEntries(names.map((name) => [`${name}_dead_0.csv`, `${DEPTH_HEADER}\n1\n`])),
      );
      const { spool, adopt, finish, release } = await start();
      await adopt();
      const finishing = finish();
      while (spool.backlog.size > 0) {
        void spool.persist();
        await new Promise(setImmediate);
      }
      await finishing;
      await release();
      expect(await readdir(spoolFolder)).toEqual([]);
    });

    it('is found again when the one who took it over dies too', async () => {
      await died('dead', { [TRADES_12]: `${TRADE_HEADER}\n1\n` });
      expect(await adoptFor(storeUrl)).toHaveLength(1);
      const [taken = ''] = await readdir(spoolFolder);
      await rename(join(spoolFolder, taken), join(spoolFolder, taken.replace(/~\d+/, '~4194999')));
      const { adopt, finish } = await start();
      await adopt();
      await finish();
      expect(Object.keys(await stored())).toEqual([`${TRADES_12}.gz`]);
    });

    it('is taken over by one recorder only, and a living one’s not at all', async () => {
      await died('dead', { [TRADES_12]: `${TRADE_HEADER}\n1\n` });
      const runs = await Promise.all(['a', 'b', 'c'].map(openRun));
      const adopted = await Promise.all(runs.map(() => adoptFor(storeUrl)));
      expect(adopted.flat()).toHaveLength(1);
      const others = (await readdir(spoolFolder)).filter((name) => !name.startsWith('dead~'));
      expect(others.sort()).toEqual(runs.map((run) => basename(run)).sort());
    });

    it('is left alone where its chunks belong to another store', async () => {
      await died('dead', { [TRADES_12]: `${TRADE_HEADER}\n1\n` });
      expect(await adoptFor('gs://another')).toEqual([]);
      expect(await readdir(spoolFolder)).toEqual(['dead']);
    });

    it('is left alone where a file is none of ours', async () => {
      await start();
      appendFileSync(join(spoolFolder, 'notes.txt'), 'mine');
      expect(await adoptFor(storeUrl)).toEqual([]);
      expect(await readdir(spoolFolder)).toContain('notes.txt');
    });
  });

  it('does not keep the empty folders of days gone by', async () => {
    const { run } = await start();
    for (const name of ['2024-07-17/trades', '2024-07-17/depth', '2024-07-18/depth', '2024-07-16/depth']) {
      await mkdir(join(run, 'raw/A', name), { recursive: true });
    }
    await writeFile(join(run, 'raw/A/2024-07-16/depth/12-00_w_0.csv'), 'waits');
    await removeEmptyDays(run, '2024-07-18');
    expect((await readdir(join(run, 'raw/A'))).sort()).toEqual(['2024-07-16', '2024-07-18']);
  });

  it('says so when it is no folder', async () => {
    await writeFile(spoolFolder, '');
    await expect(openRun('w')).rejects.toThrow(UsageError);
  });
});
