import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chunkBytes, type Snapshot, type Trade, tradeLine, writeRows } from '../chunks.ts';
import { gzipMembers, namedGzip } from '../gzips.ts';
import { bars, build, DATE, digests, everything, type Lake, openLake, put, SYMBOL } from '../lake.ts';

const START = Date.parse(`${DATE}T00:00:00Z`);
const RAW = `raw/${SYMBOL}/${DATE}`;

const trades: Trade[] = Array.from({ length: 600 }, (_, i) => ({
  T: START + Math.floor(i / 100) * 14_000_000 + (i % 100) * 150, // few chunks: each is a file that is synced
  price: `${60_000 + ((i * 37) % 101)}.${i % 10}0`,
  quantity: `0.0${1 + (i % 9)}`,
  maker: i % 3 === 0,
  id: 500 + i,
  first: 2 * i,
  last: 2 * i + 1,
}));
const depth: Snapshot[] = Array.from({ length: 400 }, (_, i) => ({
  T: START + Math.floor(i / 100) * 20_000_000 + (i % 100) * 500,
  u: i,
  bids: [['60000.10', `${1 + (i % 7)}.5`]],
  asks: [['60000.20', `${1 + (i % 5)}.25`]],
}));

let lake: Lake;
beforeEach(async () => {
  lake = await openLake();
});
afterEach(() => lake.remove());

describe('a day built again', () => {
  it('is the same byte for byte: from the chunks, from chunks and zip, from the zip alone', async () => {
    await writeRows(lake.store, SYMBOL, 'a', { trades, depth });
    await build(lake, { keepRaw: true });
    const first = await digests(lake);
    expect(Object.keys(first).filter((name) => !name.startsWith('raw/'))).toHaveLength(3);
    await build(lake, { keepRaw: true });
    expect(await digests(lake)).toEqual(first);
    await build(lake);
    expect(await digests(lake, 'raw/')).toEqual({});
    const outputs = Object.entries(first).filter(([name]) => !name.startsWith('raw/'));
    expect(await digests(lake)).toEqual(Object.fromEntries(outputs));
    await build(lake);
    expect(await digests(lake)).toEqual(Object.fromEntries(outputs));
  });

  it('has the same bars when two writers recorded all of it', async () => {
    await writeRows(lake.store, SYMBOL, 'a', { trades, depth });
    const alone = await build(lake, { keepRaw: true });
    const rows = await bars(lake);
    await writeRows(lake.store, SYMBOL, 'b', { trades: trades.toReversed(), depth });
    const both = await build(lake);
    expect(await bars(lake)).toEqual(rows);
    expect(both.trades).toEqual({ ...alone.trades, duplicates: trades.length });
    expect(both.depth).toEqual({ ...alone.depth, duplicates: depth.length });
    expect(both.inputs.count).toBe(2 * alone.inputs.count);
  });

  it('takes in what came after it, and keeps what it had', async () => {
    await writeRows(lake.store, SYMBOL, 'a', { trades: trades.filter(({ id }) => id % 2 === 0), depth });
    const half = await build(lake);
    await writeRows(lake.store, SYMBOL, 'b', { trades: trades.filter(({ id }) => id % 2 === 1) });
    const whole = await build(lake);
    expect([half.trades.rows, whole.trades.rows]).toEqual([300, 600]);
    expect([half.trades.missing.length, whole.trades.missing.length]).toEqual([299, 0]);
    expect(whole.inputs.count).toBe(half.inputs.count + 6);
  });

  it('keeps the resolutions that it had', async () => {
    await writeRows(lake.store, SYMBOL, 'a', { trades });
    await build(lake, { resolutions: [{ name: '1h', seconds: 3600 }] });
    const { outputs } = await build(lake, { resolutions: [{ name: '4h', seconds: 14_400 }] });
    expect(outputs.map(({ name, rows }) => [name, rows])).toEqual([
      [`aggregated/${SYMBOL}/${DATE}_1h.csv`, 24],
      [`aggregated/${SYMBOL}/${DATE}_4h.csv`, 6],
    ]);
  });

  it('with an empty chunk, a chunk of two members and damaged ones comes out of its zip the same', async () => {
    await writeRows(lake.store, SYMBOL, 'a', { trades, depth });
    const chunk = chunkBytes('trades', trades.slice(0, 50).map(tradeLine));
    await put(lake, `${RAW}/trades/00-01_b_0.csv.gz`, gzipMembers(''));
    await put(lake, `${RAW}/trades/00-01_b_1.csv.gz`, gzipMembers('', 'timestamp,price\n'));
    await put(lake, `${RAW}/trades/00-02_b_0.csv.gz`, chunk.subarray(0, -30));
    await put(lake, `${RAW}/trades/00-03_b_0.csv.gz`, 'not gzip');
    await put(lake, `${RAW}/trades/00-04_b_0.csv.gz`, '');
    await put(lake, `${RAW}/trades/00-05_b_0.csv.gz`, namedGzip('rubbish', { comment: true }));
    await put(lake, `${RAW}/trades/notes.txt`, 'not a chunk');
    const first = await build(lake);
    const files = await digests(lake);
    expect(first.rejected.count).toBeGreaterThanOrEqual(6);
    expect(await build(lake)).toEqual(first);
    expect(await digests(lake)).toEqual(files);
    expect(first.trades.rows).toBe(600);
    expect(first.trades.duplicates).toBeGreaterThan(10);
  });
});

describe('a run never replaces more by less', () => {
  it('refuses where chunks and zip have vanished in part', async () => {
    await writeRows(lake.store, SYMBOL, 'a', { trades, depth });
    await build(lake);
    const before = await digests(lake);
    await rm(join(lake.path, `archive/${SYMBOL}/${DATE}_raw.zip`));
    await writeRows(lake.store, SYMBOL, 'a', { trades: trades.slice(1) });
    const left = await digests(lake);
    await expect(build(lake)).rejects.toThrow(
      /refused, it would lose 1 trades, trades between the ids \d+ and \d+, 400 snapshots; to build it all the same, delete .*_manifest\.json$/,
    );
    expect(await digests(lake)).toEqual(left);
    expect(Object.keys(left).length).toBeGreaterThan(Object.keys(before).length);
  });

  it.each([
    ['a byte of a chunk in it', 2000],
    ['a byte of its end', -10],
    ['a byte of its first header', 12],
  ])('refuses a zip in which %s has changed', async (_, at) => {
    await writeRows(lake.store, SYMBOL, 'a', { trades, depth });
    await build(lake);
    const name = `archive/${SYMBOL}/${DATE}_raw.zip`;
    const stored = await lake.store.read(name);
    const bytes = Buffer.from(stored?.bytes ?? '');
    const index = at < 0 ? bytes.length + at : at;
    bytes[index] = (bytes[index] ?? 0) ^ 1;
    await lake.store.replace(name, bytes, stored?.generation ?? '');
    const before = await digests(lake);
    await expect(build(lake)).rejects.toThrow();
    expect(await digests(lake)).toEqual(before);
  });

  it('refuses a chunk that differs from what the zip holds of it', async () => {
    await writeRows(lake.store, SYMBOL, 'a', { trades });
    await build(lake);
    await writeRows(lake.store, SYMBOL, 'a', { trades: trades.map((trade) => ({ ...trade, price: '1' })) });
    await expect(build(lake)).rejects.toThrow(
      /^read chunk raw\/BTCUSDT\/2024-07-18\/trades\/00-00_a_0.csv.gz: it differs from /,
    );
  });

  it('finishes what an ended run began: a zip without a manifest, chunks that are still there', async () => {
    await writeRows(lake.store, SYMBOL, 'a', { trades, depth });
    await build(lake, { keepRaw: true });
    const whole = Object.entries(await digests(lake)).filter(([name]) => !name.startsWith('raw/'));
    await rm(join(lake.path, `aggregated/${SYMBOL}/${DATE}_manifest.json`));
    await build(lake);
    expect(await digests(lake)).toEqual(Object.fromEntries(whole));
  });
});

it('a day without chunks is an error that names the prefix, and writes nothing', async () => {
  const before = await everything(lake);
  await expect(build(lake)).rejects.toThrow(`nothing under ${RAW}/`);
  expect(await everything(lake)).toEqual(before);
});
