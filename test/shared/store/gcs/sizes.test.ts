import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mapAll } from '../../../../shared/concurrency.ts';
import { openStore } from '../../../../shared/program/open-store.ts';
import type { Store } from '../../../../shared/store/store.ts';
import { outputOf, startChild } from '../../child/process.ts';
import { listed } from '../contract.ts';
import { describeWithEmulator, type Emulator, startEmulator } from '../emulator.ts';
import { type FaultProxy, startFaultProxy } from '../fault-proxy.ts';

/** The whole sizes take minutes and belong to the long run. */
const isFull = process.env.TAPELAKE_FAULTS === 'full';
const LONG_MS = 600_000;

describeWithEmulator('sizes and sudden ends on a bucket', () => {
  let emulator: Emulator;
  let buckets = 0;
  let url: string;
  beforeAll(async () => {
    emulator = await startEmulator();
  });
  afterAll(() => emulator.stop());

  async function newBucket(): Promise<Store> {
    const bucket = `sizes-${buckets++}`;
    await emulator.createBucket(bucket);
    url = `gs://${bucket}/lake`;
    return openStore(url, { writable: true, gcsApiEndpoint: emulator.url });
  }

  (isFull ? it : it.skip)(
    'lists 5,000 objects completely (in the long run)',
    async () => {
      const store = await newBucket();
      const names = Array.from({ length: 5_000 }, (_, n) => `raw/X/${String(n).padStart(5, '0')}`);
      await mapAll(names, 32, (name) => store.create(name, Buffer.from(name)));
      expect((await listed(store, 'raw/')).map(({ name }) => name)).toEqual(names);
    },
    LONG_MS,
  );

  const chunks = isFull ? 2_880 : 200;
  it(
    `reads ${chunks} chunks, 32 in flight, under 300 MB of memory`,
    async () => {
      const store = await newBucket();
      const bytes = 200_000;
      const names = Array.from({ length: chunks }, (_, n) => `raw/X/${n}`);
      await mapAll(names, 16, (name) => store.create(name, Buffer.alloc(bytes, name)));
      const [line = ''] = await outputOf('read-all.ts', [url, emulator.url]);
      const result: { objects: number; bytes: number; peakBytes: number } = JSON.parse(line);
      expect(result).toMatchObject({ objects: chunks, bytes: chunks * bytes });
      expect(result.peakBytes).toBeLessThan(300e6);
      report('reads', result);
    },
    LONG_MS,
  );

  const megabytes = isFull ? 300 : 12;
  it.each([0, 0.25])(
    `sends ${megabytes} MB and gets them back, with %d of all calls hurt`,
    async (share) => {
      await newBucket();
      const proxy: FaultProxy = await startFaultProxy(emulator.url, { seed: 7, share });
      try {
        const [line = ''] = await outputOf('large-object.ts', [url, String(megabytes * 1e6), proxy.url]);
        expect(JSON.parse(line)).toMatchObject({ equal: true });
        report(`${megabytes} MB`, { ...JSON.parse(line), ...proxy.counts });
      } finally {
        await proxy.close();
      }
    },
    LONG_MS,
  );

  const kills = isFull
    ? [1, 2, 3, 5, 8, 13, 21].flatMap((writes) => [
        [writes, 300_000],
        [writes, 9_000_000],
      ])
    : [
        [1, 300_000],
        [4, 9_000_000],
      ];
  it.each(kills)(
    'a process killed after %d rounds of writes of %d bytes leaves old or new objects',
    async (writes, bytes) => {
      const store = await newBucket();
      const child = startChild('write-forever.ts', [url, String(bytes), emulator.url]);
      const acknowledged: string[] = [];
      for await (const line of child.lines) {
        acknowledged.push(line);
        if (acknowledged.length === writes) await child.kill();
      }
      const names = (await listed(store, '')).map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['replaced', ...acknowledged]));
      for (const name of names) {
        const content = (await store.read(name))?.bytes ?? Buffer.alloc(0);
        expect(content.equals(Buffer.alloc(bytes ?? 0, content[0]))).toBe(true);
      }
    },
    LONG_MS,
  );
});

/** The long run tells what it measured. */
function report(what: string, figures: object): void {
  if (isFull) process.stderr.write(`${what}: ${JSON.stringify(figures)}\n`);
}
