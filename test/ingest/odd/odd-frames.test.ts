import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTally } from '../../../ingest/health/tally.ts';
import { OddFrames } from '../../../ingest/odd/odd-frames.ts';
import { parseOddName } from '../../../shared/lake/object-names.ts';
import { createLog } from '../../../shared/program/log.ts';
import { openStore } from '../../../shared/program/open-store.ts';
import type { Store } from '../../../shared/store/store.ts';
import { startExchange } from '../../../simulator/exchange.ts';
import type { Faults } from '../../../simulator/faulty/faults.ts';
import { createMarket } from '../../../simulator/market/market.ts';
import { temporaryFolder } from '../../shared/temporary-folder.ts';
import { readChunks } from '../chunks.ts';
import { recordReplay } from '../record-replay.ts';

const NOON = Date.parse('2024-07-18T12:00:00Z');
const MAIN = join(import.meta.dirname, '../../../ingest/main.ts');

/** The lines of every odd chunk, by symbol, in the order of their names. */
async function storedOdd(store: Store): Promise<Record<string, Record<string, unknown>[]>> {
  const lines: Record<string, Record<string, unknown>[]> = {};
  for await (const { name } of store.list('raw/')) {
    const [, symbol = '', , ...rest] = name.split('/');
    if (!parseOddName(rest.join('/'))) continue;
    const text = gunzipSync((await store.read(name))?.bytes ?? '').toString();
    expect(text.endsWith('\n')).toBe(true);
    const read = text.trimEnd().split('\n');
    lines[symbol] = [...(lines[symbol] ?? []), ...read.map((line) => JSON.parse(line))];
  }
  return lines;
}

const source = createMarket({
  seed: 5,
  symbols: ['BTCUSDT'],
  startMs: NOON,
  endMs: NOON + 60_000,
  tradesPerSecond: 1,
  depthEveryMs: 10_000,
});

/** Sends these beside the first trade. */
function sending(odd: readonly (string | Buffer)[]): Faults {
  let isSent = false;
  return {
    onFrame({ stream, text }, connection) {
      connection.send(text);
      if (isSent || !stream.endsWith('@aggTrade')) return;
      isSent = true;
      for (const frame of odd) connection.send(frame);
    },
  };
}

describe('odd frames', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  const data = { e: 'aggTrade', E: NOON, a: 1, s: 'BTCUSDT', p: '1', q: '1', f: 1, l: 1, T: NOON, m: true };
  const trade = (changes: object): string =>
    JSON.stringify({ stream: 'btcusdt@aggTrade', data: { ...data, ...changes } });

  it('are in the store whole, by symbol and time of receiving, and shown', async () => {
    const large = trade({ p: 1, note: 'x\n"'.repeat(100_000) });
    const odd = [
      trade({ T: NOON - 7_200_000 }),
      trade({ a: -1 }),
      large,
      '<html>\n',
      Buffer.from([0xff, 0x00]),
    ];
    const store = await openStore(folder.path, { writable: true });
    const before = Date.now();
    const figures = await recordReplay(store, source, { faults: sending(odd) });
    const stored = await storedOdd(store);
    expect(stored['BTCUSDT']?.map(({ text }) => text)).toEqual(odd.slice(0, 3));
    expect(stored['_']).toMatchObject([{ text: '<html>\n' }, { binary: true, base64: '/wA=' }]);
    expect(Object.keys(stored).sort()).toEqual(['BTCUSDT', '_']);
    for (const { received_at: at, reason } of Object.values(stored).flat()) {
      expect(at).toBeGreaterThanOrEqual(before);
      expect(at).toBeLessThanOrEqual(Date.now());
      expect(reason).not.toBe('');
    }
    expect(figures).toMatchObject({ unreadable: 4, setAside: 1, odd: { kept: 5, dropped: 0 } });
    const rows = (await readChunks(store)).flatMap((chunk) => chunk.rows);
    expect(rows).toHaveLength([...source.frames()].length);
  });

  it('outlive kill -9', async () => {
    const odd = [trade({ a: -1 }), '<html>'];
    const exchange = await startExchange({ source, speed: 'max', faults: sending(odd) });
    const [lake, spool] = [join(folder.path, 'lake'), join(folder.path, 'spool')];
    await mkdir(lake);
    const settings = ['--symbols', 'BTCUSDT', '--store', lake, '--spool', spool, '--ws-url', exchange.wsUrl];
    const start = () => spawn('node', [MAIN, ...settings], { stdio: 'ignore' });
    try {
      const killed = start();
      await exchange.ended;
      const spooled = async () => (await readdir(spool, { recursive: true })).join();
      while (!/_\/[^,]*\.jsonl/.test(await spooled())) await new Promise(setImmediate);
      killed.kill('SIGKILL');
      await once(killed, 'exit');
      const next = start();
      const store = await openStore(lake, { writable: false });
      while (Object.keys(await storedOdd(store)).length < 2) await new Promise(setImmediate);
      next.kill('SIGTERM');
      await once(next, 'exit');
      expect(await storedOdd(store)).toMatchObject({ BTCUSDT: [{ text: odd[0] }], _: [{ text: odd[1] }] });
    } finally {
      await exchange.close();
    }
  });
});

describe('the chunks of odd frames', () => {
  /** Chunks as they are closed: name and lines. */
  function chunks(slotMs = 60_000) {
    const closed: [name: string, lines: number][] = [];
    const logged: unknown[] = [];
    const tally = createTally();
    const frames = new OddFrames(
      { writer: 'w', slotMs },
      {
        tally,
        log: createLog('test', { write: (line) => void logged.push(JSON.parse(line)) }),
        open: ({ name }) => {
          let lines = 0;
          return { append: () => void lines++, close: () => void closed.push([name, lines]) };
        },
      },
    );
    const add = (receivedMs: number, bytes = 'x', symbol = 'A'): void =>
      frames.add({ bytes: Buffer.from(bytes), isBinary: false, reason: 'r', symbol, receivedMs });
    return { frames, closed, logged, tally, add };
  }
  const name = (minute: string, n = 0, date = '2024-07-18') => `raw/A/${date}/odd/${minute}_w_${n}.jsonl`;

  it('cover a minute of the wall clock each and are closed when it is over', () => {
    const { frames, closed, add } = chunks();
    for (const ms of [0, 59_999]) add(NOON + ms);
    frames.tick(NOON + 59_999);
    expect(closed).toEqual([]);
    add(NOON + 60_000);
    expect(closed).toEqual([[name('12-00'), 2]]);
    frames.tick(NOON + 120_000);
    expect(closed.slice(1)).toEqual([[name('12-01'), 1]]);
  });

  it('of longer chunks are longer too', () => {
    const { frames, closed, add } = chunks(300_000);
    add(NOON + 299_999);
    frames.tick(NOON + 299_999);
    add(NOON + 300_000);
    frames.closeAll();
    expect(closed).toEqual([
      [name('12-00'), 1],
      [name('12-05'), 1],
    ]);
  });

  it('have another number when a minute is opened again, as after the clock was set back', () => {
    const { frames, closed, add } = chunks();
    add(NOON + 60_000);
    add(NOON);
    frames.tick(NOON - 1);
    add(NOON);
    frames.closeAll();
    expect(closed).toEqual([
      [name('12-01'), 1],
      [name('12-00'), 1],
      [name('12-00', 1), 1],
    ]);
  });

  it('hold 64 MB a day and symbol at most, which is told once; each day and each symbol has its own', () => {
    const { frames, logged, tally, add } = chunks();
    const megabyte = 'x'.repeat(1e6);
    for (let i = 0; i < 70; i++) add(NOON, megabyte);
    expect(tally.odd).toMatchObject({ kept: 63, dropped: 7 });
    expect(tally.odd.bytes).toBeLessThanOrEqual(64e6);
    expect(logged).toMatchObject([{ severity: 'ERROR', symbol: 'A', date: '2024-07-18' }]);
    add(NOON, 'x');
    expect(tally.odd.dropped).toBe(8); // what is kept of a day has no holes in it
    add(NOON, megabyte, 'B');
    add(NOON, megabyte, 'C');
    add(NOON + 86_400_000, megabyte);
    expect(tally.odd).toMatchObject({ kept: 66, dropped: 8 });
    expect(logged).toHaveLength(1);
    frames.closeAll();
  });
});
