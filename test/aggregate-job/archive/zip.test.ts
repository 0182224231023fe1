import { createHash } from 'node:crypto';
// The day's zip, read by programs that are not ours.

import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { unzipSync } from 'fflate';
import { zipBytes } from '../../../aggregate-job/archive/zip-write.ts';
import { chunkBytes, type Trade, tradeLine } from '../chunks.ts';
import { gzipMembers, namedGzip } from '../gzips.ts';
import { build, DATE, type Lake, openLake, put, SYMBOL } from '../lake.ts';

const START = Date.parse(`${DATE}T00:00:00Z`);
const ZIP = `archive/${SYMBOL}/${DATE}_raw.zip`;

const lines = (minute: number): string[] =>
  Array.from({ length: 300 }, (_, i): Trade => {
    const id = minute * 300 + i;
    return {
      T: START + minute * 60_000 + i * 200,
      price: `100.${(id * id) % 977}`,
      quantity: '0.5',
      maker: i % 2 === 0,
      id,
      first: id,
      last: id,
    };
  }).map(tradeLine);
const text = (minute: number): string => gunzipSync(chunkBytes('trades', lines(minute))).toString();
const half = text(1).length / 2;

/** Chunks as they may lie in the raw store: name, bytes, and what the zip must hold of it under which name. */
const CHUNKS: [name: string, bytes: Buffer, entry: string, content: string | Buffer][] = [
  ['trades/00-00_a_0.csv.gz', chunkBytes('trades', lines(0)), 'trades/00-00_a_0.csv', text(0)],
  [
    'trades/00-01_a_0.csv.gz',
    gzipMembers(text(1).slice(0, half), text(1).slice(half)),
    'trades/00-01_a_0.csv',
    text(1),
  ],
  ['trades/00-02_a_0.csv.gz', namedGzip(text(2)), 'trades/00-02_a_0.csv', text(2)],
  ['trades/00-03_a_0.csv.gz', gzipSync(''), 'trades/00-03_a_0.csv', ''],
  ...rejected('trades/00-04_a_0.csv.gz', chunkBytes('trades', lines(4)).subarray(0, -100)),
  ...rejected('trades/00-05_a_0.csv.gz', Buffer.from(text(5))),
  ...rejected(
    'trades/00-06_a_0.csv.gz',
    Buffer.concat([chunkBytes('trades', lines(6)), Buffer.from('rubbish')]),
  ),
  ...rejected('trades/00-07_a_0.csv.gz', Buffer.alloc(0)),
  ...rejected('depth/other.txt', Buffer.from('not a chunk at all')),
];

function rejected(name: string, bytes: Buffer): typeof CHUNKS {
  return [[name, bytes, `rejected/${name}`, bytes]];
}

describe('the zip of a day', () => {
  let lake: Lake;
  let zip = '';
  beforeAll(async () => {
    lake = await openLake();
    for (const [name, bytes] of CHUNKS) await put(lake, `raw/${SYMBOL}/${DATE}/${name}`, bytes);
    await build(lake);
    zip = join(lake.path, ZIP);
  });
  afterAll(() => lake.remove());

  it('holds every chunk as it was, those that are not whole under rejected/, a list of them, and the evidence', async () => {
    const entries = unzipSync(await readFile(zip));
    for (const [, , entry, content] of CHUNKS)
      expect([entry, Buffer.from(entries[entry] ?? 'absent').equals(Buffer.from(content))]).toEqual([
        entry,
        true,
      ]);
    const names = CHUNKS.map(([, , entry]) => entry).sort();
    expect(Object.keys(entries)).toEqual([...names, 'evidence.json', 'inputs.csv']);
    const list = Buffer.from(entries['inputs.csv'] ?? '')
      .toString()
      .trimEnd()
      .split('\n');
    expect(list[0]).toBe('name,bytes,crc32,rows');
    expect(list.slice(1).map((line) => line.split(',')[0])).toEqual(names);
  });

  it('packs no chunk anew that is one gzip member', async () => {
    const bytes = await readFile(zip);
    expect(bytes.includes(chunkBytes('trades', lines(0)).subarray(10, -8))).toBe(true);
    expect(bytes.includes(gzipSync(text(2), { level: 6 }).subarray(10, -8))).toBe(true);
  });

  it('packs what must be packed anew as chunks are packed, level 5 in a window of 4 KB', async () => {
    const bytes = await readFile(zip);
    const inputs = unzipSync(bytes)['inputs.csv'] ?? Buffer.alloc(0);
    for (const content of [Buffer.from(text(1)), inputs])
      expect(bytes.includes(deflateRawSync(content, { level: 5, windowBits: 12 }))).toBe(true);
  });

  it('passes unzip -t', () => {
    const tested = run('unzip', ['-t', zip]);
    if (tested)
      expect(tested).toMatchObject({ status: 0, stdout: expect.stringContaining('No errors detected') });
  });

  it('reads the same in Python', () => {
    const program = `import sys, zipfile
zip = zipfile.ZipFile(sys.argv[1])
assert zip.testzip() is None
for info in zip.infolist(): print(info.filename, info.file_size, "%08x" % info.CRC, info.date_time, len(zip.read(info)))`;
    const read = run('python3', ['-c', program, zip]);
    if (!read) return;
    expect(read.stderr).toBe('');
    const told = read.stdout.trim().split('\n');
    expect(told).toHaveLength(CHUNKS.length + 2);
    for (const [, , entry, content] of CHUNKS)
      expect(told.find((line) => line.startsWith(`${entry} `))).toMatch(
        new RegExp(`^${entry} ${content.length} [0-9a-f]{8} \\(1980, 1, 1, 0, 0, 0\\) ${content.length}$`),
      );
  });
});

it('a zip of more entries than the format holds is refused', async () => {
  async function* entries() {
    for (let i = 0; i <= 65_535; i++)
      yield { name: `${i}`, method: 'store' as const, packed: new Uint8Array(0), crc32: 0, size: 0 };
  }
  const write = async () => {
    for await (const part of zipBytes(entries(), createHash('sha256')))
      expect(part.length).toBeGreaterThan(0);
  };
  await expect(write()).rejects.toThrow('zip day: 65536 entries');
});

/** Runs a tool, or says that it is not there. */
function run(tool: string, args: string[]) {
  const result = spawnSync(tool, args, { encoding: 'utf8' });
  if (!result.error) return result;
  console.warn(`skipped: no ${tool} on this machine`);
  return undefined;
}
