import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Stream, streamsOf } from '../../../ingest/frame/stream.ts';
import { createTally } from '../../../ingest/health/tally.ts';
import { Adoption } from '../../../ingest/spool/adoption.ts';
import { openRunFolder, removeEmptyDays } from '../../../ingest/spool/run-folder.ts';
import { Spool } from '../../../ingest/spool/spool.ts';
import { UsageError } from '../../../shared/errors.ts';
import { DEPTH_HEADER } from '../../../shared/lake/depth.ts';
import { packChunk } from '../../../shared/lake/pack.ts';
import { TRADE_HEADER } from '../../../shared/lake/trade.ts';
import { createLog } from '../../../shared/program/log.ts';
import { openStore } from '../../../shared/program/open-store.ts';
import type { Store } from '../../../shared/store/store.ts';
import { fakeClock } from '../../shared/fake-clock.ts';
import { temporaryFolder } from '../../shared/temporary-folder.ts';

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
    const lines: { message: string; severity: string }[] = [];
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

  describe('whose folder is gone', () => {
    const late = 'raw/A/2024-07-18/trades/12-00_w_0.csv';

    it('begins a new one, and a chunk that goes on has its header', async () => {
      const { run, runFolder, spool, tally, finish, lines } = await start();
      const rows = spool.open(TRADES, NOON, 0);
      rows.append(Buffer.from('1\n'));
      spool.open(DEPTH, NOON, 0).append(Buffer.from('1\n'));
      spool.write();
      await rm(run, { recursive: true });
      rows.append(Buffer.from('2\n'));
      spool.write();
      expect(runFolder.path).not.toBe(undefined);
      expect(await readFile(join(runFolder.path ?? '', late), 'utf8')).toBe(`${TRADE_HEADER}\n2\n`);
      expect(await filesIn(runFolder.path ?? '')).toEqual(
        ['owner', late, late.replace('trades', 'depth'), 'store'].sort(),
      );
      rows.close(NOON + 60_000);
      await finish();
      expect(Object.values(await stored())).toEqual([`${TRADE_HEADER}\n2\n`]);
      expect(tally).toMatchObject({ lostFolders: 1, lostRows: 2 });
      expect(lines.map(({ message }) => message)).toEqual([
        expect.stringMatching(/^use run folder .*deleted/),
        expect.stringContaining('rows are lost'),
      ]);
    });

    it('claims no silent minute for the rows that were in it', async () => {
      const { run, spool, tally, finish } = await start();
      const rows = spool.open(TRADES, NOON, 0);
      rows.append(Buffer.from('1\n'));
      spool.write();
      await rm(run, { recursive: true });
      spool.write();
      expect(tally.lostRows).toBe(1);
      rows.close(NOON + 60_000);
      await finish();
      expect(await stored()).toEqual({});
    });

    it('loses no row of a chunk that is compressed and still in memory', async () => {
      const { run, runFolder, spool, tally } = await start();
      const rows = spool.open(TRADES, NOON, 0);
      rows.append(Buffer.from('1\n'));
      spool.write();
      rows.close(NOON + 60_000);
      while (spool.backlog.memoryBytes === 0) await new Promise(setImmediate);
      await rename(run, `${run}-away`);
      spool.write();
      expect(spool.unsavedRows).toBe(1);
      await spool.persist();
      expect(spool.unsavedRows).toBe(0);
      expect(tally).toMatchObject({ lostFolders: 1, lostRows: 0 });
      const kept = await readFile(join(runFolder.path ?? '', `${late}.gz`));
      expect(gunzipSync(kept).toString()).toBe(`${TRADE_HEADER}\n1\n`);
    });

    it('because another took it counts nothing as lost, and the other stores what was there', async () => {
      const { run, spool, tally, finish, release } = await start();
      const rows = spool.open(TRADES, NOON, 0);
      rows.append(Buffer.from('1\n'));
      spool.write();
      const owner = await readFile(join(run, 'owner'), 'utf8');
      await rename(run, `${run}~${owner.replace(/^\d+/, '4194999')}`);
      rows.append(Buffer.from('2\n'));
      spool.write();
      rows.close(NOON + 60_000);
      await finish();
      expect(tally).toMatchObject({ lostFolders: 1, lostRows: 0 });
      await release();
      const heir = await start('heir');
      await heir.adopt();
      await heir.finish();
      expect(Object.entries(await stored()).sort()).toEqual([
        [`${late}.gz`, `${TRADE_HEADER}\n2\n`],
        [`${late.replace('_0', '_1')}.gz`, `${TRADE_HEADER}\n1\n`],
      ]);
    });

    it.each(['plain', 'compressed'])('counts the rows of a closed chunk that was in it %s', async (form) => {
      const { run, spool, tally, finish } = await start();
      const rows = spool.open(TRADES, NOON, 0);
      rows.append(Buffer.from('1\n'));
      spool.write();
      if (form === 'compressed') {
        rows.close(NOON + 60_000);
        while (!existsSync(join(run, `${late}.gz`))) {
          await spool.persist();
          await new Promise(setImmediate);
        }
      }
      await rm(join(run, 'raw'), { recursive: true });
      if (form === 'plain') rows.close(NOON + 60_000);
      await finish();
      expect(await stored()).toEqual({});
      expect(tally).toMatchObject({ lostRows: 1, storeFailures: 0 });
    });

    it('keeps a row in memory while none can be made, and cuts none in two', async () => {
      const { run, spool, tally, finish } = await start();
      await rm(spoolFolder, { recursive: true });
      await writeFile(spoolFolder, 'in the way');
      const rows = spool.open(TRADES, NOON, 0);
      rows.append(Buffer.from('1\n'));
      spool.write();
      expect(spool.bytes).toBe(0);
      expect(tally.spoolFailures).toBeGreaterThan(0);
      await rm(spoolFolder);
      spool.write();
      expect(await filesIn(spoolFolder)).toContain(`${basename(run)}.1/${late}`);
      rows.close(NOON + 60_000);
      await finish();
      expect(Object.values(await stored())).toEqual([`${TRADE_HEADER}\n1\n`]);
    });
  });

  it('counts the rows that are only in memory', async () => {
    const { run, spool } = await start();
    await writeFile(join(run, 'raw'), 'no folder can be made here');
    const open = [TRADES, DEPTH].map((stream) => spool.open(stream, NOON, 0));
    for (const rows of open) rows.append(Buffer.from('1\n'));
    spool.write();
    for (const rows of open) rows.close(NOON + 60_000);
    expect(spool.unsavedRows).toBe(2);
    await rm(join(run, 'raw'));
    spool.write();
    expect(spool.unsavedRows).toBe(0);
  });

  it.each([0, 1])(
    'lets a chunk go for good when it is stored (%d turns): nothing of it is written again',
    async (turns) => {
      const texts: string[] = [];
      const { run, spool, finish } = await start('w', 1e9, {
        url: 'fast',
        create: async (name, body) => {
          for (let turn = 0; turn < turns; turn++) await store.create(`other/${name}`, body);
          if (body instanceof Uint8Array) texts.push(gunzipSync(body).toString());
          return name;
        },
      });
      for (let minute = 0; minute < 20; minute++) {
        const startMs = NOON + minute * 60_000;
        const rows = spool.open(TRADES, startMs, 0);
        rows.append(Buffer.from('1\n'));
        spool.write();
        rows.append(Buffer.from('2\n'));
        rows.close(startMs + 60_000);
      }
      const finishing = finish();
      while (spool.backlog.size > 0) {
        spool.write();
        void spool.persist();
        await new Promise(setImmediate);
      }
      await finishing;
      spool.write();
      await spool.persist();
      expect(await filesIn(run)).toEqual(['owner', 'store']);
      expect(spool.bytes).toBe(0);
      expect(texts).toEqual(Array(20).fill(`${TRADE_HEADER}\n1\n2\n`));
    },
  );

  it('sheds snapshots when rows that cannot be written fill the memory, open or closed', async () => {
    const { run, spool, tally } = await start();
    await writeFile(join(run, 'raw'), 'no folder can be made here');
    const [open, closed] = [TRADES, DEPTH].map((stream) => spool.open(stream, NOON, 0));
    const megabyte = Buffer.alloc(1_048_576, '\n');
    for (let i = 0; i < 33; i++) for (const rows of [open, closed]) rows?.append(megabyte);
    closed?.close(NOON + 60_000);
    spool.write();
    spool.open(DEPTH, NOON + 60_000, 0).append(Buffer.from('shed\n'));
    open?.append(Buffer.from('kept\n'));
    expect(tally.shed).toEqual({ trades: 0, depth: 1 });
  });

  it('knows its bytes on the disk and in memory', async () => {
    const { spool } = await start();
    const header = TRADE_HEADER.length + 1;
    const rows = spool.open(TRADES, NOON, 0);
    rows.append(Buffer.from('12\n'));
    expect(spool.bytes).toBe(0);
    spool.write();
    expect(spool.bytes).toBe(header + 3);
    rows.append(Buffer.from('3\n'));
    rows.close(NOON + 60_000);
    spool.write();
    expect([spool.bytes, spool.backlog.spoolBytes, spool.backlog.memoryBytes]).toEqual([
      header + 5,
      header + 5,
      0,
    ]);
    const silent = spool.open(DEPTH, NOON, 0);
    silent.close(NOON + 60_000);
    expect(spool.backlog.memoryBytes).toBe(DEPTH_HEADER.length + 1);
    const packed = [`${TRADE_HEADER}\n12\n3\n`, `${DEPTH_HEADER}\n`].map(
      (text) => gzipSync(text, { level: 6 }).length,
    );
    const [trades = 0, depth = 0] = packed;
    while (spool.backlog.memoryBytes !== trades + depth) await new Promise(setImmediate);
    await spool.persist();
    spool.write();
    expect(spool.bytes).toBe(trades + depth);
    expect(spool.backlog.memoryBytes).toBe(0);
  });

  it('stores 16 chunks at once and no more', async () => {
    let under = 0;
    const tops: number[] = [];
    const held: (() => void)[] = [];
    const slow: Pick<Store, 'url' | 'create'> = {
      url: 'slow',
      create: async (name) => {
        tops.push(++under);
        await new Promise<void>((resolve) => held.push(resolve));
        under--;
        return name;
      },
    };
    const { spool, finish } = await start('w', 1e9, slow);
    for (let minute = 0; minute < 40; minute++) {
      const startMs = NOON + minute * 60_000;
      spool.open(TRADES, startMs, 0).close(startMs + 60_000);
    }
    const finishing = finish();
    while ([...spool.backlog.chunks].some(({ isCompressed }) => !isCompressed))
      await new Promise(setImmediate);
    for (; spool.backlog.size > 0; await new Promise(setImmediate)) held.shift()?.();
    await finishing;
    expect(Math.max(...tops)).toBe(16);
    expect(tops).toHaveLength(40);
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
    /** Whoever took runs over, which is this process, counts as dead from now on. */
    async function dies(): Promise<void> {
      for (const name of await readdir(spoolFolder)) {
        if (name.includes('~'))
          await rename(join(spoolFolder, name), join(spoolFolder, name.replace(/~\d+/, '~4194999')));
      }
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

    it('lies flat however many died one after the other, and the next start stores it', async () => {
      await died('dead', { [TRADES_12]: `${TRADE_HEADER}\n1\n` });
      for (let death = 0; death < 120; death++) {
        expect(await adoptFor(storeUrl)).toHaveLength(1);
        await dies();
        expect(await readdir(spoolFolder)).toHaveLength(1);
      }
      const { adopt, finish, release } = await start();
      await adopt();
      await finish();
      expect(Object.keys(await stored())).toEqual([`${TRADES_12}.gz`]);
      await release();
      expect(await readdir(spoolFolder)).toEqual([]);
    });

    it('is found inside of others, where earlier versions put it', async () => {
      const run = await died('dead', {});
      let inner = '';
      for (let depth = 0; depth < 12; depth++) {
        inner += `adopted/dead-${depth}/`;
        const name = `raw/A/2024-07-18/trades/12-${String(depth).padStart(2, '0')}_dead_0.csv`;
        await mkdir(dirname(join(run, inner, name)), { recursive: true });
        await writeFile(join(run, inner, name), `${TRADE_HEADER}\n${depth}\n`);
        await writeFile(join(run, inner, 'store'), storeUrl);
      }
      const { adopt, finish, release } = await start();
      await adopt();
      await finish();
      expect(Object.values(await stored()).sort()).toEqual(
        Array.from({ length: 12 }, (_, depth) => `${TRADE_HEADER}\n${depth}\n`).sort(),
      );
      await release();
      expect(await readdir(spoolFolder)).toEqual([]);
    });

    it('is given up at the end of the one who took it over, and stored by the next', async () => {
      await died('dead', { [TRADES_12]: `${TRADE_HEADER}\n1\n` });
      const first = await start('first');
      const [taken] = await first.adoption.look();
      await writeFile(join(taken?.folder ?? '', 'owner'), '1.1.4026531999'); // whose process cannot be looked up
      await first.release();
      expect(await readdir(spoolFolder)).toEqual(['dead']);
      const second = await start('second');
      await second.adopt();
      await second.finish();
      expect(Object.keys(await stored())).toEqual([`${TRADES_12}.gz`]);
    });

    it('counts as dead in another container only when it showed no sign of life while it was watched', async () => {
      const run = await died('dead', { [TRADES_12]: `${TRADE_HEADER}\n1\n` });
      await writeFile(join(run, 'owner'), '1.1.4026531999');
      let nowMs = 0;
      const adoption = await Adoption.of(spoolFolder, storeUrl, {
        log: logged().log,
        monotonicMs: () => nowMs,
      });
      const look = async (afterMs: number): Promise<number> => {
        nowMs += afterMs;
        return (await adoption.look()).length;
      };
      // Whatever the clocks say: the time of its last sign may lie far back or ahead.
      await utimes(join(run, 'owner'), 1_000_000, 1_000_000);
      expect([await look(0), await look(30_000)]).toEqual([0, 0]);
      await utimes(join(run, 'owner'), 9_000_000_000, 9_000_000_000);
      expect([await look(30_000), await look(30_000)]).toEqual([0, 0]);
      // Who watches was stopped, and with it perhaps the one it watches.
      expect([await look(3_600_000), await look(30_000)]).toEqual([0, 0]);
      expect(await look(30_000)).toBe(1);
    });

    it('is told once and passed over where it cannot be read, and the others are stored', async () => {
      await died('dead', { [TRADES_12]: `${TRADE_HEADER}\n1\n` });
      await died('locked', {});
      await rm(join(spoolFolder, 'locked', 'store'));
      await symlink('store', join(spoolFolder, 'locked', 'store')); // a loop, which even root cannot read
      const { adopt, finish, lines } = await start();
      await adopt();
      await adopt();
      await finish();
      expect(Object.keys(await stored())).toEqual([`${TRADES_12}.gz`]);
      expect(lines.filter(({ message }) => message.includes('locked'))).toEqual([
        expect.objectContaining({ message: expect.stringContaining('take over locked: ELOOP') }),
      ]);
    });

    it('in the making is removed, and nothing hidden that is somebody else’s', async () => {
      await died('dead', {});
      await rename(join(spoolFolder, 'dead'), join(spoolFolder, '.dead'));
      await openRun('alive');
      await rename(join(spoolFolder, 'alive'), join(spoolFolder, '.alive'));
      await mkdir(join(spoolFolder, '.snapshots'));
      expect(await adoptFor(storeUrl)).toEqual([]);
      expect((await readdir(spoolFolder)).sort()).toEqual(['.alive', '.snapshots']);
    });

    it('takes little memory until it is stored, however much it left', async () => {
      const files = Array.from({ length: 28 }, (_, i): [string, string] => [
        TRADES_12.replace('12-00', `12-${10 + i}`),
        `${TRADE_HEADER}\n${randomBytes(786_432).toString('base64')}\n`,
      ]);
      await died('dead', Object.fromEntries(files));
      let isAway = true;
      const names = new Set<string>();
      const { spool, adopt, finish } = await start('w', 1e9, {
        url: 'slow',
        create: async (name) => {
          while (isAway) await new Promise(setImmediate);
          names.add(name);
          return name;
        },
      });
      await adopt();
      const finishing = finish();
      const limit = 16_777_216;
      while (spool.backlog.memoryBytes < limit) await new Promise(setImmediate);
      // As much time as the rest would take.
      for (let i = 0; i < 6; i++) await packChunk(randomBytes(1_048_576));
      expect(spool.backlog.memoryBytes).toBeLessThan(limit + 2 * 1_048_576);
      isAway = false;
      await finishing;
      expect(names.size).toBe(28);
    });

    it('is no reason to end a start where the spool cannot be listed', async () => {
      const { adopt, lines } = await start();
      await rm(spoolFolder, { recursive: true });
      await symlink(basename(spoolFolder), spoolFolder);
      await adopt();
      expect(lines.at(-1)?.message).toContain('list');
      await rm(spoolFolder);
    });

    describe('with files that are not whole', () => {
      const PATH = 'raw/A/2024-07-18/trades';
      /** What becomes of files that a dead run left. */
      async function outcome(files: Record<string, string | Buffer>) {
        await died('dead', files);
        const { adopt, finish, release, tally, lines } = await start();
        await adopt();
        await finish();
        await release();
        const errors = lines.filter(({ severity }) => severity === 'ERROR').map(({ message }) => message);
        const objects: Record<string, Buffer | undefined> = {};
        for await (const { name } of store.list('raw/')) objects[name] = (await store.read(name))?.bytes;
        return { tally, errors, objects, left: await filesIn(spoolFolder) };
      }

      it('sets an empty compressed one aside, once, and says so', async () => {
        const { tally, errors, objects, left } = await outcome({ [`${PATH}/12-00_dead_0.csv.gz`]: '' });
        expect(tally).toMatchObject({ unreadableChunks: 1, storeFailures: 0 });
        expect(errors).toEqual([
          expect.stringContaining('12-00_dead_0.csv: the file is empty'),
          expect.stringContaining('dead.set-aside'),
        ]);
        expect(objects).toEqual({});
        expect(left).toContain(`dead.set-aside/${PATH}/12-00_dead_0.csv.gz.unreadable`);
        expect(await adoptFor(storeUrl)).toEqual([]);
        expect(await readdir(spoolFolder)).toEqual(['dead.set-aside']);
      });

      it('stores a chunk once that is there plain and compressed', async () => {
        const packed = gzipSync(`${TRADE_HEADER}\n1\n2\n`);
        const { errors, objects, left } = await outcome({
          [`${PATH}/12-00_dead_0.csv`]: `${TRADE_HEADER}\n1\n`,
          [`${PATH}/12-00_dead_0.csv.gz`]: packed,
        });
        expect(errors).toEqual([]);
        expect(objects).toEqual({ [`${PATH}/12-00_dead_0.csv.gz`]: packed });
        expect(left).toEqual([]);
      });

      it('stores the plain one where the compressed one beside it is damaged', async () => {
        const packed = gzipSync(`${TRADE_HEADER}\n1\n`).subarray(0, 30);
        const { tally, objects, left } = await outcome({
          [`${PATH}/12-00_dead_0.csv`]: `${TRADE_HEADER}\n1\n`,
          [`${PATH}/12-00_dead_0.csv.gz`]: packed,
        });
        expect(tally.damagedChunks).toBe(1);
        expect(Object.values(objects).map((bytes) => gunzipSync(bytes ?? '').toString())).toEqual([
          `${TRADE_HEADER}\n1\n`,
        ]);
        expect(left).toContain(`dead.set-aside/${PATH}/12-00_dead_0.csv.gz.unreadable`);
      });

      it('stores one that is cut as it is, since its first rows are whole, and counts it', async () => {
        const packed = gzipSync(`${TRADE_HEADER}\n${'1\n'.repeat(999)}`).subarray(0, 60);
        const { tally, errors, objects, left } = await outcome({ [`${PATH}/12-00_dead_0.csv.gz`]: packed });
        expect(tally).toMatchObject({ damagedChunks: 1, unreadableChunks: 0 });
        expect(errors).toEqual([expect.stringContaining('unexpected end of file; it is stored as it is')]);
        expect(objects).toEqual({ [`${PATH}/12-00_dead_0.csv.gz`]: packed });
        expect(left).toEqual([]);
      });

      it('takes what is no chunk for none, and keeps it', async () => {
        const files = { 'raw/A/2024-13-45/trades/12-00_dead_0.csv': 'x', [`${PATH}/mine.csv`]: 'y' };
        const { objects, left } = await outcome(files);
        expect(objects).toEqual({});
        expect(left).toEqual(
          expect.arrayContaining(Object.keys(files).map((name) => `dead.set-aside/${name}`)),
        );
      });

      it('stores chunks of any kind, and late ones under their own number', async () => {
        const odd = `raw/_/2024-07-18/odd/12-00_dead_3.jsonl`;
        const { objects } = await outcome({
          [odd]: '{"a":1}\n{"cu',
          [`${odd.replace('_3', '_4')}.gz`]: gzipSync('{}\n'),
        });
        expect(Object.keys(objects)).toEqual([`${odd}.gz`, `${odd.replace('_3', '_4')}.gz`]);
        expect(gunzipSync(objects[`${odd}.gz`] ?? '').toString()).toBe('{"a":1}\n');
      });
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
      await dies();
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
