import type { Hash } from 'node:crypto';
import { Zip, type ZipInputFile } from 'fflate';

/** One file of a zip as it is stored: `packed` is its raw deflate stream, or with `method` 'store' its bytes. */
export type ZipEntry = {
  name: string;
  method: 'deflate' | 'store';
  packed: Uint8Array;
  crc32: number;
  size: number;
};

/** What fits a zip without the 64-bit extension (APPNOTE 4.4.1.4). */
const MAX_ENTRIES = 65_535;
const MAX_BYTES = 0xffff_ffff;
/** Zip times are local times without a zone; the first one there is says nothing and is the same everywhere. */
const FIRST_ZIP_TIME = new Date(1980, 0, 1);
const YIELD_BYTES = 1 << 20;

/** The zip's comment: a hash of all bytes before it. The CRCs of a zip leave out its headers and the padding of its streams. */
export const commentText = (sha256: string): string => `sha256 ${sha256}`;
export const COMMENT_BYTES = commentText('0'.repeat(64)).length;

/**
 * The bytes of a zip of the given entries, in their order: nothing is compressed here. The same entries give the same bytes, and
 * a changed bit anywhere shows, since the zip ends with a hash of itself. `sha256` is given all bytes, so that they are hashed once for
 * the zip and for who stores it.
 */
export async function* zipBytes(entries: AsyncIterable<ZipEntry>, sha256: Hash): AsyncGenerator<Uint8Array> {
  const produced: Uint8Array[] = [];
  const taken = (): Buffer => {
    const bytes = Buffer.concat(produced.splice(0));
    waiting = 0;
    return bytes;
  };
  let [waiting, total, count] = [0, 0, 0];
  const zip = new Zip((error, bytes) => {
    if (error) throw error;
    produced.push(bytes);
    waiting += bytes.length;
    total += bytes.length;
  });
  for await (const entry of entries) {
    addEntry(zip, entry);
    count++;
    if (count > MAX_ENTRIES || total > MAX_BYTES)
      throw new Error(`zip day: ${count} entries or ${total} bytes are more than a zip holds`);
    if (waiting < YIELD_BYTES) continue;
    const part = taken();
    sha256.update(part);
    yield part;
  }
  zip.end();
  if (total > MAX_BYTES) throw new Error(`zip day: ${total} bytes are more than a zip holds`);
  const end = taken();
  end.writeUInt16LE(COMMENT_BYTES, end.length - 2); // fflate ends a zip without a comment (APPNOTE 4.3.16)
  const comment = Buffer.from(commentText(sha256.update(end).copy().digest('hex')));
  sha256.update(comment);
  yield Buffer.concat([end, comment]);
}

function addEntry(zip: Zip, { name, method, packed, crc32, size }: ZipEntry): void {
  const file: ZipInputFile = {
    filename: name,
    compression: method === 'deflate' ? 8 : 0,
    flag: 0,
    size,
    crc: crc32,
    mtime: FIRST_ZIP_TIME,
  };
  zip.add(file);
  file.ondata?.(null, unshared(packed), true);
}

/** The same bytes; copied only from shared memory, which fflate does not take. */
function unshared({ buffer, byteOffset, length }: Uint8Array): Uint8Array<ArrayBuffer> {
  return buffer instanceof ArrayBuffer
    ? new Uint8Array(buffer, byteOffset, length)
    : new Uint8Array(new Uint8Array(buffer, byteOffset, length));
}
