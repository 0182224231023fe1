import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { openArchive, requireIntact } from '../../../aggregate-job/archive/archive.ts';
import { archiveObjectName, manifestObjectName } from '../../../shared/lake/object-names.ts';
import { MemoryStore } from '../../shared/store/memory-store.ts';
import { runDay, zipIn } from '../job.ts';
import { bookOfDay, DATE, quietMarket, recorded, SYMBOL, tradesOfDay } from '../market-day.ts';
import { seededRandom } from '../repair/holes.ts';

const isFull = process.env['TAPELAKE_FAULTS'] === 'full';
const BITS = isFull ? [0, 1, 2, 3, 4, 5, 6, 7] : [0, 7];
const JOBS = isFull ? 300 : 8;

const ZIP = archiveObjectName(SYMBOL, DATE);
const trades = tradesOfDay(quietMarket()).slice(0, 40);
const depth = bookOfDay().slice(0, 10);
const chunks = recorded({ trades, depth });
let built: MemoryStore;
let zip: Buffer;

beforeAll(async () => {
  built = new MemoryStore(chunks);
  await runDay({ store: built });
  zip = zipIn(built.objects);
});

/** True when opening and checking the zip finds nothing wrong. */
async function passes(bytes: Buffer): Promise<boolean> {
  const store = new MemoryStore(new Map([[ZIP, bytes]]));
  try {
    const archive = await openArchive(store, ZIP);
    if (archive) await requireIntact(store, archive);
    return archive !== undefined;
  } catch {
    return false;
  }
}

function flipped(at: number, bit: number): Buffer {
  const bytes = Buffer.from(zip);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  return bytes;
}

describe('a zip', () => {
  it('passes as it was written', async () => {
    expect(await passes(zip)).toBe(true);
  });

  it('does not pass with any bit of it flipped, not even one that no reader of zips looks at', async () => {
    const missed: string[] = [];
    for (let at = 0; at < zip.length; at++) {
      for (const bit of BITS) if (await passes(flipped(at, bit))) missed.push(`${at}:${bit}`);
    }
    expect(missed).toEqual([]);
  });

  it('does not pass when it is cut or has something behind it', async () => {
    for (let length = 0; length < zip.length; length++)
      expect(await passes(zip.subarray(0, length))).toBe(false);
    expect(await passes(Buffer.concat([zip, Buffer.from([0])]))).toBe(false);
  });

  it('says itself, in its comment, what its bytes before that hash to', () => {
    const comment = zip.subarray(zip.lastIndexOf('sha256 '));
    const before = zip.subarray(0, zip.length - comment.length);
    expect(comment.toString()).toBe(`sha256 ${createHash('sha256').update(before).digest('hex')}`);
  });
});

describe('a job that finds a damaged zip', () => {
  const random = seededRandom(11);
  const places = Array.from({ length: JOBS }, () => [
    Math.floor(random() * zipLength()),
    Math.floor(random() * 8),
  ]);
  function zipLength(): number {
    return 3_000; // every zip of this test is longer
  }

  it.each([
    ['with its manifest', true],
    ['without a manifest', false],
  ])('%s changes nothing, deletes nothing and says which zip it is', async (_, hasManifest) => {
    expect(zip.length).toBeGreaterThan(zipLength());
    for (const [at = 0, bit = 0] of places) {
      const store = new MemoryStore(built.objects);
      store.objects.set(ZIP, flipped(at, bit));
      if (!hasManifest) store.objects.delete(manifestObjectName(SYMBOL, DATE));
      for (const [name, bytes] of recorded({ trades: trades.slice(5), writer: 'b' }))
        store.objects.set(name, bytes);
      const before = new Map(store.objects);
      const { code, log } = await runDay({ store });
      expect(code).toBe(1);
      expect(String(log[0]?.['message'])).toContain(ZIP);
      expect(new Map(store.objects)).toEqual(before);
    }
  });

  it('does so for a bit that changes no row, in the padding of a chunk', async () => {
    const deflated = [...chunks.values()][0]?.subarray(10, -8) ?? Buffer.alloc(0);
    const at = zip.indexOf(deflated) + deflated.length - 1;
    for (const bit of [6, 7]) {
      const store = new MemoryStore(built.objects);
      store.objects.set(ZIP, flipped(at, bit));
      expect((await runDay({ store })).code).toBe(1);
    }
  });
});

describe('a zip that was written damaged', () => {
  it('is found when it is read back, before a manifest is written or a chunk deleted', async () => {
    for (const at of [100, 1_500, zip.length - 3]) {
      const store = new MemoryStore(chunks);
      const create = store.create.bind(store);
      store.create = async (name, body) => {
        const generation = await create(name, body);
        if (name !== ZIP) return generation;
        store.objects.set(ZIP, flipped(at, 3));
        return (await store.stat(ZIP))?.generation;
      };
      const { code, log } = await runDay({ store });
      expect(code).toBe(1);
      expect(String(log[0]?.['message'])).toContain(ZIP);
      expect(store.objects.has(manifestObjectName(SYMBOL, DATE))).toBe(false);
      for (const name of chunks.keys()) expect(store.objects.has(name)).toBe(true);
    }
  });
});
