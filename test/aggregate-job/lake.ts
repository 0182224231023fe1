import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildSymbolDay, type SymbolDay } from '../../aggregate-job/day/symbol-day.ts';
import { ownThread } from '../../aggregate-job/threads/threads.ts';
import type { Manifest } from '../../shared/lake/manifest.ts';
import { createLog } from '../../shared/program/log.ts';
import { openStore } from '../../shared/program/open-store.ts';
import type { Store } from '../../shared/store/store.ts';
import { temporaryFolder } from '../shared/temporary-folder.ts';

export const SYMBOL = 'BTCUSDT';
export const DATE = '2024-07-18';

/** A folder store for one test. */
export type Lake = { path: string; store: Store; remove(): Promise<void> };

export async function openLake(): Promise<Lake> {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'lake');
  await mkdir(path);
  return { path, store: await openStore(path, { writable: true }), remove: folder.remove };
}

/** Builds a day of a lake, 1m bars alone unless told otherwise. */
export async function build({ store }: Lake, changes: Partial<SymbolDay> = {}): Promise<Manifest> {
  return buildSymbolDay({
    raw: store,
    results: store,
    symbol: SYMBOL,
    date: DATE,
    resolutions: [{ name: '1m', seconds: 60 }],
    keepRaw: false,
    readsAtOnce: 8,
    rest: undefined,
    nowMs: Date.UTC(2100, 0, 1),
    repairMaxIds: 0,
    threads: ownThread(),
    log: createLog('test', { write() {} }),
    warnOnce() {},
    progress: { step() {}, update() {}, end() {} },
    codeVersion: '0.0.0-test',
    ...changes,
  });
}

/** SHA-256 of every file of a lake, by name, those under `prefix` alone. */
export async function digests(lake: Lake, prefix = ''): Promise<Record<string, string>> {
  const names: string[] = [];
  for await (const { name } of lake.store.list(prefix)) names.push(name);
  const bytes = await Promise.all(names.map((name) => readFile(join(lake.path, name))));
  return Object.fromEntries(
    names.map((name, i) => [
      name,
      createHash('sha256')
        .update(bytes[i] ?? '')
        .digest('hex'),
    ]),
  );
}

/** What lies in the folder, the store's own files included. */
export async function everything({ path }: Lake): Promise<string[]> {
  return (await readdir(path, { recursive: true })).sort();
}

/** A daily file as one record a row. */
export async function bars(
  { path }: Lake,
  date = DATE,
  resolution = '1m',
  symbol = SYMBOL,
): Promise<Record<string, string>[]> {
  const text = await readFile(join(path, `aggregated/${symbol}/${date}_${resolution}.csv`), 'utf8');
  const [header = '', ...lines] = text.trimEnd().split('\n');
  const names = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']));
  });
}

/** Writes an object that is not there yet. */
export async function put({ store }: Lake, name: string, bytes: Uint8Array | string): Promise<void> {
  if ((await store.create(name, Buffer.from(bytes))) === undefined)
    throw new Error(`put ${name}: it is there`);
}
