import { crc32 } from 'node:zlib';
import { packEntry } from '../../shared/lake/pack.ts';
import { MAX_CHUNK_BYTES } from '../../shared/limits.ts';
import { createInflater, type Inflater, SPARE_BYTES } from './inflate.ts';

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

const GZIP_MAGIC = 0x1f8b;
const GZIP_HEADER_BYTES = 10;
const GZIP_TRAILER_BYTES = 8;

/** The text of a chunk and a line feed, without a copy of up to 128 MiB: the inflater leaves a byte for it. */
export function withLineFeed(text: Buffer): Buffer {
  const longer = Buffer.from(text.buffer, text.byteOffset, text.length + SPARE_BYTES);
  longer[text.length] = 0x0a;
  return longer;
}

/** How much text a chunk says it holds; damage may say anything, but never more than a chunk may. */
export function claimedBytes(chunk: StoredChunk): number {
  const { bytes } = chunk;
  const claimed =
    chunk.form === 'deflate' ? chunk.size : bytes.length < 4 ? 0 : bytes.readUInt32LE(bytes.length - 4);
  return Math.min(claimed, MAX_CHUNK_BYTES);
}

/** Unpacks a chunk and checks its size and CRC. The text is valid as long as what `inflater` gives. */
export function unpackChunk(
  chunk: StoredChunk,
  inflater: Inflater = createInflater(),
): ReadableChunk | DamagedChunk {
  return chunk.form === 'gzip'
    ? unpackGzip(chunk.bytes, inflater)
    : unpackDeflate(chunk.bytes, chunk.crc32, chunk.size, inflater);
}

/** The raw deflate stream of a readable chunk, `packedCrc32` being its CRC; without unpacking it where it is one gzip member. */
export function packedText(
  chunk: StoredChunk,
  packedCrc32: number,
  inflater: Inflater = createInflater(),
): Buffer {
  if (chunk.form === 'deflate') return chunk.bytes;
  const member = gzipMember(chunk.bytes);
  if (member && crc32(member.deflated) === packedCrc32) return member.deflated;
  const unpacked = unpackGzip(chunk.bytes, inflater);
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

/** A deflate stream as a gzip file (RFC 1952), its checks as given. */
export function gzipMemberOf(deflated: Buffer, crc32: number, size: number): Buffer {
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  const trailer = Buffer.alloc(GZIP_TRAILER_BYTES);
  trailer.writeUInt32LE(crc32, 0);
  trailer.writeUInt32LE(size, 4);
  return Buffer.concat([header, deflated, trailer]);
}

function unpackGzip(bytes: Buffer, inflater: Inflater): ReadableChunk | DamagedChunk {
  if (bytes.length < 2 || bytes.readUInt16BE(0) !== GZIP_MAGIC)
    return { damage: 'not gzip', text: Buffer.alloc(0) };
  const member = gzipMember(bytes);
  const text = member && inflater.whole(member.deflated, member.size);
  if (member && text && crc32(text) === member.crc32)
    return { text, crc32: member.crc32, deflated: member.deflated };
  return unpackUnusual(bytes, inflater);
}

/** Several members, padding behind the last one, or damage: the way without shortcuts, member by member. */
function unpackUnusual(bytes: Buffer, inflater: Inflater): ReadableChunk | DamagedChunk {
  let [at, size] = [0, 0];
  for (; at < bytes.length && !isPadding(bytes, at); ) {
    const rest = bytes.subarray(at);
    const member = readMember(rest, inflater, size);
    if ('end' in member) {
      at += member.end;
      size += member.size;
      continue;
    }
    // a flipped bit may look like an early end, but then the last four bytes still hold a believable size
    const isCut = member.damage === CUT && !hasSize(bytes);
    if (member.damage === TOO_LARGE) size = 0;
    return { damage: member.damage, text: inflater.text(isCut ? size + member.size : size) };
  }
  const text = inflater.text(size);
  return { text, crc32: crc32(text), deflated: packEntry(text) };
}

/** Behind the last member zeros are padding, and nothing else is. */
function isPadding(bytes: Buffer, at: number): boolean {
  return at > 0 && bytes[at] === 0 && bytes.subarray(at).every((byte) => byte === 0);
}

const CUT = 'unexpected end of file';
const TOO_LARGE = `more than ${MAX_CHUNK_BYTES / 2 ** 20} MiB of text`;

/** A member that is intact: where it ends and the size of its text. Or what is wrong with it, and the size of the text up to there. */
type Member = { end: number; size: number } | { damage: string; size: number };

/** Inflates the gzip member that `bytes` start with to behind the first `before` bytes of text (RFC 1952). */
function readMember(bytes: Buffer, inflater: Inflater, before: number): Member {
  const start = deflateStart(bytes);
  if (start === undefined) return { damage: isHeader(bytes) ? CUT : 'incorrect header check', size: 0 };
  const piece = inflater.piece(bytes.subarray(start), before);
  const [trailer, size] = [start + piece.read, piece.size];
  if (piece.end === 'full') return { damage: TOO_LARGE, size };
  if (piece.end === 'damaged') return { damage: 'invalid deflate stream', size };
  if (piece.end === 'cut' || trailer + GZIP_TRAILER_BYTES > bytes.length) return { damage: CUT, size };
  if (bytes.readUInt32LE(trailer) !== crc32(inflater.text(before + size).subarray(before)))
    return { damage: 'incorrect data check', size };
  if (bytes.readUInt32LE(trailer + 4) !== size) return { damage: 'incorrect length check', size };
  return { end: trailer + GZIP_TRAILER_BYTES, size };
}

/** True for what a header starts with, cut or not. */
function isHeader(bytes: Buffer): boolean {
  const [first = 0x1f, second = 0x8b, method = 8, flags = 0] = bytes;
  return first === 0x1f && second === 0x8b && method === 8 && (flags & 0xe0) === 0;
}

/** Chunks pack less than this in practice; used to tell a size field from other bytes. */
const USUAL_MAX_RATIO = 200;

/** True where the last four bytes may be the size that a whole chunk ends with. */
function hasSize(bytes: Buffer): boolean {
  return (
    bytes.length >= GZIP_HEADER_BYTES + GZIP_TRAILER_BYTES &&
    bytes.readUInt32LE(bytes.length - 4) <= USUAL_MAX_RATIO * bytes.length
  );
}

function unpackDeflate(
  bytes: Buffer,
  expectedCrc32: number,
  size: number,
  inflater: Inflater,
): ReadableChunk {
  const text = inflater.whole(bytes, size);
  if (!text || crc32(text) !== expectedCrc32)
    throw new Error('unpack archived chunk: its size or CRC does not match the archive');
  return { text, crc32: expectedCrc32, deflated: bytes };
}

/** Where the deflate stream of a gzip member starts: behind the header and its optional extra field, name, comment and CRC. */
function deflateStart(bytes: Buffer): number | undefined {
  if (bytes.length < GZIP_HEADER_BYTES + GZIP_TRAILER_BYTES) return undefined;
  const [magic, method, flags = 0] = [bytes.readUInt16BE(0), bytes[2], bytes[3]];
  if (magic !== GZIP_MAGIC || method !== 8 || flags & 0xe0) return undefined;
  let at = GZIP_HEADER_BYTES;
  if (flags & 0x04) at += 2 + (at + 2 <= bytes.length ? bytes.readUInt16LE(at) : bytes.length);
  if (flags & 0x08) at = bytes.indexOf(0, at) + 1 || bytes.length;
  if (flags & 0x10) at = bytes.indexOf(0, at) + 1 || bytes.length;
  if (flags & 0x02) at += 2;
  return at < bytes.length ? at : undefined;
}
