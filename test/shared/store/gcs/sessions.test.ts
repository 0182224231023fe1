import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UsageError } from '../../../../shared/errors.ts';
import { openStore } from '../../../../shared/program/open-store.ts';
import type { Store } from '../../../../shared/store/store.ts';
import type { Clock } from '../../../../shared/time.ts';
import { written } from '../contract.ts';
import type { Permission } from '../strict-gcs/bucket.ts';
import { type StrictGcs, startStrictGcs } from '../strict-gcs/server.ts';
import type { Hurt } from '../strict-gcs/sessions.ts';

/** From 8 MiB on an object is sent in a session; the last quarter of a megabyte is no whole one. */
const BYTES = (8 << 20) + 100_000;
const QUANTUM = 256 << 10;
const large = Buffer.alloc(BYTES);
for (let at = 0; at + 4 <= BYTES; at += 4) large.writeUInt32LE(Math.imul(at, 0x9e3779b1) >>> 0, at);

let gcs: StrictGcs;
let buckets = 0;
let bucket: string;
let store: Store;
let clock: Clock & { sleptMs: number[] };
let warnings: string[];
beforeAll(async () => {
  gcs = await startStrictGcs();
});
afterAll(() => gcs.stop());
beforeEach(async () => {
  bucket = `sessions-${buckets++}`;
  await gcs.createBucket(bucket);
  gcs.sessions.calm();
  gcs.sessions.log.length = 0;
  gcs.violations.length = 0;
  clock = impatientClock();
  warnings = [];
  store = await openStore(`gs://${bucket}`, {
    writable: true,
    gcsApiEndpoint: gcs.url,
    warn: (message) => warnings.push(message),
    gcsPatience: { clock, random: () => 1, retry: { firstDelayMs: 500, maxDelayMs: 4_000, totalMs: 5_000 } },
  });
});

/** Deadlines never pass, and all other sleep takes no time. */
function impatientClock(): Clock & { sleptMs: number[] } {
  let nowMs = 0;
  const sleptMs: number[] = [];
  return {
    sleptMs,
    now: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: async (ms, signal) => {
      if (signal) await once(signal, 'abort');
      signal?.throwIfAborted();
      sleptMs.push(ms);
      nowMs += ms;
    },
  };
}

async function* inParts(): AsyncGenerator<Buffer> {
  for (let start = 0; start < BYTES; start += 100_000) yield large.subarray(start, start + 100_000);
}

async function expectStored(generation: string | undefined): Promise<void> {
  const stored = await store.read('day.zip');
  expect(stored?.bytes.equals(large)).toBe(true);
  expect(stored?.generation).toBe(generation);
  expect(gcs.violations).toEqual([]);
}

/** The server refuses bytes that are not those announced; that is its violation to tell, and the try after it is right. */
async function expectRefusedOnce(generation: string | undefined): Promise<void> {
  expect(gcs.violations.splice(0)).toEqual([expect.stringContaining('CRC32C')]);
  await expectStored(generation);
}

const sentBytes = (): number => gcs.sessions.log.reduce((sum, { bytes }) => sum + bytes, 0);

describe('an upload in a session', () => {
  it('says at once how long the object is', async () => {
    await expectStored(await store.create('day.zip', inParts));
    expect(gcs.sessions.log).toEqual([{ range: `bytes 0-*/${BYTES}`, bytes: BYTES }]);
  });

  it.each([0, 1, QUANTUM - 1, QUANTUM, QUANTUM + 1, 5_000_000, BYTES - 1])(
    'cut after %d bytes asks what is kept, and sends the rest',
    async (cut) => {
      gcs.sessions.hurt({ cutAfterBytes: cut });
      await expectStored(await store.create('day.zip', inParts));
      const kept = cut - (cut % QUANTUM);
      expect(gcs.sessions.log).toEqual([
        { range: `bytes 0-*/${BYTES}`, bytes: cut },
        { range: `bytes */${BYTES}`, bytes: 0 },
        { range: `bytes ${kept}-*/${BYTES}`, bytes: BYTES - kept },
      ]);
    },
  );

  it('of which only parts are kept (308) asks for each, and goes on', async () => {
    gcs.sessions.hurt({ keepBytes: QUANTUM }, { keepBytes: QUANTUM }, { keepBytes: 3_000_000 });
    await expectStored(await store.create('day.zip', inParts));
    expect(gcs.sessions.log.map(({ range }) => range)).toEqual(
      ['0-*', '*', `${QUANTUM}-*`, '*', `${QUANTUM}-*`, '*', `${11 * QUANTUM}-*`].map(
        (range) => `bytes ${range}/${BYTES}`,
      ),
    );
  });

  it.each(['create', 'replace'])(
    'whose last acknowledgement is lost sends nothing again (%s)',
    async (verb) => {
      const old = verb === 'replace' ? written(await store.create('day.zip', Buffer.from('old'))) : '0';
      gcs.sessions.hurt('lose-answer');
      await expectStored(
        verb === 'create'
          ? await store.create('day.zip', inParts)
          : await store.replace('day.zip', inParts, old),
      );
      expect(gcs.sessions.log).toEqual([
        { range: `bytes 0-*/${BYTES}`, bytes: BYTES },
        { range: `bytes */${BYTES}`, bytes: 0 },
      ]);
    },
  );

  it.each([404, 410] as const)('whose session is gone (%d) begins anew', async (status) => {
    gcs.sessions.hurt({ cutAfterBytes: 5_000_000 });
    gcs.sessions.onHurt = () => gcs.sessions.forget(status);
    await expectStored(await store.create('day.zip', inParts));
    expect(gcs.sessions.log.map(({ bytes }) => bytes)).toEqual([5_000_000, BYTES]);
  });

  it('whose session is gone after the object was made finds its own object', async () => {
    gcs.sessions.hurt('lose-answer');
    gcs.sessions.onHurt = () => gcs.sessions.forget(404);
    await expectStored(await store.create('day.zip', inParts));
    expect(sentBytes()).toBe(BYTES);
  });

  it('has new patience whenever the server keeps more', async () => {
    gcs.sessions.hurt(...Array.from({ length: 20 }, () => ({ cutAfterBytes: 300_000 })));
    await expectStored(await store.create('day.zip', inParts));
    expect(clock.sleptMs).toEqual(Array.from({ length: 20 }, () => 500));
  });

  it('of which nothing is kept ends when patience does, as an outage and not as a refusal', async () => {
    gcs.sessions.hurt(...Array.from({ length: 9 }, () => ({ keepBytes: 0 })));
    const failing = store.create('day.zip', inParts);
    await expect(failing).rejects.toThrow(
      `create gs://${bucket}/day.zip: the server kept 0 of ${BYTES} bytes`,
    );
    await expect(failing).rejects.not.toThrow(UsageError);
    expect(await store.stat('day.zip')).toBeUndefined();
  });

  it('is not stored when the object has changed meanwhile', async () => {
    const old = written(await store.create('day.zip', Buffer.from('old')));
    gcs.sessions.hurt({ cutAfterBytes: 5_000_000 });
    gcs.sessions.onHurt = () => void store.replace('day.zip', Buffer.from('new'), old);
    expect(await store.replace('day.zip', inParts, old)).toBeUndefined();
    expect((await store.read('day.zip'))?.bytes.toString()).toBe('new');
  });

  it('damaged on its way is not kept, and sent anew', async () => {
    let opened = 0;
    const damaged = async function* () {
      const isSent = ++opened === 2; // the first opening is to measure it
      yield isSent ? Buffer.alloc(1, 'x') : large.subarray(0, 1);
      yield large.subarray(1);
    };
    await expectRefusedOnce(await store.create('day.zip', damaged));
  });

  it.each([
    ['longer', () => Buffer.concat([large, Buffer.from('x')])],
    ['shorter', () => large.subarray(0, BYTES - 1)],
  ])('of a source that has become %s ends, and leaves nothing', async (_, changed) => {
    let opened = 0;
    const source = async function* () {
      yield ++opened === 1 ? large : changed();
    };
    await expect(store.create('day.zip', source)).rejects.toThrow(
      `create gs://${bucket}/day.zip: the source has another length than when it was measured`,
    );
    expect(await store.stat('day.zip')).toBeUndefined();
  });

  it('arrives whole wherever it is cut, however often', async () => {
    const position = fc.integer({ min: 0, max: BYTES });
    const hurt: fc.Arbitrary<Hurt> = fc.oneof(
      position.map((cutAfterBytes) => ({ cutAfterBytes })),
      position.map((keepBytes) => ({ keepBytes })),
      fc.constant('lose-answer' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(hurt, { maxLength: 4 }), async (hurts) => {
        gcs.sessions.calm();
        gcs.sessions.hurt(...hurts);
        const generation = written(await store.create('day.zip', inParts));
        await expectStored(generation);
        await store.remove('day.zip', generation);
      }),
      { numRuns: process.env.TAPELAKE_FAULTS === 'full' ? 200 : 6 },
    );
  });
});

describe.each([
  ['a small object', Buffer.from('small')],
  ['an object sent in a session', large],
])('to create %s that is there, by who may not delete', (_, bytes) => {
  const RECORDER: Permission[] = ['create', 'get'];

  it('gives its generation, when the bytes are the same', async () => {
    const generation = written(await store.create('a', bytes));
    gcs.allow(bucket, RECORDER);
    expect(await store.create('a', bytes)).toBe(generation);
  });

  it('is refused like a create of other bytes', async () => {
    await store.create('a', Buffer.from('other'));
    gcs.allow(bucket, RECORDER);
    expect(await store.create('a', bytes)).toBeUndefined();
  });

  it('nor look at it, is a warning', async () => {
    await store.create('a', bytes);
    gcs.allow(bucket, ['create']);
    expect(await store.create('a', bytes)).toBeUndefined();
    expect(warnings).toEqual([
      `create gs://${bucket}/a: an object is there, and the permission storage.objects.get to compare it is missing`,
    ]);
  });
});

it('a replace by who may not delete names the permission', async () => {
  const generation = written(await store.create('a', Buffer.from('old')));
  gcs.allow(bucket, ['create', 'get']);
  const failing = store.replace('a', Buffer.from('new'), generation);
  await expect(failing).rejects.toThrow(UsageError);
  await expect(failing).rejects.toThrow('storage.objects.create and storage.objects.delete is missing');
});
