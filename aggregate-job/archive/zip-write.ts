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

/** The bytes of a zip of the given entries, in their order: nothing is compressed here. The same entries give the same bytes. */
export async function* zipBytes(entries: AsyncIterable<ZipEntry>): AsyncGenerator<Uint8Array> {
  const produced: Uint8Array[] = [];
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
    yield Buffer.concat(produced.splice(0));
    waiting = 0;
  }
  zip.end();
  if (total > MAX_BYTES) throw new Error(`zip day: ${total} bytes are more than a zip holds`);
  yield Buffer.concat(produced);
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
  file.ondata?.(null, new Uint8Array(packed), true); // a copy, since fflate's types refuse memory that might be shared
}
