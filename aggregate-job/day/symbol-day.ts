import { isResolution, parseResolution, type Resolution } from '../../shared/bars/resolution.ts';
import { mapAll } from '../../shared/concurrency.ts';
import { doing, errorText } from '../../shared/errors.ts';
import type { ExchangeRest } from '../../shared/exchange/rest.ts';
import { type Manifest, manifestText } from '../../shared/lake/manifest.ts';
import {
  archiveObjectName,
  manifestObjectName,
  parseBarsName,
  REPAIR_WRITER,
  rawDayPrefix,
} from '../../shared/lake/object-names.ts';
import type { Log } from '../../shared/program/log.ts';
import type { Progress } from '../../shared/program/progress.ts';
import type { Store } from '../../shared/store/store.ts';
import { DAY_MS, dayStartMs } from '../../shared/time.ts';
import { type Archive, archivedChunk, openArchive, requireIntact } from '../archive/archive.ts';
import { inputList, storeArchive } from '../archive/archive-day.ts';
import {
  type ArchivedInputs,
  earlierInputs,
  holdsInputsOf,
  parseEarlier,
} from '../archive/earlier-inputs.ts';
import {
  type DayInput,
  EARLIER_ENTRY,
  EVIDENCE_ENTRY,
  entryName,
  INPUTS_ENTRY,
  isOdd,
  listInputs,
} from '../archive/inputs.ts';
import { readOddInputs } from '../archive/odd-inputs.ts';
import { DayOutputs, sha256, storeBars } from '../files/outputs.ts';
import { type Evidence, NO_EVIDENCE, parseEvidence } from '../proof/evidence.ts';
import type { IdRange } from '../proof/id-ranges.ts';
import { repairTrades } from '../repair/repair.ts';
import { unpackChunk } from '../scan/chunk.ts';
import type { ChunkReading } from '../scan/scan-chunk.ts';
import type { Threads } from '../threads/threads.ts';
import { KEPT_MS } from '../witnesses/day-edge.ts';
import { gatherEvidence } from '../witnesses/gather.ts';
import { readManifest, UnreadableManifest } from '../witnesses/neighbours.ts';
import { completenessOf, findDay } from './findings.ts';
import { manifestOf } from './manifest.ts';
import { requireNoLoss } from './no-loss.ts';
import { type DayReading, readDay } from './read-day.ts';

/** What building one symbol-day needs. */
export type SymbolDay = {
  raw: Store;
  results: Store;
  symbol: string;
  date: string;
  resolutions: Resolution[];
  /** Leaves the raw chunks where they are. */
  keepRaw: boolean;
  readsAtOnce: number;
  /** Undefined: the exchange is not asked. */
  rest: ExchangeRest | undefined;
  /** The exchange's clock, ms. */
  nowMs: number;
  /** No more missing ids than this are fetched. */
  repairMaxIds: number;
  threads: Threads;
  progress: Progress;
  log: Log;
  /** Tells what concerns more than this day, once in a run. */
  warnOnce(message: string): void;
  codeVersion: string;
};

const REPAIR_ROUNDS = 3;

/** There is nothing to build a day from. */
export class NoDataError extends Error {
  override name = 'NoDataError';
}

/**
 * Builds one symbol-day from its chunks and its zip, repaired where the exchange can help, and stores, in this order: repaired
 * chunks, daily files, zip, manifest. Raw chunks are deleted only after the zip that holds them was read back.
 * @throws NoDataError when there are neither chunks nor a zip.
 */
export async function buildSymbolDay(day: SymbolDay): Promise<Manifest> {
  const { results, symbol, date, progress, readsAtOnce, threads } = day;
  const before = await ownManifest(day);
  const outputs = await DayOutputs.find(results, symbol, date);
  const resolutions = resolutionsOf(day, before, outputs.names);
  const archive = await openArchive(results, archiveObjectName(symbol, date));
  if (archive) await requireIntact(results, archive);
  const archived = archive && (await archivedInputs(archive));

  const { inputs, reading, evidence } = await readAndRepair(day, archive);
  const findings = findDay(reading, evidence);
  const list = inputList(reading.readings);
  const manifest = manifestOf(day, list, evidence, findings);
  requireNoLoss(before, manifest, holdsInputsOf(before, manifest.inputs.sha256, archived));
  const earlier = earlierInputs(before, manifest.inputs.sha256, archived);

  progress.step('write', 0);
  manifest.outputs = await storeBars(outputs, symbol, date, findings, resolutions, threads);
  const zipName = archiveObjectName(symbol, date);
  manifest.archive = await storeArchive(results, outputs, zipName, list, evidence, earlier, readsAtOnce);
  await outputs.put(manifestObjectName(symbol, date), Buffer.from(manifestText(manifest)));
  if (!day.keepRaw) await deleteRaw(day.raw, inputs, readsAtOnce);
  progress.end({
    verdict: manifest.verdict,
    trades: manifest.trades.rows,
    snapshots: manifest.depth.snapshots,
  });
  return manifest;
}

/**
 * What the day's manifest says. One that cannot be read, or only by a newer version, is not written over: it is all that
 * keeps a day from being replaced by less.
 */
async function ownManifest({ results, symbol, date }: SymbolDay): Promise<Manifest | undefined> {
  try {
    return await readManifest(results, symbol, date);
  } catch (cause) {
    if (!(cause instanceof UnreadableManifest)) throw cause;
    throw new Error(`${errorText(cause)}; to build the day from its chunks and zip, delete it`, { cause });
  }
}

type Read = { inputs: DayInput[]; reading: DayReading; evidence: Evidence };

/**
 * Reads the day; where trades are missing that the exchange still has, fetches them into the raw store and reads the day again. In
 * rounds, because a page may leave trades out and because rows may first tell what to ask for.
 */
async function readAndRepair(day: SymbolDay, archive: Archive | undefined): Promise<Read> {
  let known = archive ? await archivedEvidence(archive) : NO_EVIDENCE;
  let maxIds = day.repairMaxIds;
  for (let round = 1; ; round++) {
    const read = await readInputs(day, archive);
    const evidence = await gatherEvidence(day, known, read.reading.epochs);
    const stored = round > REPAIR_ROUNDS ? 0 : await repair(day, read, evidence, maxIds);
    if (stored === 0) return { ...read, evidence };
    known = evidence;
    maxIds -= stored;
  }
}

async function readInputs(day: SymbolDay, archive: Archive | undefined): Promise<Omit<Read, 'evidence'>> {
  const { raw, symbol, date, readsAtOnce, progress, threads } = day;
  const inputs = await listInputs(raw, symbol, date, archive);
  const chunks = inputs.filter((input) => !isOdd(input));
  if (chunks.length === 0)
    throw new NoDataError(
      `build ${symbol} ${date}: nothing under ${rawDayPrefix(symbol, date)} of ${raw.url}`,
    );
  progress.step('read', chunks.length);
  const reading = await readDay(chunks, {
    dayStartMs: dayStartMs(date),
    readsAtOnce,
    onProgress: (read) => progress.update(read),
    threads,
  });
  for (const [input, odd] of await readOddInputs(inputs.filter(isOdd))) reading.readings.set(input, odd);
  if (archive) requireSameAsArchived(archive, reading.readings);
  progress.end({ chunks: chunks.length });
  return { inputs, reading };
}

/** Returns the number of trades that were fetched and stored. */
async function repair(
  day: SymbolDay,
  { inputs, reading }: Omit<Read, 'evidence'>,
  evidence: Evidence,
  maxIds: number,
): Promise<number> {
  const { rest, raw, symbol, date, nowMs, progress, log, warnOnce } = day;
  const missing = withinEnds(completenessOf(reading.epochs, evidence).missing, evidence);
  const isKept = dayStartMs(date) + DAY_MS > nowMs - KEPT_MS;
  // after a restart of the ids a number no longer names the trade that is missing
  if (!rest || missing.length === 0 || maxIds <= 0 || !isKept || reading.epochs.length > 1) return 0;
  const taken = new Map<number, number>();
  for (const { chunk } of inputs) {
    if (chunk?.writer === REPAIR_WRITER)
      taken.set(chunk.minute, Math.max(taken.get(chunk.minute) ?? 0, chunk.n + 1));
  }
  const task = { rest, raw, symbol, date, missing, taken, maxIds, progress, warnOnce };
  const { stored, error } = await repairTrades(task);
  if (error !== undefined)
    log.warn({ symbol, date, stored }, `${errorText(error)}; the repair is continued by the next run`);
  return stored;
}

/** Without what lies beyond the proven ends: a recorded id that is far too high leaves a hole of which nothing is the day's. */
function withinEnds(ranges: IdRange[], { expected_first, expected_last }: Evidence): IdRange[] {
  const low = expected_first?.id ?? 0;
  const high = expected_last?.id ?? Number.POSITIVE_INFINITY;
  return ranges.flatMap(([from, to]): IdRange[] =>
    to < low || from > high ? [] : [[Math.max(from, low), Math.min(to, high)]],
  );
}

async function archivedEvidence(archive: Archive): Promise<Evidence> {
  const text = await archivedText(archive, EVIDENCE_ENTRY);
  return doing('read', `${EVIDENCE_ENTRY} in ${archive.name}`, async () => parseEvidence(text));
}

async function archivedInputs(archive: Archive): Promise<ArchivedInputs> {
  const isReplacing = archive.entries.some(({ name }) => name === EARLIER_ENTRY);
  return {
    sha256: sha256(await archivedText(archive, INPUTS_ENTRY)),
    earlier: isReplacing ? parseEarlier(await archivedText(archive, EARLIER_ENTRY)) : undefined,
  };
}

async function archivedText(archive: Archive, name: string): Promise<string> {
  const entry = archive.entries.find((candidate) => candidate.name === name);
  if (!entry) throw new Error(`read archive ${archive.name}: it has no ${name}`);
  return unpackChunk(await archivedChunk(archive, entry)).text.toString();
}

/** Chunks never change, so one that lies in the raw store and in the zip (a run ended before it deleted it) is the same in both. */
function requireSameAsArchived(archive: Archive, readings: Map<DayInput, ChunkReading>): void {
  const archived = new Map(archive.entries.map((entry) => [entry.name, entry]));
  for (const [input, { damage, size, crc32 }] of readings) {
    if (!input.raw) continue;
    const entry = archived.get(entryName(input, damage !== null));
    const other = input.chunk ? archived.get(entryName(input, damage === null)) : undefined; // damaged since, or intact since
    if (other || (entry && (entry.size !== size || entry.crc32 !== crc32))) {
      throw new Error(
        `read chunk ${input.raw?.name ?? input.name}: it differs from ${(other ?? entry)?.name} in ${archive.name}`,
      );
    }
  }
}

/**
 * The asked resolutions and those that are there already, so that no file of the day is left behind by a rebuild: those the manifest
 * names, and those that lie in the store without it, of a run that ended early. What is not ours is told and left alone.
 */
function resolutionsOf(
  { symbol, date, resolutions, log }: SymbolDay,
  before: Manifest | undefined,
  found: string[],
): Resolution[] {
  const named = (before?.outputs ?? []).map(({ name }) => name);
  const stored = [...named, ...found].flatMap((name) => {
    const resolution = parseBarsName(symbol, date, name) ?? '';
    if (isResolution(resolution)) return [parseResolution(resolution, name)];
    const isOurs = name === manifestObjectName(symbol, date) || name === archiveObjectName(symbol, date);
    if (!isOurs) log.warn({ symbol, date }, `${name} is not one of the day's files and stays as it is`);
    return [];
  });
  const all = [...resolutions, ...stored];
  const byName = new Map(all.map((resolution) => [resolution.name, resolution]));
  return [...byName.values()].sort((a, b) => a.seconds - b.seconds);
}

async function deleteRaw(raw: Store, inputs: DayInput[], atOnce: number): Promise<void> {
  const objects = inputs.flatMap((input) => (input.raw ? [input.raw] : []));
  await mapAll(objects, atOnce, ({ name, generation }) => raw.remove(name, generation));
}
