import { crc32, gunzipSync, constants as zlib } from 'node:zlib';
import { errorText } from '../../shared/errors.ts';
import { packEntry } from '../../shared/pack.ts';
import { type InflateWhole, inflate, inflateWhole } from './inflate.ts';

/** A chunk as it lies in the store (`gzip`) or, archived, in the day's zip (`deflate`, with the checks the zip holds). */
export type StoredChunk =
  | { form: 'gzip'; bytes: Buffer }
  | { form: 'deflate'; bytes: Buffer; crc32: number; size: number };

/** The plain text of a chunk and what the archive needs to take it over without compressing it again. */
export type ReadableChunk = {
  text: Buffer;
  crc32: number;
  /** The raw deflate stream of `text`: the chunk's own where it is one intact gzip member, else made anew. */
  deflated: Buffer;
};

/** A chunk that is not whole: the reason, and the text that could be read for certain before its damage. */
export type DamagedChunk = { damage: string; text: Buffer };

const GZIP_HEADER_BYTES = 10;
const GZIP_TRAILER_BYTES = 8;

/** Unpacks a chunk and checks its size and CRC. The text is valid as long as what `inflater` gives. */
export function unpackChunk(
  chunk: StoredChunk,
  inflater: InflateWhole = inflateWhole,
): ReadableChunk | DamagedChunk {
  return chunk.form === 'gzip'
    ? unpackGzip(chunk.bytes, inflater)
    : unpackDeflate(chunk.bytes, chunk.crc32, chunk.size, inflater);
}

/** The raw deflate stream of a readable chunk, `packedCrc32` being its CRC; without unpacking it where it is one gzip member. */
export function packedText(chunk: StoredChunk, packedCrc32: number): Buffer {
  if (chunk.form === 'deflate') return chunk.bytes;
  const member = gzipMember(chunk.bytes);
  if (member && crc32(member.deflated) === packedCrc32) return member.deflated;
  const unpacked = unpackGzip(chunk.bytes, inflateWhole);
  if ('damage' in unpacked) throw new Error(`unpack chunk: ${unpacked.damage}`);
  return unpacked.deflated;
}

/** The deflate stream inside one gzip member, with its checks (RFC 1952); undefined for a damaged member or one with unknown extras. */
function gzipMember(bytes: Buffer): { deflated: Buffer; crc32: number; size: number } | undefined {
  const start = deflateStart(bytes);
  const end = bytes.length - GZIP_TRAILER_BYTES;
  if (start === undefined || start >= end) return undefined;
  return {
    deflated: bytes.subarray(start, end),
    crc32: bytes.readUInt32LE(end),
    size: bytes.readUInt32LE(end + 4),
  };
}

function unpackGzip(bytes: Buffer, inflater: InflateWhole): ReadableChunk | DamagedChunk {
  if (bytes.length < 2 || bytes.readUInt16BE(0) !== 0x1f8b)
    return { damage: 'not gzip', text: Buffer.alloc(0) };
  const member = gzipMember(bytes);
  const text = member && inflater(member.deflated, member.size);
  if (member && text && crc32(text) === member.crc32)
    return { text, crc32: member.crc32, deflated: member.deflated };
  return unpackUnusual(bytes);
}

/** Several members, padding behind the last one, or damage: the way without shortcuts. */
function unpackUnusual(bytes: Buffer): ReadableChunk | DamagedChunk {
  try {
    const text = gunzipSync(bytes);
    return { text, crc32: crc32(text), deflated: packEntry(text) };
  } catch (error) {
    return { damage: errorText(error), text: certainText(bytes) };
  }
}

/** Chunks pack less than this in practice; used to tell a size field from other bytes. */
const USUAL_MAX_RATIO = 200;

/**
 * What a damaged chunk still says for certain: the start of a truncated one, else its first intact members. Behind any other fault
 * damaged digits could pass for good ones. A flipped bit may look like an early end too, but then the last four bytes
 * still hold a believable size.
 */
function certainText(bytes: Buffer): Buffer {
  if (bytes.length < GZIP_HEADER_BYTES + GZIP_TRAILER_BYTES) return Buffer.alloc(0);
  const hasSize = bytes.readUInt32LE(bytes.length - 4) <= USUAL_MAX_RATIO * bytes.length;
  if (hasSize) return intactMembers(bytes);
  try {
    return gunzipSync(bytes, { finishFlush: zlib.Z_SYNC_FLUSH });
  } catch {
    return intactMembers(bytes);
  }
}

/** The text of the gzip members up to the first one that is not intact. */
function intactMembers(bytes: Buffer): Buffer {
  const texts: Buffer[] = [];
  for (let rest = bytes; ; ) {
    const start = deflateStart(rest);
    const inflated = start === undefined ? undefined : inflate(rest.subarray(start));
    if (start === undefined || !inflated) return Buffer.concat(texts);
    const end = start + inflated.engine.bytesWritten + GZIP_TRAILER_BYTES;
    if (end > rest.length || crc32(inflated.buffer) !== rest.readUInt32LE(end - GZIP_TRAILER_BYTES))
      return Buffer.concat(texts);
    texts.push(inflated.buffer);
    rest = rest.subarray(end);
  }
}

function unpackDeflate(
  bytes: Buffer,
  expectedCrc32: number,
  size: number,
  inflater: InflateWhole,
): ReadableChunk {
  const text = inflater(bytes, size);
  if (!text || crc32(text) !== expectedCrc32)
    throw new Error('unpack archived chunk: its size or CRC does not match the archive');
  return { text, crc32: expectedCrc32, deflated: bytes };
}

/** Where the deflate stream of a gzip member starts: behind the header and its optional extra field, name, comment and CRC. */
function deflateStart(bytes: Buffer): number | undefined {
  if (bytes.length < GZIP_HEADER_BYTES + GZIP_TRAILER_BYTES) return undefined;
  const [magic, method, flags = 0] = [bytes.readUInt16BE(0), bytes[2], bytes[3]];
  if (magic !== 0x1f8b || method !== 8 || flags & 0xe0) return undefined;
  let at = GZIP_HEADER_BYTES;
  if (flags & 0x04) at += 2 + (at + 2 <= bytes.length ? bytes.readUInt16LE(at) : bytes.length);
  if (flags & 0x08) at = bytes.indexOf(0, at) + 1 || bytes.length;
  if (flags & 0x10) at = bytes.indexOf(0, at) + 1 || bytes.length;
  if (flags & 0x02) at += 2;
  return at < bytes.length ? at : undefined;
}
