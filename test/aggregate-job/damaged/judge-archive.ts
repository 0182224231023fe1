import { createHash } from 'node:crypto';
import { crc32, inflateRawSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import { parseChunkName, rawDayPrefix } from '../../../shared/lake/object-names.ts';
import { DATE, SYMBOL } from '../market-day.ts';
import { ZIP } from './lake.ts';

type Objects = ReadonlyMap<string, Buffer>;

const RAW = rawDayPrefix(SYMBOL, DATE);
const OWN_ENTRIES = ['inputs.csv', 'evidence.json'];

/** What was taken from the raw store lies whole in the zip, and so does all that was archived before; by a zip reader that is not the job's. */
export function archiveFaults(undamaged: Objects, before: Objects, after: Objects): string[] {
  const zip = after.get(ZIP);
  if (!zip) return ['no zip beside the manifest'];
  const entries = unzipSync(zip);
  const gone = [...before].filter(([name]) => name.startsWith(RAW) && !after.has(name));
  const faults = gone
    .filter(([name, bytes]) => !holds(entries, name.slice(RAW.length), bytes))
    .map(([name]) => `${name} was deleted, and the zip does not hold it whole`);
  return [...faults, ...lostEntries(entries, undamaged, before), ...hashFaults(zip)];
}

function holds(entries: Record<string, Uint8Array>, name: string, bytes: Buffer): boolean {
  const kept = entries[`rejected/${name}`];
  if (kept) return bytes.equals(kept);
  const text = parseChunkName(name) && name.endsWith('.gz') ? gunzipStrictly(bytes) : undefined;
  const entry = entries[name.slice(0, -'.gz'.length)];
  return text !== undefined && entry !== undefined && text.equals(entry);
}

/** Everything that an intact zip held, as it was. */
function lostEntries(entries: Record<string, Uint8Array>, undamaged: Objects, before: Objects): string[] {
  const zip = before.get(ZIP);
  if (!zip || zip !== undamaged.get(ZIP)) return [];
  return Object.entries(unzipSync(zip))
    .filter(
      ([name, text]) =>
        !OWN_ENTRIES.includes(name) && !Buffer.from(text).equals(entries[name] ?? Buffer.alloc(0)),
    )
    .filter(([name, text]) => text.length > 0 || entries[name] === undefined)
    .map(([name]) => `the zip held ${name}, and does no longer`);
}

function hashFaults(zip: Buffer): string[] {
  const comment = zip.subarray(-'sha256 '.length - 64).toString('latin1');
  const hash = createHash('sha256').update(zip.subarray(0, -comment.length)).digest('hex');
  return comment === `sha256 ${hash}` ? [] : ['the zip does not end with its hash'];
}

/** The text of gzip members with nothing but zeros behind them; undefined for anything else. */
export function gunzipStrictly(bytes: Buffer): Buffer | undefined {
  const texts: Buffer[] = [];
  for (let rest = bytes; ; ) {
    const member = texts.length > 0 && rest.every((byte) => byte === 0) ? undefined : memberOf(rest);
    if (!member)
      return texts.length > 0 && rest.every((byte) => byte === 0) ? Buffer.concat(texts) : undefined;
    texts.push(member.text);
    rest = rest.subarray(member.end);
  }
}

const FIXED_HEADER_BYTES = 10;
const TRAILER_BYTES = 8;

/** The gzip member that the bytes begin with (RFC 1952). */
function memberOf(bytes: Buffer): { text: Buffer; end: number } | undefined {
  const flags = bytes[3] ?? 0xff;
  if (bytes.length < FIXED_HEADER_BYTES + TRAILER_BYTES || bytes.readUIntBE(0, 3) !== 0x1f8b08)
    return undefined;
  let start = FIXED_HEADER_BYTES;
  if (flags & 4) start += 2 + bytes.readUInt16LE(start);
  for (const flag of [8, 16]) if (flags & flag) start = bytes.indexOf(0, start) + 1;
  if (flags & 2) start += 2;
  try {
    const { buffer, engine } = inflateRawSync(bytes.subarray(start), { info: true }) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    const end = start + engine.bytesWritten;
    const isWhole =
      bytes.readUInt32LE(end) === crc32(buffer) && bytes.readUInt32LE(end + 4) === buffer.length;
    return isWhole ? { text: buffer, end: end + TRAILER_BYTES } : undefined;
  } catch {
    return undefined;
  }
}
