import type { Epoch } from './epochs.ts';
import { type IdRange, joinRanges, subtractRanges } from './id-ranges.ts';
import type { Segment } from './segments.ts';

/** What is expected of one end of a day: an id, or null for a day without trades. Undefined where nothing is known. */
export type ExpectedId = number | null | undefined;

/** How far the trades of a day are proven. Times are ms since the day's start, both ends included. */
export type Completeness = {
  missing: IdRange[];
  /** Stretches of time in which a trade may be missing. */
  unproven: [from: number, to: number][];
  /** Trades whose time lies below that of a smaller id. */
  outOfOrder: number;
};

/**
 * Agg trade ids are contiguous, so every hole between two neighbours is a missing trade, and where there is none nothing is missing. Ids
 * that are `elsewhere` are in a neighbouring day, and not missing in this one. Ids that are not verified are as good as missing, and open
 * no hole up to them: who knows what they were.
 */
export function checkCompleteness(
  epochs: Epoch[],
  first: ExpectedId,
  last: ExpectedId,
  dayMs: number,
  windowMs: number,
  elsewhere: IdRange[] = [],
): Completeness {
  const result: Completeness = { missing: [], unproven: [], outOfOrder: 0 };
  const dayEnd = dayMs - 1;
  const proofs = epochs
    .map((epoch) => epoch.filter(({ verified }) => verified))
    .filter(({ length }) => length > 0);
  if (proofs.length === 0) addWithoutTrades(result, first, last, dayEnd);
  let previousLatest = 0;
  for (const [index, epoch] of proofs.entries()) {
    const bounds = timeBounds(epoch);
    const isFirst = index === 0;
    const from = epoch[0]?.from ?? 0;
    if (isFirst && typeof first === 'number' && first < from)
      addMissing(result, [first, from - 1], elsewhere);
    if (!isFirst || first !== from)
      addStretch(result, isFirst ? 0 : previousLatest, bounds.earliestFrom[0] ?? 0);
    addHoles(result, epoch, bounds, elsewhere);
    previousLatest = bounds.latestTo.at(-1) ?? 0;
  }
  const to = proofs.at(-1)?.at(-1)?.to ?? 0;
  if (proofs.length > 0 && typeof last === 'number' && last > to)
    addMissing(result, [to + 1, last], elsewhere);
  if (proofs.length > 0 && last !== to) addStretch(result, previousLatest, dayEnd);
  for (const epoch of epochs) result.outOfOrder += countOutOfOrder(epoch, windowMs);
  addDoubtful(result, epochs, first, last);
  return result;
}

function addWithoutTrades(
  { missing, unproven }: Completeness,
  first: ExpectedId,
  last: ExpectedId,
  dayEnd: number,
): void {
  if (first === null && last === null) return;
  if (typeof first === 'number' && typeof last === 'number') missing.push([first, last]);
  unproven.push([0, dayEnd]);
}

/** Adds the ids that are not verified, as far as they may be the day's, and the times of their rows. */
function addDoubtful(result: Completeness, epochs: Epoch[], first: ExpectedId, last: ExpectedId): void {
  const doubtful = epochs.flat().filter(({ verified }) => !verified);
  if (doubtful.length === 0) return;
  for (const { firstTime, lastTime } of doubtful) addStretch(result, firstTime, lastTime);
  if (epochs.length > 1) {
    for (const { from, to } of doubtful) result.missing.push([from, to]); // a number tells no epoch
  } else if (first !== null && last !== null) {
    const ranges = doubtful.map(
      ({ from, to }): IdRange => [Math.max(from, first ?? from), Math.min(to, last ?? to)],
    );
    result.missing = joinRanges([...result.missing, ...ranges.filter(([from, to]) => from <= to)]);
  }
}

type TimeBounds = { latestTo: number[]; earliestFrom: number[] };

/** By segment: the latest time up to it, and the earliest from it on, in order of id. */
function timeBounds(epoch: Epoch): TimeBounds {
  const latestTo: number[] = [];
  for (const { lastTime } of epoch) latestTo.push(Math.max(latestTo.at(-1) ?? 0, lastTime));
  const earliestFrom: number[] = [];
  for (const { firstTime } of epoch.toReversed())
    earliestFrom.push(Math.min(earliestFrom.at(-1) ?? firstTime, firstTime));
  return { latestTo, earliestFrom: earliestFrom.reverse() };
}

function addHoles(
  result: Completeness,
  epoch: Epoch,
  { latestTo, earliestFrom }: TimeBounds,
  elsewhere: IdRange[],
): void {
  for (let i = 1; i < epoch.length; i++) {
    const [before, after] = [epoch[i - 1]?.to ?? 0, epoch[i]?.from ?? 0];
    if (after <= before + 1) continue;
    if (addMissing(result, [before + 1, after - 1], elsewhere))
      addStretch(result, latestTo[i - 1] ?? 0, earliestFrom[i] ?? 0);
  }
}

/** False where all of the hole lies elsewhere. */
function addMissing(result: Completeness, hole: IdRange, elsewhere: IdRange[]): boolean {
  const missing = elsewhere.length === 0 ? [hole] : subtractRanges([hole], elsewhere);
  for (const range of missing) result.missing.push(range);
  return missing.length > 0;
}

function addStretch(result: Completeness, a: number, b: number): void {
  result.unproven.push([Math.min(a, b), Math.max(a, b)]);
}

/** Windows do not overlap in time, so a segment of an earlier window than that of some smaller id is late as a whole. */
function countOutOfOrder(epoch: Epoch, windowMs: number): number {
  const windowOf = (segment: Segment): number => Math.floor(segment.firstTime / windowMs);
  let [latestWindow, count] = [0, 0];
  for (const segment of epoch) {
    const window = windowOf(segment);
    if (segment.late || window < latestWindow) count += segment.to - segment.from + 1;
    latestWindow = Math.max(latestWindow, window);
  }
  return count;
}
