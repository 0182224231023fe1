// Frames that a recorder could not take lie beside the chunks: they come along into the zip, and change nothing else.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { unzipSync } from 'fflate';
import { archiveObjectName, oddObjectName } from '../../../shared/lake/object-names.ts';
import type { Store } from '../../../shared/store/store.ts';
import { type Trade, writeRows } from '../chunks.ts';
import { build, DATE, digests, type Lake, openLake, put, SYMBOL } from '../lake.ts';
import { contentOf, runJobOn } from '../run-job.ts';

const START = Date.parse(`${DATE}T00:00:00Z`);
const RAW = `raw/${SYMBOL}/${DATE}`;
const ZIP = archiveObjectName(SYMBOL, DATE);
const TEXT = '{"received_at":1,"reason":"r","text":"timestamp,price"}\n'.repeat(2);
const trades: Trade[] = [0, 1, 2].map((i) => ({
  T: START + i * 1_000,
  price: '60000.10',
  quantity: '0.5',
  maker: true,
  id: 500 + i,
  first: i,
  last: i,
}));

let lake: Lake;
beforeEach(async () => {
  lake = await openLake();
});
afterEach(() => lake.remove());

const odd = (minute: number, symbol = SYMBOL, date = DATE): string =>
  oddObjectName(symbol, date, { minute, writer: 'a', n: 0 });
const names = async (store: Store, prefix = ''): Promise<string[]> =>
  [...(await contentOf(store)).keys()].filter((name) => name.startsWith(prefix));

/** The entries of the day's zip as text, read by another reader. */
async function archived(): Promise<Record<string, string>> {
  const entries = unzipSync(await readFile(join(lake.path, ZIP)));
  return Object.fromEntries(
    Object.entries(entries).map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
  );
}

describe('odd frames of a day', () => {
  it('come along in the zip and its list, and are neither scanned nor rejected', async () => {
    await writeRows(lake.store, SYMBOL, 'a', { trades });
    const without = await build(lake, { keepRaw: true });
    for (const minute of [0, 754]) await put(lake, odd(minute), gzipSync(TEXT));
    const manifest = await build(lake);
    const { inputs, archive, ...others } = manifest;
    const { inputs: inputsBefore, archive: archiveBefore, ...othersBefore } = without;
    expect(others).toEqual(othersBefore);
    expect(manifest.rejected.count).toBe(0);
    expect(inputs).toMatchObject({
      count: inputsBefore.count + 2,
      rows: inputsBefore.rows,
      bytes: inputsBefore.bytes + 2 * TEXT.length,
    });
    expect(archive.sha256).not.toBe(archiveBefore.sha256);
    const entries = await archived();
    expect(entries['odd/00-00_a_0.jsonl']).toBe(TEXT);
    expect(entries['odd/12-34_a_0.jsonl']).toBe(TEXT);
    expect(entries['inputs.csv']).toMatch(/^odd\/12-34_a_0\.jsonl,\d+,[0-9a-f]{8},0$/m);
    expect(await names(lake.store, 'raw/')).toEqual([]);
  });

  it('stay through a rebuild from the zip, byte for byte, and are joined by later ones', async () => {
    await writeRows(lake.store, SYMBOL, 'a', { trades });
    await put(lake, odd(1), gzipSync(TEXT));
    await build(lake);
    const first = await digests(lake);
    await build(lake);
    expect(await digests(lake)).toEqual(first);
    await put(lake, odd(2), gzipSync(TEXT));
    await build(lake);
    expect(Object.keys(await archived()).filter((name) => name.startsWith('odd/'))).toHaveLength(2);
    expect(await names(lake.store, 'raw/')).toEqual([]);
  });

  it.each([
    ['cut', (bytes: Buffer) => bytes.subarray(0, bytes.length - 9)],
    ['none of ours', () => Buffer.from('no gzip at all')],
    [
      'flipped',
      (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i === bytes.length - 6 ? byte ^ 1 : byte))),
    ],
  ])('that are %s are kept as they are, and nothing is rejected', async (_, damage) => {
    const bytes = damage(gzipSync(TEXT));
    await writeRows(lake.store, SYMBOL, 'a', { trades });
    await put(lake, odd(1), bytes);
    const first = await build(lake);
    expect(first.rejected).toEqual({ count: 0, by_reason: {}, named: [] });
    const entries = unzipSync(await readFile(join(lake.path, ZIP)));
    expect(Buffer.from(entries['rejected/odd/00-01_a_0.jsonl.gz'] ?? [])).toEqual(bytes);
    expect(await build(lake)).toEqual(first);
    expect(await names(lake.store, 'raw/')).toEqual([]);
  });

  it('are still told apart from what is not named like them', async () => {
    await writeRows(lake.store, SYMBOL, 'a', { trades });
    await put(lake, `${RAW}/odd/notes.txt`, Buffer.from('mine'));
    const { rejected } = await build(lake);
    expect(rejected.by_reason).toEqual({ 'not named like a chunk': 1 });
  });

  it('in several members, or of a run that died, are whole in the zip', async () => {
    await writeRows(lake.store, SYMBOL, 'a', { trades });
    await put(lake, odd(1), Buffer.concat([gzipSync(TEXT), gzipSync(TEXT)]));
    await build(lake);
    expect((await archived())['odd/00-01_a_0.jsonl']).toBe(TEXT + TEXT);
  });
});

describe('odd frames alone', () => {
  it('make no day, and no run fails for them', async () => {
    await put(lake, odd(1), gzipSync(TEXT));
    await put(lake, odd(1, '_'), gzipSync(TEXT));
    await put(lake, odd(1, 'ETHUSDT'), gzipSync(TEXT));
    for (const flags of [[], ['--from', DATE, '--to', DATE, '--symbols', 'all']]) {
      const { lines } = await runJobOn(lake.store, flags);
      expect(lines.join()).not.toMatch(/ETHUSDT|raw\/_|old-raw/);
    }
    expect((await runJobOn(lake.store, ['--resolutions', '1m'])).code).toBe(0);
    expect(await names(lake.store)).toEqual([odd(1), odd(1, 'ETHUSDT'), odd(1, '_')].sort());
    await expect(build(lake)).rejects.toThrow(`nothing under ${RAW}`);
  });

  it('do not keep others from being built', async () => {
    await put(lake, odd(1, '_'), gzipSync(TEXT));
    await put(lake, odd(1), gzipSync(TEXT));
    await writeRows(lake.store, 'ETHUSDT', 'a', { trades });
    expect((await runJobOn(lake.store, ['--resolutions', '1m'])).code).toBe(0);
    expect(await names(lake.store, 'archive/')).toEqual([archiveObjectName('ETHUSDT', DATE)]);
    expect(gunzipSync((await lake.store.read(odd(1)))?.bytes ?? '').toString()).toBe(TEXT);
  });

  it('of a day that has a zip already are taken into it', async () => {
    await writeRows(lake.store, SYMBOL, 'a', { trades });
    await build(lake);
    await put(lake, odd(1), gzipSync(TEXT));
    expect((await runJobOn(lake.store, ['--resolutions', '1m'])).code).toBe(0);
    expect((await archived())['odd/00-01_a_0.jsonl']).toBe(TEXT);
    expect(await names(lake.store, 'raw/')).toEqual([]);
  });
});
