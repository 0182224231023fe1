import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { stringify } from 'csv-stringify/sync';
import { mapInOrder } from '../../shared/concurrency.ts';
import type { Manifest } from '../../shared/lake/manifest.ts';
import { packEntry } from '../../shared/lake/pack.ts';
import { compareNames, type Store } from '../../shared/store/store.ts';
import type { DayOutputs } from '../files/outputs.ts';
import { type Evidence, evidenceText } from '../proof/evidence.ts';
import { packedText } from '../scan/chunk.ts';
import { createInflater, type Inflater } from '../scan/inflate.ts';
import type { ChunkReading } from '../scan/scan-chunk.ts';
import { openArchive, sha256OfObject } from './archive.ts';
import { earlierText } from './earlier-inputs.ts';
import { atOnce, type DayInput, EARLIER_ENTRY, EVIDENCE_ENTRY, entryName, INPUTS_ENTRY } from './inputs.ts';
import { type ZipEntry, zipBytes } from './zip-write.ts';

/** One line of `inputs.csv`: an entry of the zip and the size and CRC-32 of what it unpacks to. */
export type InputLine = { entry: string; input: DayInput; reading: ChunkReading };

/** A day's inputs in the order of the zip, and that list as text: `inputs.csv`. */
export type InputList = { lines: InputLine[]; text: string };

export function inputList(readings: Map<DayInput, ChunkReading>): InputList {
  const lines = inputLines(readings);
  const rows = lines.map(({ entry, reading }) => [
    entry,
    reading.size,
    reading.crc32.toString(16).padStart(8, '0'),
    reading.rows,
  ]);
  return { lines, text: stringify([['name', 'bytes', 'crc32', 'rows'], ...rows]) };
}

/**
 * Stores the day's zip and reads it back. When this returns, every input lies in the store a second time, in the zip, with
 * the size and CRC with which it was read for the bars. `earlier` is the hash of an earlier list of inputs that these include.
 */
export async function storeArchive(
  results: Store,
  outputs: DayOutputs,
  name: string,
  { lines, text }: InputList,
  evidence: Evidence,
  earlier: string | undefined,
  readsAtOnce: number,
): Promise<Manifest['archive']> {
  const texts: [string, string][] = [
    [EVIDENCE_ENTRY, evidenceText(evidence)],
    [INPUTS_ENTRY, text],
    ...(earlier === undefined ? [] : [[EARLIER_ENTRY, earlierText(earlier)] satisfies [string, string]]),
  ];
  let written = '';
  await outputs.put(name, async function* () {
    const sha256 = createHash('sha256');
    yield* zipBytes(entriesOf(lines, texts, readsAtOnce), sha256);
    written = sha256.digest('hex');
  });
  return checkArchive(results, name, lines, written);
}

async function checkArchive(
  results: Store,
  name: string,
  lines: InputLine[],
  written: string,
): Promise<Manifest['archive']> {
  const archive = await openArchive(results, name);
  if (!archive) throw new Error(`check archive ${name}: it is not there`);
  const sha256 = await sha256OfObject(results, archive);
  if (sha256 !== written) throw new Error(`check archive ${name}: it does not hold what was written`);
  const entries = new Map(archive.entries.map((entry) => [entry.name, entry]));
  for (const { entry, reading } of lines) {
    const stored = entries.get(entry);
    if (stored?.size !== reading.size || stored.crc32 !== reading.crc32)
      throw new Error(`check archive ${name}: ${entry} differs from its chunk`);
  }
  return { name, bytes: archive.bytes, sha256 };
}

async function* entriesOf(
  lines: InputLine[],
  texts: [string, string][],
  readsAtOnce: number,
): AsyncGenerator<ZipEntry> {
  const largest = lines.reduce((most, { input }) => Math.max(most, input.bytes), 1);
  const inflater = createInflater();
  yield* mapInOrder(lines, atOnce(readsAtOnce, largest), (line) => chunkEntry(line, inflater));
  for (const [name, text] of texts) {
    const bytes = Buffer.from(text);
    yield {
      name,
      method: 'deflate',
      packed: packEntry(bytes),
      crc32: crc32(bytes),
      size: bytes.length,
    };
  }
}

/** Takes a chunk over as it is. It is read a second time here, so what is packed is compared with what the bars were built from. */
async function chunkEntry({ entry, input, reading }: InputLine, inflater: Inflater): Promise<ZipEntry> {
  const stored = await input.load();
  const packed = reading.damage === null ? packedText(stored, reading.packedCrc32, inflater) : stored.bytes;
  if (crc32(packed) !== reading.packedCrc32)
    throw new Error(`archive ${entry}: it changed since it was read`);
  return {
    name: entry,
    method: reading.damage === null ? 'deflate' : 'store',
    packed,
    crc32: reading.crc32,
    size: reading.size,
  };
}

function inputLines(readings: Map<DayInput, ChunkReading>): InputLine[] {
  const lines = [...readings].map(([input, reading]) => ({
    entry: entryName(input, reading.damage !== null),
    input,
    reading,
  }));
  return lines.sort((a, b) => compareNames(a.entry, b.entry));
}
