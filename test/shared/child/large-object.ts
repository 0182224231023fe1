import { openStore } from '../../../shared/program/open-store.ts';
import { peakMemoryBytes } from './peak-memory.ts';

/** Sends one large object from a source, sends it again, and reads it back: `large-object.ts URL BYTES ENDPOINT`. */
const [url = '', bytes = '0', endpoint] = process.argv.slice(2);
const store = await openStore(url, {
  writable: true,
  gcsApiEndpoint: endpoint,
  // the emulator takes its time over the checksums of a large object before it answers
  gcsPatience: {
    silenceMs: Number(bytes) > 100e6 ? 20_000 : 2_000,
    retry: { firstDelayMs: 5, maxDelayMs: 100, totalMs: 120_000 },
  },
});

const PART = 1 << 20;
const partAt = (start: number): Buffer => {
  const part = Buffer.alloc(Math.min(PART, Number(bytes) - start));
  for (let at = 0; at + 4 <= part.length; at += 4)
    part.writeUInt32LE(Math.imul(start + at, 0x9e3779b1) >>> 0, at);
  return part;
};
async function* source(): AsyncGenerator<Buffer> {
  for (let start = 0; start < Number(bytes); start += PART) yield partAt(start);
}

const startedMs = performance.now();
const generation = await store.create('large', source);
const sentMs = performance.now();
if ((await store.create('large', source)) !== generation)
  throw new Error('create large: not taken for the same');
const againMs = performance.now();
const stored = await store.read('large');
const readMs = performance.now();
let equal = stored?.bytes.length === Number(bytes) && stored.generation === generation;
for (let start = 0; start < Number(bytes); start += PART) {
  equal &&= stored?.bytes.subarray(start, start + PART).equals(partAt(start)) ?? false;
}
const seconds = { send: sentMs - startedMs, again: againMs - sentMs, read: readMs - againMs };
process.stdout.write(`${JSON.stringify({ equal, ...seconds, peakBytes: peakMemoryBytes() })}\n`);
