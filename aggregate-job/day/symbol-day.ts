import { mapAll } from '../../shared/concurrency.ts';
import { archiveObjectName, manifestObjectName, rawDayPrefix } from '../../shared/object-names.ts';
import type { Progress } from '../../shared/progress.ts';
import { type Manifest, manifestText } from '../../shared/schema/manifest.ts';
import type { Store } from '../../shared/store/store.ts';
import { dayStartMs } from '../../shared/time.ts';
import {
  type Archive,
  archivedChunk,
  openArchive,
  requireCanonical,
  sha256OfObject,
} from '../archive/archive.ts';
import { parseResolution, type Resolution } from '../bars/resolution.ts';
import { unpackChunk } from '../scan/chunk.ts';
import type { ChunkReading } from '../scan/scan-chunk.ts';
import type { Scanner } from '../scan/scanner.ts';
import { storeArchive } from './archive-day.ts';
import { addEvidence, type Evidence, NO_EVIDENCE, parseEvidence } from './evidence.ts';
import { findDay } from './findings.ts';
import { type DayInput, EVIDENCE_ENTRY, entryName, listInputs } from './inputs.ts';
import { manifestOf } from './manifest.ts';
import { askNeighbours, neighbourEvidence, readManifest } from './neighbours.ts';
import { putObject, storeBars } from './outputs.ts';
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
  /** Scans large days; small ones, and without it all, are scanned here. */
  scanner?: Scanner;
  progress: Progress;
  codeVersion: string;
};

/** Below this much, packed, a day is scanned before a worker has started. */
const SMALL_DAY_BYTES = 4 << 20;

/** There is nothing to build a day from. */
export class NoDataError extends Error {
  override name = 'NoDataError';
}

/**
 * Builds one symbol-day from its chunks and its zip, and stores, in this order: daily files, zip, manifest. Raw chunks are
 * deleted only after the zip that holds them was read back.
 * @throws NoDataError when there are neither chunks nor a zip.
 */
export async function buildSymbolDay(day: SymbolDay): Promise<Manifest> {
  const { raw, results, symbol, date, progress, readsAtOnce } = day;
  const before = await readManifest(results, symbol, date);
  const archive = await openArchive(results, archiveObjectName(symbol, date));
  if (archive) await requireIntact(results, archive, before);
  const inputs = await listInputs(raw, symbol, date, archive);
  if (inputs.length === 0)
    throw new NoDataError(
      `build ${symbol} ${date}: nothing under ${rawDayPrefix(symbol, date)} of ${raw.url}`,
    );

  progress.step('read', inputs.length);
  const reading = await scanDay(day, inputs, archive);
  progress.end({ chunks: inputs.length });

  if (archive) requireSameAsArchived(archive, reading.readings);

  const evidence = await gatherEvidence(day, archive, reading.epochs);
  const findings = findDay(reading, evidence);
  const manifest = manifestOf(day, reading, evidence, findings);
  requireNoLoss(before, manifest);

  progress.step('write', 0);
  manifest.outputs = await storeBars(results, symbol, date, findings, resolutionsOf(day, before));
  manifest.archive = await storeArchive(
    results,
    archiveObjectName(symbol, date),
    reading.readings,
    evidence,
    readsAtOnce,
  );
  await putObject(results, manifestObjectName(symbol, date), Buffer.from(manifestText(manifest)));
  if (!day.keepRaw) await deleteRaw(raw, inputs, readsAtOnce);
  progress.end({
    verdict: manifest.verdict,
    trades: manifest.trades.rows,
    snapshots: manifest.depth.snapshots,
  });
  return manifest;
}

function scanDay(
  { date, readsAtOnce, progress, scanner }: SymbolDay,
  inputs: DayInput[],
  archive: Archive | undefined,
): Promise<DayReading> {
  const bytes = inputs.reduce((sum, { raw }) => sum + (raw?.bytes ?? 0), archive?.bytes ?? 0);
  return readDay(inputs, {
    dayStartMs: dayStartMs(date),
    readsAtOnce,
    onProgress: (read) => progress.update(read),
    ...(scanner && bytes > SMALL_DAY_BYTES ? { scanner } : {}),
  });
}

/** A zip is only built from when every byte of it is as it was written. */
async function requireIntact(
  results: Store,
  archive: Archive,
  manifest: Manifest | undefined,
): Promise<void> {
  if (manifest?.archive.sha256 === (await sha256OfObject(results, archive))) return;
  await requireCanonical(results, archive); // the run that wrote it ended before its manifest, or someone changed it
}

/** Chunks never change, so one that lies in the raw store and in the zip (a run ended before it deleted it) is the same in both. */
function requireSameAsArchived(archive: Archive, readings: Map<DayInput, ChunkReading>): void {
  const archived = new Map(archive.entries.map((entry) => [entry.name, entry]));
  for (const [input, { damage, size, crc32 }] of readings) {
    const entry = archived.get(entryName(input, damage !== null));
    if (entry && (entry.size !== size || entry.crc32 !== crc32)) {
      throw new Error(
        `read chunk ${input.raw?.name ?? input.name}: it differs from ${entry.name} in ${archive.name}`,
      );
    }
  }
}

async function gatherEvidence(
  day: SymbolDay,
  archive: Archive | undefined,
  epochs: { from: number; to: number }[][],
): Promise<Evidence> {
  const neighbours = await askNeighbours(day.raw, day.results, day.symbol, day.date);
  const [first, last] = [epochs[0]?.[0]?.from ?? null, epochs.at(-1)?.at(-1)?.to ?? null];
  const now: Evidence = {
    ...NO_EVIDENCE,
    seed: neighbours.seed,
    ...neighbourEvidence(neighbours, first, last),
  };
  return addEvidence(archive ? await archivedEvidence(archive) : NO_EVIDENCE, now);
}

async function archivedEvidence(archive: Archive): Promise<Evidence> {
  const entry = archive.entries.find(({ name }) => name === EVIDENCE_ENTRY);
  if (!entry) throw new Error(`read archive ${archive.name}: it has no ${EVIDENCE_ENTRY}`);
  const unpacked = unpackChunk(await archivedChunk(archive, entry));
  return parseEvidence(unpacked.text.toString());
}

/** What was had once is not replaced by less: a vanished chunk or zip must not shrink a day that is done. */
function requireNoLoss(before: Manifest | undefined, now: Manifest): void {
  if (!before) return;
  const rows = (manifest: Manifest): number[] => [manifest.trades.rows, manifest.depth.snapshots];
  const [then, left] = [rows(before), rows(now)];
  if (then.every((count, i) => count <= (left[i] ?? 0))) return;
  throw new Error(
    `build ${now.symbol} ${now.date}: refused, it has ${left[0]} trades and ${left[1]} snapshots where the stored manifest has ${then[0]} and ${then[1]}`,
  );
}

/** The asked resolutions and those that are there already, so that no file of the day is left behind by a rebuild. */
function resolutionsOf(day: SymbolDay, before: Manifest | undefined): Resolution[] {
  const stored = (before?.outputs ?? []).map(({ name }) =>
    name.slice(name.lastIndexOf('_') + 1, -'.csv'.length),
  );
  const all = [...day.resolutions, ...stored.map((name) => parseResolution(name, 'manifest'))];
  const byName = new Map(all.map((resolution) => [resolution.name, resolution]));
  return [...byName.values()].sort((a, b) => a.seconds - b.seconds);
}

async function deleteRaw(raw: Store, inputs: DayInput[], atOnce: number): Promise<void> {
  const objects = inputs.flatMap((input) => (input.raw ? [input.raw] : []));
  await mapAll(objects, atOnce, ({ name, generation }) => raw.remove(name, generation));
}
