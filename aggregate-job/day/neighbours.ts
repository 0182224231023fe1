import { manifestObjectName, rawDayPrefix } from '../../shared/object-names.ts';
import { type Manifest, parseManifest, type Seed } from '../../shared/schema/manifest.ts';
import type { Store } from '../../shared/store/store.ts';
import { addDays, dayStartMs } from '../../shared/time.ts';
import { scanWindow } from '../scan/window.ts';
import type { Evidence } from './evidence.ts';
import { type DayInput, listInputs } from './inputs.ts';
import { WINDOW_MS } from './read-day.ts';

/** What the days before and after say about a day. */
export type Neighbours = {
  seed: Seed | null;
  /** The id that is expected to be the day's first, as the day before proves it. */
  firstId: number | null;
  /** The last id that the day before holds, proven to be its last or not. */
  idBefore: number | null;
  /** The first id that the day after holds. */
  idAfter: number | null;
};

/** Asks yesterday's manifest, and tomorrow's chunks and manifest. */
export async function askNeighbours(
  raw: Store,
  results: Store,
  symbol: string,
  date: string,
): Promise<Neighbours> {
  const before = await readManifest(results, symbol, addDays(date, -1));
  const after = await readManifest(results, symbol, addDays(date, 1));
  const provenLast = before?.trades.expected_last_id ?? null;
  return {
    seed: before?.close ? { close: before.close, source: 'manifest' } : null,
    firstId: provenLast === null ? null : provenLast + 1,
    idBefore: before?.trades.last_id ?? null,
    idAfter: smaller(await firstIdOf(raw, symbol, addDays(date, 1)), after?.trades.first_id ?? null),
  };
}

/** What follows for a day that holds ids `first` to `last` (null where it holds none): neighbouring ids leave no room for a missing trade. */
export function neighbourEvidence(
  neighbours: Neighbours,
  first: number | null,
  last: number | null,
): Pick<Evidence, 'expected_first' | 'expected_last'> {
  const { firstId, idBefore, idAfter } = neighbours;
  const vouch = (id: number | null) => ({ id, source: 'neighbours' as const });
  if (first === null || last === null) {
    const isQuiet = idBefore !== null && idAfter === idBefore + 1;
    return { expected_first: isQuiet ? vouch(null) : null, expected_last: isQuiet ? vouch(null) : null };
  }
  const provenFirst = firstId !== null && firstId <= first ? firstId : idBefore === first - 1 ? first : null;
  return {
    expected_first: provenFirst === null ? null : vouch(provenFirst),
    expected_last: idAfter === last + 1 ? vouch(last) : null,
  };
}

/** The manifest of a symbol-day; undefined when there is none. */
export async function readManifest(
  results: Store,
  symbol: string,
  date: string,
): Promise<Manifest | undefined> {
  const name = manifestObjectName(symbol, date);
  const stored = await results.read(name);
  if (!stored) return undefined;
  try {
    return parseManifest(stored.bytes.toString());
  } catch (cause) {
    throw new Error(`read ${name}`, { cause });
  }
}

/** The smaller of two ids that may be unknown: a built day may have late chunks in the raw store too. */
function smaller(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

/** The smallest agg trade id in the raw chunks of a day, looking no further than the first chunks that hold any. */
async function firstIdOf(raw: Store, symbol: string, date: string): Promise<number | null> {
  const inputs = await listInputs(raw, symbol, date, undefined, `${rawDayPrefix(symbol, date)}trades/`);
  const minutes = Map.groupBy(inputs, ({ chunk }) => chunk?.minute ?? -1);
  for (const [minute, chunks] of minutes) {
    const id = minute < 0 ? null : await firstIdIn(chunks, date);
    if (id !== null) return id;
  }
  return null;
}

async function firstIdIn(inputs: DayInput[], date: string): Promise<number | null> {
  const startMs = Math.floor(((inputs[0]?.chunk?.minute ?? 0) * 60_000) / WINDOW_MS) * WINDOW_MS;
  const chunks = await Promise.all(
    inputs.map(async (input) => ({
      name: input.name,
      kind: 'trades' as const,
      stored: await input.load(),
      rank: 0,
      isHome: true,
    })),
  );
  const { segments } = scanWindow({
    dayStartMs: dayStartMs(date),
    startMs,
    endMs: startMs + WINDOW_MS,
    chunks,
    excludedIds: new Set(),
    wantedIds: new Set(),
  });
  return segments[0]?.[0]?.from ?? null;
}
