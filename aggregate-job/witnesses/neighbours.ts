import { errorText } from '../../shared/errors.ts';
import { type Manifest, parseManifest, type Seed } from '../../shared/lake/manifest.ts';
import { manifestObjectName } from '../../shared/lake/object-names.ts';
import type { Store } from '../../shared/store/store.ts';
import { addDays } from '../../shared/time.ts';
import { type Epoch, verifiedEnds } from '../proof/epochs.ts';
import type { Evidence } from '../proof/evidence.ts';
import { containsId, type IdRange, joinRanges, subtractRanges } from '../proof/id-ranges.ts';
import { firstIdsOf } from './first-ids.ts';

/** What the days before and after say about a day. */
export type Neighbours = {
  seed: Seed | null;
  /** The id that is expected to be the day's first, as the day before proves it. */
  firstId: number | null;
  /** The ids that the day before holds, and those that the day after holds, as far as they are known. */
  before: IdRange[];
  after: IdRange[];
};

/** The ids a day holds: its first and its last in order of time, and runs of them, none where ids restarted. */
export type Held = { first: number | null; last: number | null; runs: IdRange[] };

/** A stored manifest that is none. */
export class UnreadableManifest extends Error {
  override name = 'UnreadableManifest';
}

/** Asks for a day that ends with `last` yesterday's manifest, and tomorrow's chunks and manifest. A manifest that cannot be read says nothing. */
export async function askNeighbours(
  raw: Store,
  results: Store,
  symbol: string,
  date: string,
  last: number | null,
  warnOnce: (message: string) => void,
): Promise<Neighbours> {
  const manifestOf = (day: string) => readManifest(results, symbol, day).catch(unreadable(warnOnce));
  const before = await manifestOf(addDays(date, -1));
  const after = await manifestOf(addDays(date, 1));
  return neighboursOf(before, after, await firstIdsOf(raw, symbol, addDays(date, 1), last));
}

/** What two manifests say, and the first ids of chunks of the day after: a built day may have late ones. */
export function neighboursOf(
  before: Manifest | undefined,
  after: Manifest | undefined,
  firstIds: IdRange[] = [],
): Neighbours {
  const provenLast = before?.trades.expected_last_id ?? null;
  return {
    seed: before?.close ? { close: before.close, source: 'manifest' } : null,
    firstId: provenLast === null ? null : provenLast + 1,
    before: before ? runsAt(heldBy(before), 'last') : [],
    after: joinRanges([...firstIds, ...(after ? runsAt(heldBy(after), 'first') : [])]),
  };
}

/** The ids that a built day holds. */
export function heldBy({ trades: { first_id, last_id, missing, elsewhere = [] } }: Manifest): Held {
  const isOneEpoch = first_id !== null && last_id !== null && first_id <= last_id;
  const others = joinRanges([...missing, ...elsewhere]);
  return {
    first: first_id,
    last: last_id,
    runs: isOneEpoch ? subtractRanges([[first_id, last_id]], others) : [],
  };
}

/** The ids that the rows of intact chunks of a day hold. */
export function heldIn(epochs: Epoch[]): Held {
  const verified = epochs.length === 1 ? epochs.flat().filter((segment) => segment.verified) : [];
  const [first, last] = verifiedEnds(epochs);
  return { first, last, runs: joinRanges(verified.map(({ from, to }): IdRange => [from, to])) };
}

/** Where ids restarted, a number names a trade for certain only at the edge. */
function runsAt(held: Held, edge: 'first' | 'last'): IdRange[] {
  const id = held[edge];
  return held.runs.length > 0 || id === null ? held.runs : [[id, id]];
}

/** Trades whose times run against their ids are this close to midnight by id: as many as a page of the exchange. */
const EDGE_IDS = 1_000;

/**
 * What follows for a day that holds these ids. Neighbouring ids leave no room for a missing trade; an id between the day's own that a
 * neighbour holds is not missing, its time was the other day's.
 */
export function neighbourEvidence(
  { firstId, before, after }: Neighbours,
  { first, last, runs }: Held,
): Pick<Evidence, 'expected_first' | 'expected_last' | 'elsewhere'> {
  const vouch = (id: number | null) => ({ id, source: 'neighbours' as const });
  if (first === null || last === null) {
    const idBefore = before.at(-1)?.[1];
    const isQuiet = idBefore !== undefined && after[0]?.[0] === idBefore + 1;
    return { expected_first: isQuiet ? vouch(null) : null, expected_last: isQuiet ? vouch(null) : null };
  }
  const provenFirst = containsId(before, first - 1)
    ? first
    : firstId !== null && firstId <= first
      ? firstId
      : null;
  const inside =
    runs.length === 0
      ? []
      : [...clip(before, first, first + EDGE_IDS), ...clip(after, last - EDGE_IDS, last)];
  const elsewhere = subtractRanges(joinRanges(inside), runs);
  return {
    expected_first: provenFirst === null ? null : vouch(provenFirst),
    expected_last: containsId(after, last + 1) ? vouch(last) : null,
    ...(elsewhere.length > 0 ? { elsewhere } : {}),
  };
}

function clip(ranges: IdRange[], low: number, high: number): IdRange[] {
  return ranges.flatMap(([from, to]): IdRange[] =>
    to < low || from > high ? [] : [[Math.max(from, low), Math.min(to, high)]],
  );
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
