// Days of chunks as large as chunks may be, and of those that would be larger: built in bounded memory, with nothing lost.

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseManifest } from '../../shared/lake/manifest.ts';
import { manifestObjectName, rawDayPrefix } from '../../shared/lake/object-names.ts';
import { TRADE_HEADER } from '../../shared/lake/trade.ts';
import { MAX_CHUNK_BYTES, MAX_WINDOW_TRADES } from '../../shared/limits.ts';
import { outputOf } from '../shared/child/process.ts';
import { tradeLine } from './chunks.ts';
import { type Lake, openLake } from './lake.ts';
import { DATE, DAY_START, SYMBOL } from './market-day.ts';

const MOST_BYTES = 600 * 2 ** 20;
const CHILD = '../../aggregate-job/child/large-day.ts';

/** The largest chunk there may be, of lines that `lineAt` makes, and no more than a few bytes short of it. */
function largest(lineAt: (index: number) => string): Buffer {
  const text = Buffer.allocUnsafe(MAX_CHUNK_BYTES);
  let end = text.write(`${TRADE_HEADER}\n`);
  for (let i = 0; ; i++) {
    const line = `${lineAt(i)}\n`;
    if (end + line.length > text.length) return gzipSync(text.subarray(0, end), { level: 1 });
    end += text.write(line, end, 'latin1');
  }
}

/** The shortest row there is, once and again. */
const repeated = (): Buffer => {
  const [head, line] = [Buffer.from(`${TRADE_HEADER}\n`), `${DAY_START},1,1,true,5,1,1,,,\n`];
  const room = MAX_CHUNK_BYTES - head.length;
  return gzipSync(Buffer.concat([head, Buffer.alloc(room - (room % line.length), line)]), { level: 1 });
};

/** Zeros, which pack best, twice as many as a chunk may have. */
const bomb = (): Buffer => {
  const half = gzipSync(Buffer.alloc(MAX_CHUNK_BYTES), { level: 1 });
  return Buffer.concat([half, half]);
};

let lake: Lake;
beforeEach(async () => {
  lake = await openLake();
});
afterEach(() => lake.remove());

async function built(chunks: Record<string, Buffer>) {
  for (const [name, bytes] of Object.entries(chunks)) {
    const path = join(lake.path, rawDayPrefix(SYMBOL, DATE), name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
  const [line = ''] = await outputOf(CHILD, [lake.path]);
  const [code, peakBytes] = line.split(' ').map(Number);
  const stored = await lake.store.read(manifestObjectName(SYMBOL, DATE));
  const left: string[] = [];
  for await (const { name } of lake.store.list('raw/')) left.push(name);
  return { code, peakBytes, left, manifest: parseManifest(String(stored?.bytes)) };
}

const isFull = process.env['TAPELAKE_FAULTS'] === 'full';

describe('a day of chunks at the limits', () => {
  it('takes less than 600 MB, and goes on', async () => {
    const [rows, zeros] = [repeated(), bomb()];
    const { code, peakBytes, left, manifest } = await built({
      'trades/00-00_a_0.csv.gz': rows,
      'trades/00-01_a_0.csv.gz': rows,
      'trades/06-00_a_0.csv.gz': zeros,
      'trades/09-00_a_0.csv.gz': zeros,
    });
    expect(code).toBe(0);
    expect(peakBytes).toBeLessThan(MOST_BYTES);
    expect(manifest).toMatchObject({
      verdict: 'partial',
      inputs: { count: 4 },
      trades: { rows: 1, first_id: 5, last_id: 5, conflicts: 0 },
      rejected: {
        by_reason: {
          'more than 128 MiB of text': 2,
          [`more than ${MAX_WINDOW_TRADES} rows in a quarter of an hour`]: 1,
        },
      },
    });
    expect(left).toEqual([]);
  });

  const long = isFull ? it : it.skip;
  long('of two recorders takes less too', async () => {
    const trade = (i: number): string =>
      tradeLine({
        T: DAY_START + (i % 60_000),
        price: '63943.90',
        quantity: `0.${100 + (i % 800)}`,
        maker: i % 3 === 0,
        id: 3_141_966_230 + i,
        first: 7_297_376_181 + i,
        last: 7_297_376_181 + i,
      });
    const rows = largest(trade);
    const { code, peakBytes, manifest } = await built({
      'trades/00-00_a_0.csv.gz': rows,
      'trades/00-00_b_0.csv.gz': rows,
    });
    expect(code).toBe(0);
    expect(peakBytes).toBeLessThan(MOST_BYTES);
    expect(manifest.rejected.count).toBe(0);
    expect(manifest.trades.duplicates).toBe(manifest.trades.rows);
  });
});
