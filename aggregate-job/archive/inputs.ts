import {
  type ChunkName,
  chunkEntryName,
  DUMP_WRITER_PREFIX,
  parseChunkName,
  parseOddName,
  REPAIR_WRITER,
  rawDayPrefix,
} from '../../shared/lake/object-names.ts';
import { compareNames, type ObjectInfo, type Store } from '../../shared/store/store.ts';
import type { StoredChunk } from '../scan/chunk.ts';
import { REPAIR_RANK } from '../window/order.ts';
import { type Archive, archivedChunk } from './archive.ts';

/** Files of the day's zip that are not chunks. */
export const INPUTS_ENTRY = 'inputs.csv';
export const EVIDENCE_ENTRY = 'evidence.json';
/** The hash of the `inputs.csv` of the build that this zip replaced; absent where it replaced none by more. */
export const EARLIER_ENTRY = 'earlier.csv';
const TEXT_ENTRIES = [INPUTS_ENTRY, EVIDENCE_ENTRY, EARLIER_ENTRY];
export const REJECTED_FOLDER = 'rejected/';

/** Chunks that wait in memory as they are stored may take so much; a usual day's come nowhere near. */
const LOADED_BYTES = 48 * 2 ** 20;

/** One raw object of a symbol-day, wherever it lies now. */
export type DayInput = {
  /** Its name inside the day's raw prefix: `trades/12-04_a_0.csv.gz`. */
  name: string;
  /** Null for an object that is not named like a chunk. */
  chunk: ChunkName | null;
  /** The object in the raw store; null when it lies in the archive alone. */
  raw: ObjectInfo | null;
  /** Bytes it takes as it is stored. */
  bytes: number;
  load(): Promise<StoredChunk>;
};

/** The raw objects of a symbol-day, from the raw store and from the day's zip, each once, in the order of their names. */
export async function listInputs(
  store: Store,
  symbol: string,
  date: string,
  archive?: Archive,
): Promise<DayInput[]> {
  const inputs = new Map<string, DayInput>();
  for (const input of archive ? archivedInputs(archive) : []) inputs.set(input.name, input);
  const prefix = rawDayPrefix(symbol, date);
  for await (const object of store.list(prefix)) {
    const input = rawInput(store, object, prefix);
    inputs.set(input.name, input);
  }
  return [...inputs.values()].sort((a, b) => compareNames(a.name, b.name));
}

/** Name of an input inside the day's zip. */
export function entryName(input: DayInput, isDamaged: boolean): string {
  if (isOdd(input) && !isDamaged) return input.name.slice(0, -'.gz'.length);
  return isDamaged || !input.chunk ? `${REJECTED_FOLDER}${input.name}` : chunkEntryName(input.chunk);
}

/**
 * Rank of each input: of several rows with one id the one with the lowest rank stays. `repair` comes first, then the recorders by name,
 * then the exchange's dumps. What a scan finds damaged ranks behind all that are not.
 */
export function rankInputs(inputs: DayInput[]): Map<DayInput, number> {
  const writers = new Set(inputs.map(({ chunk }) => chunk?.writer ?? ''));
  writers.delete(REPAIR_WRITER);
  const ranks = new Map(
    [...writers]
      .sort((a, b) => Number(isDump(a)) - Number(isDump(b)) || compareNames(a, b))
      .map((writer, index) => [writer, REPAIR_RANK + 1 + index]),
  );
  return new Map(inputs.map((input) => [input, ranks.get(input.chunk?.writer ?? '') ?? REPAIR_RANK]));
}

const isDump = (writer: string): boolean => writer.startsWith(DUMP_WRITER_PREFIX);

/** How many of some inputs may be in memory at once, where one of them may take as much as the largest. */
export function atOnce(most: number, largestBytes: number): number {
  return Math.max(1, Math.min(most, Math.floor(LOADED_BYTES / largestBytes)));
}

function rawInput(store: Store, object: ObjectInfo, prefix: string): DayInput {
  const name = object.name.slice(prefix.length);
  return {
    name,
    chunk: name.endsWith('.gz') ? (parseChunkName(name) ?? null) : null,
    raw: object,
    bytes: object.bytes,
    load: async () => {
      const stored = await store.read(object.name);
      if (stored?.generation !== object.generation)
        throw new Error(`read chunk ${object.name}: it changed since it was listed`);
      return { form: 'gzip', bytes: stored.bytes };
    },
  };
}

function archivedInputs(archive: Archive): DayInput[] {
  const entries = archive.entries.filter(({ name }) => !TEXT_ENTRIES.includes(name));
  return entries.map((entry) => {
    const isRejected = entry.name.startsWith(REJECTED_FOLDER);
    const name = isRejected ? entry.name.slice(REJECTED_FOLDER.length) : `${entry.name}.gz`;
    const chunk = name.endsWith('.gz') ? (parseChunkName(name) ?? null) : null;
    return { name, chunk, raw: null, bytes: entry.packedSize, load: () => archivedChunk(archive, entry) };
  });
}

/** True for frames that a recorder could not take (`odd/…jsonl.gz`): they go into the zip, and are neither scanned nor rejected. */
export function isOdd({ name }: Pick<DayInput, 'name'>): boolean {
  return name.endsWith('.gz') && parseOddName(name) !== undefined;
}
