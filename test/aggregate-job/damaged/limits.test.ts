// Days whose chunks are as large as may be, and larger: they are built, in little memory, and what is too large is named and kept.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseManifest } from '../../../shared/lake/manifest.ts';
import { manifestObjectName } from '../../../shared/lake/object-names.ts';
import { openFolderStore } from '../../../shared/store/folder/folder.ts';
import type { Store } from '../../../shared/store/store.ts';
import { temporaryFolder } from '../../shared/temporary-folder.ts';
import type { Trade } from '../chunks.ts';
import { DATE, DAY_START, SYMBOL } from '../market-day.ts';
import { TOO_LARGE_YET } from './known-faults.ts';
import { OTHER, ZIP } from './lake.ts';
import { LARGE_CHUNKS, type LargeChunk } from './large-chunks.ts';
import { recordedWhole } from './small-day.ts';

const isFull = process.env['TAPELAKE_FAULTS'] === 'full';
/** What a quick run looks at: the cheapest that would take gigabytes. */
const QUICK = ['rows as long as may be', 'rows longer than may be', 'many members, twenty times what may be'];
/** A minute for the job, and some time to make and write the chunk. */
const JOB_MS = 60_000;
const TEST_MS = 2 * JOB_MS;
const MAX_BYTES = 600e6;

const JOB = resolve(import.meta.dirname, 'child/limits-job.ts');

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: Store;
beforeEach(async () => {
  folder = await temporaryFolder();
  store = await openFolderStore(folder.path, { writable: true });
});
afterEach(() => folder.remove());

describe('a day with a chunk', () => {
  const chunks = Object.entries(LARGE_CHUNKS).filter(
    ([name]) => (isFull || QUICK.includes(name)) && !TOO_LARGE_YET.includes(name),
  );

  it.each(chunks)(
    'of %s',
    async (_, chunk) => {
      const usual = usualTrades();
      const name = await record(chunk, usual);
      const { code, log, peakBytes } = await runJob();
      expect({ code, log }).toEqual({ code: 0, log: expect.anything() });
      const { trades, depth, rejected } = await manifestOf(SYMBOL);
      expect(chunk.kind === 'trades' ? trades.rows - usual.length : depth.snapshots).toBe(chunk.found ?? 0);
      if (chunk.found === undefined)
        expect(rejected.named).toContainEqual({ name, line: 0, reason: expect.any(String) });
      expect((await manifestOf(OTHER)).trades.rows).toBe(usual.length);
      expect(await store.stat(name)).toBeUndefined();
      expect(await store.stat(ZIP)).toBeDefined();
      expect(peakBytes).toBeLessThan(MAX_BYTES);
    },
    TEST_MS,
  );
});

function usualTrades(): Trade[] {
  return [5, 6, 7].map((id) => ({
    T: DAY_START + 3_600_000 + id,
    price: '1.5',
    quantity: '2',
    maker: false,
    id,
    first: id,
    last: id,
  }));
}

/** The large chunk lies among usual ones. */
async function record({ kind, packed }: LargeChunk, usual: Trade[]): Promise<string> {
  const name = `raw/${SYMBOL}/${DATE}/${kind}/00-01_a_0.csv.gz`;
  await store.create(name, packed());
  for (const symbol of [SYMBOL, OTHER])
    for (const [small, bytes] of recordedWhole(symbol, usual)) await store.create(small, bytes);
  return name;
}

type Told = { code: number; log: unknown[]; peakBytes: number };

async function runJob(): Promise<Told> {
  const child = spawn(process.execPath, [JOB, folder.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: JOB_MS,
    killSignal: 'SIGKILL',
  });
  const closed = once(child, 'close');
  const output = await text(child.stdout);
  const [, signal] = await closed;
  if (signal) throw new Error(`run the job: it took more than ${JOB_MS / 1_000} s`);
  return JSON.parse(output);
}

async function manifestOf(symbol: string) {
  return parseManifest(await readFile(join(folder.path, manifestObjectName(symbol, DATE)), 'utf8'));
}
