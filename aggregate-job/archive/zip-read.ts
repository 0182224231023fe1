// Reads the central directory of a zip (APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16), so that single entries can be
// fetched by range and their deflate streams taken as they are.

/** Where an entry lies: `[start, end)` are the bytes of its local header and its packed data. */
export type ZipDirectoryEntry = {
  name: string;
  method: 'deflate' | 'store';
  crc32: number;
  size: number;
  packedSize: number;
  start: number;
  end: number;
};

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;
const CENTRAL_SIGNATURE = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;

/** Reads bytes `[start, end)` of the zip. */
export type ReadRange = (start: number, end: number) => Promise<Buffer>;

/** The entries of a zip of `bytes` bytes, in the order of its directory. */
export async function readZipDirectory(bytes: number, read: ReadRange): Promise<ZipDirectoryEntry[]> {
  const tailStart = Math.max(0, bytes - END_BYTES - MAX_COMMENT_BYTES);
  const tail = await read(tailStart, bytes);
  const endAt = tail.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'));
  if (endAt < 0 || tail.length - endAt < END_BYTES || tail.readUInt32LE(endAt) !== END_SIGNATURE) {
    throw new Error('read zip: no end of central directory');
  }
  const [count, length, start] = [
    tail.readUInt16LE(endAt + 10),
    tail.readUInt32LE(endAt + 12),
    tail.readUInt32LE(endAt + 16),
  ];
  if (start + length > tailStart + endAt)
    throw new Error('read zip: its central directory lies outside of it');
  return parseDirectory(await read(start, start + length), count, start);
}

/** The packed data of an entry out of the bytes `[entry.start, entry.end)`. */
export function packedData(entry: ZipDirectoryEntry, bytes: Buffer): Buffer {
  if (bytes.length !== entry.end - entry.start || bytes.readUInt32LE(0) !== LOCAL_SIGNATURE) {
    throw new Error(`read zip entry ${entry.name}: no local header`);
  }
  const name = bytes.toString('utf8', LOCAL_BYTES, LOCAL_BYTES + bytes.readUInt16LE(26));
  if (name !== entry.name || bytes.readUInt16LE(28) !== 0)
    throw new Error(`read zip entry ${entry.name}: its local header differs`);
  return bytes.subarray(bytes.length - entry.packedSize);
}

function parseDirectory(directory: Buffer, count: number, directoryStart: number): ZipDirectoryEntry[] {
  const entries: ZipDirectoryEntry[] = [];
  let at = 0;
  while (entries.length < count) {
    if (at + CENTRAL_BYTES > directory.length || directory.readUInt32LE(at) !== CENTRAL_SIGNATURE) {
      throw new Error('read zip: its central directory is damaged');
    }
    const nameEnd = at + CENTRAL_BYTES + directory.readUInt16LE(at + 28);
    const entry = parseEntry(directory, at, nameEnd);
    if (entry.end > directoryStart)
      throw new Error(`read zip entry ${entry.name}: it lies outside of the zip`);
    entries.push(entry);
    at = nameEnd + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

function parseEntry(directory: Buffer, at: number, nameEnd: number): ZipDirectoryEntry {
  const name = directory.toString('utf8', at + CENTRAL_BYTES, nameEnd);
  const method = directory.readUInt16LE(at + 10);
  if (method !== 0 && method !== 8) throw new Error(`read zip entry ${name}: unknown method ${method}`);
  const packedSize = directory.readUInt32LE(at + 20);
  const start = directory.readUInt32LE(at + 42);
  return {
    name,
    method: method === 8 ? 'deflate' : 'store',
    crc32: directory.readUInt32LE(at + 16),
    size: directory.readUInt32LE(at + 24),
    packedSize,
    start,
    end: start + LOCAL_BYTES + (nameEnd - at - CENTRAL_BYTES) + packedSize,
  };
}
