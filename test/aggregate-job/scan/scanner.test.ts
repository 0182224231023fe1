import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inlineScanner, type Scanner, threadScanner } from '../../../aggregate-job/scan/scanner.ts';
import type { WindowTask } from '../../../aggregate-job/scan/window.ts';
import { TRADE_HEADER } from '../../../shared/schema/trade.ts';
import { chunkBytes, depthLine, tradeLine } from '../chunks.ts';

const DAY = Date.parse('2024-07-18T00:00:00Z');

/** A window with trades and snapshots of its own, some quantities beyond what a double holds exactly. */
function task(window: number): WindowTask {
  const startMs = window * 900_000;
  const at = (i: number): number => DAY + startMs + i * 1_000;
  const trades = [1, 2, 3].map((i) =>
    tradeLine({
      T: at(i),
      price: `1.${window}`,
      quantity: `${window}9007199254740993.5`,
      maker: true,
      id: i,
      first: i,
      last: i,
    }),
  );
  const depth = [depthLine({ T: at(1), u: 1, bids: [['1.5', '2']], asks: [['1.75', '3']] })];
  return {
    dayStartMs: DAY,
    startMs,
    endMs: startMs + 900_000,
    chunks: [
      {
        name: 'd',
        kind: 'depth',
        stored: { form: 'gzip', bytes: chunkBytes('depth', depth) },
        rank: 1,
        isHome: true,
      },
      {
        name: 't',
        kind: 'trades',
        stored: { form: 'gzip', bytes: chunkBytes('trades', trades) },
        rank: 1,
        isHome: true,
      },
      { name: 'x', kind: null, stored: { form: 'gzip', bytes: Buffer.from('x') }, rank: 1, isHome: true },
    ],
    excludedIds: new Set(),
    wantedIds: new Set([2]),
  };
}

/** An archived chunk whose CRC is not the archive's: a fault of the machine, not of the data. */
function damaged(window: number): WindowTask {
  const text = Buffer.from(`${TRADE_HEADER}\n`);
  const stored = {
    form: 'deflate',
    bytes: deflateRawSync(text),
    crc32: crc32(text) ^ 1,
    size: text.length,
  } as const;
  return { ...task(window), chunks: [{ name: 't', kind: 'trades', stored, rank: 1, isHome: true }] };
}

describe('scanning in other threads', () => {
  let workers: Scanner;
  beforeAll(() => {
    workers = threadScanner(2);
  });
  afterAll(() => workers.close());

  it('gives the same results as in this one, each to who asked for it', async () => {
    const inline = inlineScanner();
    const tasks = Array.from({ length: 12 }, (_, window) => task(window));
    const results = await Promise.all(tasks.map((each) => workers.scan(each)));
    for (const [i, each] of tasks.entries()) expect(results[i]).toEqual(await inline.scan(each));
  });

  it('rejects the window that cannot be scanned, with the reason, and goes on', async () => {
    const results = await Promise.allSettled(
      [task(1), damaged(2), damaged(3), task(4)].map((each) => workers.scan(each)),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    await expect(workers.scan(damaged(2))).rejects.toThrow('its size or CRC does not match the archive');
  });
});
