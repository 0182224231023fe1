import { countIds, type IdRange, joinRanges } from './id-ranges.ts';
import { RELISTING_MS, type Segment } from './segments.ts';

/** Segments of one counting of ids, by id. A symbol that is listed anew counts from the start again: a new epoch. */
export type Epoch = Segment[];

/** Trades between two falls of the ids: where they begin, and the ids that intact chunks hold. */
type Stretch = { startMs: number; ids: IdRange[] };

/**
 * The times at which ids were counted anew, from the windows' segments (windows in order of time). A candidate is each fall of the ids
 * after a time without trades as long as a relisting takes. It is one where the ids before and those after it cannot be of one
 * counting: they lie apart, or both hold more than half of the ids in which they overlap. Trades out of order fill each other's
 * holes instead, and a row with a wrong time doubles a single id among many.
 */
export function findRestarts(windows: readonly Segment[][][]): number[] {
  const [first, ...others] = stretchesOf(windows);
  if (!first) return [];
  const restarts: number[] = [];
  let ids = first.ids;
  for (const next of others) {
    const all = joinRanges([...ids, ...next.ids]);
    const doubled = countIds(ids) + countIds(next.ids) - countIds(all);
    const isRestart = overlapOf(ids, next.ids) < 2 * doubled;
    if (isRestart) restarts.push(next.startMs);
    ids = isRestart ? next.ids : all;
  }
  return restarts;
}

function stretchesOf(windows: readonly Segment[][][]): Stretch[] {
  const stretches: { startMs: number; segments: Segment[]; highest: number }[] = [];
  let latest = 0;
  for (const part of windows.flat()) {
    const segments = part.filter(({ verified }) => verified);
    const [some] = segments;
    if (!some) continue;
    const first = segments.reduce((earliest, s) => (s.firstTime < earliest.firstTime ? s : earliest), some);
    const highest = segments.reduce((id, { to }) => Math.max(id, to), 0);
    const stretch = stretches.at(-1);
    if (stretch && (first.firstTime - latest < RELISTING_MS || first.from >= stretch.highest)) {
      for (const segment of segments) stretch.segments.push(segment);
      stretch.highest = Math.max(stretch.highest, highest);
    } else stretches.push({ startMs: first.firstTime, segments: [...segments], highest });
    latest = segments.reduce((time, { lastTime }) => Math.max(time, lastTime), latest);
  }
  return stretches.map(({ startMs, segments }) => ({
    startMs,
    ids: joinRanges(segments.map(({ from, to }): IdRange => [from, to])),
  }));
}

/** How many ids lie in the ranges of both, held or not; below 0 where there is room between them. */
function overlapOf(a: IdRange[], b: IdRange[]): number {
  const from = Math.max(a[0]?.[0] ?? 0, b[0]?.[0] ?? 0);
  const to = Math.min(a.at(-1)?.[1] ?? 0, b.at(-1)?.[1] ?? 0);
  return to - from + 1;
}

/** Puts the windows' segments into epochs. Any disorder but that of a restart stays within its epoch. */
export function joinEpochs(
  windows: readonly Segment[][][],
  restarts: readonly number[] = findRestarts(windows),
): Epoch[] {
  const epochs: Epoch[] = [[], ...restarts.map(() => [])];
  for (const segment of windows.flat(2)) epochs[epochAt(restarts, segment.firstTime)]?.push(segment);
  for (const epoch of epochs) epoch.sort((a, b) => a.from - b.from || a.firstTime - b.firstTime);
  return epochs.filter((epoch) => epoch.length > 0);
}

/** Index of the epoch of a time. */
export function epochAt(restarts: readonly number[], timeMs: number): number {
  const next = restarts.findIndex((startMs) => startMs > timeMs);
  return next < 0 ? restarts.length : next;
}

/** First and last id of a day that an intact chunk vouches for; null where there is none. */
export function verifiedEnds(epochs: readonly Epoch[]): [first: number | null, last: number | null] {
  const isVerified = ({ verified }: Segment): boolean => verified;
  return [epochs[0]?.find(isVerified)?.from ?? null, epochs.at(-1)?.findLast(isVerified)?.to ?? null];
}

/** Ids that a window holds and another one of the same epoch too. */
export type SharedIds = { window: number; epoch: number; ids: Set<number> };

/** The ids that more than one window holds in one epoch, by window. */
export function sharedIds(epochs: Epoch[], windowMs: number): SharedIds[] {
  return epochs.flatMap((segments, epoch) => {
    const byWindow = new Map<number, Set<number>>();
    const share = (segment: Segment, from: number, to: number): void => {
      const window = Math.floor(segment.firstTime / windowMs);
      const ids = byWindow.get(window) ?? new Set<number>();
      for (let id = from; id <= to; id++) ids.add(id);
      byWindow.set(window, ids);
    };
    for (const [a, b] of overlaps(segments)) {
      const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)];
      share(a, from, to);
      share(b, from, to);
    }
    return [...byWindow].sort(([a], [b]) => a - b).map(([window, ids]) => ({ window, epoch, ids }));
  });
}

function* overlaps(epoch: Epoch): Generator<[Segment, Segment]> {
  let open: Segment[] = [];
  for (const segment of epoch) {
    open = open.filter(({ to }) => to >= segment.from);
    for (const earlier of open) yield [earlier, segment];
    open.push(segment);
  }
}
