import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { MAX_CHUNK_BYTES } from '../../shared/limits.ts';
import type { ByteRange, Store } from '../../shared/store/store.ts';
import { gzipMemberOf, type StoredChunk } from '../scan/chunk.ts';
import { packedData, readZipDirectory, type ZipDirectoryEntry } from './zip-read.ts';
import { COMMENT_BYTES, commentText } from './zip-write.ts';

const READ_BYTES = 8 << 20;

/** A day's zip as it lies in the store. */
export type Archive = {
  name: string;
  bytes: number;
  generation: string;
  entries: ZipDirectoryEntry[];
  /** The packed bytes of one entry. */
  packed(entry: ZipDirectoryEntry): Promise<Buffer>;
};

/** Opens the zip `name`; undefined when there is none. Its bytes are not checked yet, see {@link requireIntact}. */
export async function openArchive(store: Store, name: string): Promise<Archive | undefined> {
  const info = await store.stat(name);
  if (!info) return undefined;
  const read = async (start: number, end: number): Promise<Buffer> =>
    readPart(store, name, { start, end }, info.generation);
  try {
    const entries = await readZipDirectory(info.bytes, read);
    return {
      ...info,
      entries,
      packed: async (entry) => packedData(entry, await read(entry.start, entry.end)),
    };
  } catch (cause) {
    throw new Error(`open archive ${name}`, { cause });
  }
}

/** An archived chunk as the scanner takes it. */
export async function archivedChunk(archive: Archive, entry: ZipDirectoryEntry): Promise<StoredChunk> {
  const bytes = await archive.packed(entry);
  if (entry.method === 'store') {
    if (crc32(bytes) !== entry.crc32)
      throw new Error(`read ${entry.name} of ${archive.name}: its CRC does not match`);
    return { form: 'gzip', bytes };
  }
  // from before there was a limit: as an object of the raw store it is rejected, and kept, like any other
  if (entry.size > MAX_CHUNK_BYTES)
    return { form: 'gzip', bytes: gzipMemberOf(bytes, entry.crc32, entry.size) };
  return { form: 'deflate', bytes, crc32: entry.crc32, size: entry.size };
}

/** SHA-256 of an object, read part by part. */
export async function sha256OfObject(
  store: Store,
  { name, bytes, generation }: { name: string; bytes: number; generation: string },
): Promise<string> {
  const hash = createHash('sha256');
  for (let start = 0; start < bytes; start += READ_BYTES) {
    hash.update(await readPart(store, name, { start, end: Math.min(bytes, start + READ_BYTES) }, generation));
  }
  return hash.digest('hex');
}

/** Checks that every byte of the zip is as it was written, by the hash it ends with. @throws Error */
export async function requireIntact(store: Store, { name, bytes, generation }: Archive): Promise<void> {
  const start = Math.max(0, bytes - COMMENT_BYTES);
  const comment = await readPart(store, name, { start, end: bytes }, generation);
  const sha256 = await sha256OfObject(store, { name, bytes: start, generation });
  if (comment.toString('latin1') !== commentText(sha256))
    throw new Error(`read archive ${name}: its bytes are damaged`);
}

async function readPart(store: Store, name: string, range: ByteRange, generation: string): Promise<Buffer> {
  const part = await store.read(name, range);
  if (part?.generation !== generation) throw new Error(`read ${name}: it changed while it was read`);
  if (part.bytes.length !== range.end - range.start)
    throw new Error(`read ${name}: it is shorter than it was listed`);
  return part.bytes;
}
