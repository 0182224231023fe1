import { promisify } from 'node:util';
import { deflateRawSync, gzip, gzipSync } from 'node:zlib';

/**
 * How everything of ours is compressed. What a row repeats lies a few rows back, so a window of 4 KB finds it: half the CPU of
 * level 6 in one of 32 KB, and fewer bytes.
 */
const PACKING = { level: 5, windowBits: 12 };

const gzipAsync = promisify(gzip);

/** The text of a chunk as it is stored: one gzip member, mtime 0 (Node writes no other). Runs off the event loop. */
export function packChunk(text: Uint8Array): Promise<Buffer> {
  return gzipAsync(text, PACKING);
}

/** As {@link packChunk}, at once. */
export function packChunkNow(text: string | Uint8Array): Buffer {
  return gzipSync(text, PACKING);
}

/** The raw deflate stream of an entry of a zip. In one piece: pieces of 16 KB that are joined at the end would take twice the room. */
export function packEntry(text: Uint8Array): Buffer {
  const chunkSize = text.length + (text.length >> 10) + 1_024; // more than deflate adds to what cannot be packed
  return Buffer.from(deflateRawSync(text, { ...PACKING, chunkSize }));
}
