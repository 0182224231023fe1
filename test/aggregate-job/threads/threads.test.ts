import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ownThread, startThreads, type Threads } from '../../../aggregate-job/threads/threads.ts';
import { WorkerThread } from '../../../aggregate-job/threads/worker-thread.ts';
import type { WindowTask } from '../../../aggregate-job/window/window.ts';
import { splitBars } from '../../../shared/bars/bar-text.ts';
import { type Bars, emptyBars } from '../../../shared/bars/bars.ts';
import { setAt, sharedColumn } from '../../../shared/bars/integers.ts';
import { TRADE_HEADER } from '../../../shared/lake/trade.ts';
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
    lostIds: new Set(),
    sharedIds: new Set([2]),
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

/** A day of seconds: most of them traded, some beyond what a double holds exactly. */
function day(): Bars {
  const bars = emptyBars(86_400, sharedColumn);
  for (let i = 0; i < bars.count; i++) {
    if (i % 3 === 0) continue;
    for (const name of ['open', 'high', 'low', 'close', 'buyQuantity', 'quoteTotal'] as const)
      setAt(bars[name], i, i % 1_000 === 1 ? 10n ** 20n + BigInt(i) : i * 7);
    setAt(bars.trades, i, 1);
  }
  return bars;
}

const CONTEXT = {
  startMs: DAY,
  resolutionMs: 1_000,
  places: { price: 2, quantity: 3 },
  seed: 5,
  complete: Uint8Array.from({ length: 86_400 }, (_, i) => i % 2),
};

describe('another thread', () => {
  let worker: WorkerThread;
  beforeAll(() => {
    worker = new WorkerThread();
  });
  afterAll(() => worker.close());

  it('scans windows as this one does, each for who asked for it', async () => {
    const own = ownThread();
    const tasks = Array.from({ length: 12 }, (_, window) => task(window));
    const results = await Promise.all(tasks.map((each) => worker.scan(each)));
    for (const [i, each] of tasks.entries()) expect(results[i]).toEqual(await own.scan(each));
  });

  it('rejects the window that cannot be scanned, with the reason, and goes on', async () => {
    const results = await Promise.allSettled(
      [task(1), damaged(2), damaged(3), task(4)].map((each) => worker.scan(each)),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    await expect(worker.scan(damaged(2))).rejects.toThrow('its size or CRC does not match the archive');
  });

  it('writes bars as this one does', async () => {
    const parts = splitBars(day(), CONTEXT, 2);
    const own = await ownThread().write(parts);
    for (const [i, part] of parts.entries())
      expect(Buffer.from(await worker.write(part)).equals(own[i] ?? Buffer.alloc(0))).toBe(true);
  });
});

describe('a thread that has died', () => {
  it('rejects what it had and what it is asked later', async () => {
    const worker = new WorkerThread();
    const asked = worker.scan(task(1));
    const [, ended] = await Promise.allSettled([worker.close(), asked]);
    expect(ended.status).toBe('rejected');
    expect(worker.isReady).toBe(false);
    await expect(worker.scan(task(2))).rejects.toThrow('the worker ended with code');
  });
});

describe('several threads', () => {
  let threads: Threads;
  beforeAll(() => {
    threads = startThreads(3);
  });
  afterAll(() => threads.close());

  it('share the windows, however far they have started', async () => {
    const own = ownThread();
    for (let round = 0; round < 5; round++) {
      const tasks = Array.from({ length: 12 }, (_, window) => task(window));
      const results = await Promise.all(tasks.map((each) => threads.scan(each)));
      for (const [i, each] of tasks.entries()) expect(results[i]).toEqual(await own.scan(each));
    }
  });

  it('reject the window that cannot be scanned, with the reason, and go on', async () => {
    const results = await Promise.allSettled(
      [task(1), damaged(2), task(3), task(4), task(5), damaged(6)].map((each) => threads.scan(each)),
    );
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  it('write a day in parts that make the text of one', async () => {
    const bars = day();
    const [whole] = await ownThread().write(splitBars(bars, CONTEXT, 1));
    const parts = await threads.write(splitBars(bars, CONTEXT, 3));
    expect(parts).toHaveLength(3);
    expect(Buffer.concat(parts).equals(whole ?? Buffer.alloc(0))).toBe(true);
  });
});
