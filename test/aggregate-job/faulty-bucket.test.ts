import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mapAll } from '../../shared/concurrency.ts';
import { openStore } from '../../shared/program/open-store.ts';
import { seededRandom } from '../shared/random.ts';
import { describeWithEmulator, type Emulator, startEmulator } from '../shared/store/emulator.ts';
import { hurtShare, openFaultyBucket, SEEDS } from '../shared/store/faulty-bucket.ts';
import { temporaryFolder } from '../shared/temporary-folder.ts';
import { type Snapshot, type Trade, writeRows } from './chunks.ts';
import { contentOf, runJobOn } from './run-job.ts';

const DAY_START = Date.UTC(2024, 6, 18);
const MAIN = join(import.meta.dirname, '../../aggregate-job/main.ts');
const FLAGS = ['--symbols', 'BTCUSDT,币安人生USDT', '--date', '2024-07-18'];

/** Forty minutes of a day, in which each minute has its trades and snapshots. */
function someRows(): { trades: Trade[]; depth: Snapshot[] } {
  const random = seededRandom(18);
  const price = (): string => (60_000 + Math.floor(random() * 1_000) / 10).toFixed(1);
  const quantity = (): string => (Math.floor(random() * 1_000) / 1_000).toFixed(3);
  const trades = Array.from(
    { length: 800 },
    (_, n): Trade => ({
      T: DAY_START + n * 3_000,
      price: price(),
      quantity: quantity(),
      maker: random() < 0.5,
      id: 1_000 + n,
      first: 5_000 + 2 * n,
      last: 5_001 + 2 * n,
    }),
  );
  const depth = Array.from(
    { length: 400 },
    (_, n): Snapshot => ({
      T: DAY_START + n * 6_000,
      u: 1 + n,
      bids: [[price(), quantity()]],
      asks: [[price(), quantity()]],
    }),
  );
  return { trades, depth };
}

describeWithEmulator('the job on a bucket behind a faulty network', () => {
  let emulator: Emulator;
  let chunks: Map<string, Buffer>;
  let expected: Map<string, Buffer>;

  beforeAll(async () => {
    emulator = await startEmulator();
    const folder = await temporaryFolder();
    const store = await openStore(folder.path, { writable: true });
    for (const symbol of ['BTCUSDT', '币安人生USDT']) await writeRows(store, symbol, 'a', someRows());
    chunks = await contentOf(store);
    expect((await runJobOn(store, FLAGS)).code).toBe(0);
    expected = await contentOf(store);
    await folder.remove();
  });
  afterAll(() => emulator.stop());

  it.each(SEEDS)(
    'leaves, to the byte, what it leaves in a folder, and nothing else (seed %d)',
    async (seed) => {
      expect(chunks.size).toBe(160);
      const { store, proxy, clean } = await openFaultyBucket(emulator, `job-${seed}`, { seed, share: 0.15 });
      try {
        await mapAll(chunks, 16, ([name, bytes]) => store.create(name, bytes));
        const { code, lines } = await runJobOn(store, FLAGS);
        expect({ code, lines }).toMatchObject({ code: 0 });
        expect(hurtShare(proxy)).toBeGreaterThan(0.1);
        const found = await contentOf(await clean());
        expect([...found.keys()]).toEqual([...expected.keys()]);
        expect([...found.keys()].filter((name) => name.startsWith('raw/'))).toEqual([]);
        const differing = [...found].filter(([name, bytes]) => !expected.get(name)?.equals(bytes));
        expect(differing.map(([name]) => name)).toEqual([]);
      } finally {
        await proxy.close();
      }
    },
  );

  it('reads one bucket and writes another as a program', async () => {
    for (const bucket of ['cli-raw', 'cli-results']) await emulator.createBucket(bucket);
    const open = (url: string) => openStore(url, { writable: true, gcsApiEndpoint: emulator.url });
    const raw = await open('gs://cli-raw');
    await mapAll(chunks, 16, ([name, bytes]) => raw.create(name, bytes));
    const run = (...stores: string[]): Promise<{ code: number | null; stderr: string }> => {
      const env = { ...process.env, GCS_API_ENDPOINT: emulator.url };
      const child = spawn(process.execPath, [MAIN, ...stores, ...FLAGS, '--offline'], { env });
      return Promise.all([text(child.stderr), once(child, 'close')]).then(([stderr]) => ({
        code: child.exitCode,
        stderr,
      }));
    };
    expect(await run('--raw', 'gs://cli-raw', '--results', 'gs://cli-results/lake')).toMatchObject({
      code: 0,
    });
    const results = await contentOf(await open('gs://cli-results/lake'));
    expect([...results.keys()]).toEqual([...expected.keys()]);
    expect([...(await contentOf(raw)).keys()]).toEqual([]);
    expect(await run('--store', 'gs://no-such-bucket')).toEqual({
      code: 2,
      stderr: '--store or --results: open store gs://no-such-bucket: the bucket does not exist: Not Found\n',
    });
  });
});
