import { mapInOrder } from '../../shared/concurrency.ts';
import { errorText } from '../../shared/errors.ts';
import { type Manifest, parseManifest, type Seed } from '../../shared/lake/manifest.ts';
import { manifestObjectName, parseChunkName, rawDayPrefix } from '../../shared/lake/object-names.ts';
import type { Store } from '../../shared/store/store.ts';
import { addDays, dayStartMs, MINUTE_MS } from '../../shared/time.ts';
import { verifiedEnds } from '../proof/epochs.ts';
import type { Evidence } from '../proof/evidence.ts';
import { scanWindow, WINDOW_MS } from '../window/window.ts';

/** A quiet symbol has a day of empty chunks before its first trade. */
const MINUTES_AT_ONCE = 8;

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

/** A stored manifest that is none. */
export class UnreadableManifest extends Error {
  override name = 'UnreadableManifest';
}

/** Asks yesterday's manifest, and tomorrow's chunks and manifest. A manifest that cannot be read says nothing. */
export async function askNeighbours(
  raw: Store,
  results: Store,
  symbol: string,
  date: string,
  warnOnce: (message: string) => void,
): Promise<Neighbours> {
  const manifestOf = (day: string) => readManifest(results, symbol, day).catch(unreadable(warnOnce));
  const before = await manifestOf(addDays(date, -1));
  const after = await manifestOf(addDays(date, 1));
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

/** The manifest of a symbol-day; undefined when there is none. @throws UnreadableManifest */
export async function readManifest(
  results: Store,
  symbol: string,
  date: string,
): Promise<Manifest | undefined> {
  const name = manifestObjectName(symbol, date);
  const stored = await results.read(name);
  if (!stored) return undefined;
  try {
    const manifest = parseManifest(stored.bytes.toString());
    if (manifest.symbol === symbol && manifest.date === date) return manifest;
    throw new Error(`it is that of ${manifest.symbol} ${manifest.date}`);
  } catch (cause) {
    throw new UnreadableManifest(`read ${name}`, { cause });
  }
}

/** For a neighbour's manifest that cannot be read: it says nothing, and that is told. */
export function unreadable(warnOnce: (message: string) => void): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof UnreadableManifest)) throw error;
    warnOnce(`${errorText(error)}; the days around it are built without its word`);
  };
}

/** The smaller of two ids that may be unknown: a built day may have late chunks in the raw store too. */
function smaller(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

/** The smallest agg trade id in the raw chunks of a day, looking no further than the first chunks that hold any. */
async function firstIdOf(raw: Store, symbol: string, date: string): Promise<number | null> {
  const chunks: FirstChunk[] = [];
  for await (const { name } of raw.list(`${rawDayPrefix(symbol, date)}trades/`)) {
    const chunk = parseChunkName(name.slice(rawDayPrefix(symbol, date).length));
    if (chunk) chunks.push({ name, minute: chunk.minute });
  }
  const minutes = Map.groupBy(chunks, ({ minute }) => minute).values();
  for await (const id of mapInOrder(minutes, MINUTES_AT_ONCE, (minute) => firstIdIn(raw, minute, date))) {
    if (id !== null) return id;
  }
  return null;
}

type FirstChunk = { name: string; minute: number };

/** The smallest id in the chunks of one minute. One that is gone by now (that day's own run has archived it) says nothing. */
async function firstIdIn(raw: Store, chunks: FirstChunk[], date: string): Promise<number | null> {
  const startMs = Math.floor(((chunks[0]?.minute ?? 0) * MINUTE_MS) / WINDOW_MS) * WINDOW_MS;
  const stored = await Promise.all(chunks.map(({ name }) => raw.read(name)));
  const { segments } = scanWindow({
    dayStartMs: dayStartMs(date),
    startMs,
    endMs: startMs + WINDOW_MS,
    chunks: chunks.flatMap(({ name }, index) => {
      const bytes = stored[index]?.bytes;
      return bytes ? [{ name, kind: 'trades', stored: { form: 'gzip', bytes }, rank: 0, isHome: true }] : [];
    }),
    lostIds: new Set(),
    sharedIds: new Set(),
  });
  return verifiedEnds(segments)[0];
}
