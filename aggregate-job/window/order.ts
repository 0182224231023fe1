import { valueAt } from '../../shared/bars/integers.ts';
import type { DepthRows } from '../rows/depth-rows.ts';
import type { TradeRows } from '../rows/trade-rows.ts';

/** The rank of the rows that the job fetched itself. */
export const REPAIR_RANK = 0;
/** Added to the rank of a chunk whose checksum does not vouch for it: whatever an intact one says counts before. More than there are writers. */
export const DAMAGED_RANK = 2 ** 20;

const isRepairRank = (rank: number): boolean => rank % DAMAGED_RANK === REPAIR_RANK;

/** Row numbers in the order that counts, each trade once; `repaired` counts those that only the repair writer holds. */
export type OrderedTrades = { order: Uint32Array; duplicates: number; conflicts: number; repaired: number };
/** Row numbers in the order of time, each snapshot once. */
export type OrderedDepth = { order: Uint32Array; duplicates: number };

/** Ids that other windows hold too, and those of them whose row in this window lost. */
export type SharedIds = { shared: ReadonlySet<number>; lost: ReadonlySet<number> };

const NONE: SharedIds = { shared: new Set(), lost: new Set() };

/**
 * Trades by id, each id once. Of several rows with one id the one whose source ranks first stays; the others are
 * duplicates where they say the same, conflicts where they do not. `ranks` is by source. Of a lost id no row stays, and
 * all of them contradict the one that stayed elsewhere. `some` are the rows to be ordered where not all of them are.
 */
export function orderTrades(
  rows: TradeRows,
  ranks: ArrayLike<number>,
  { shared, lost }: SharedIds = NONE,
  some?: Uint32Array,
): OrderedTrades {
  const { id, source } = rows;
  if (!some && shared.size === 0 && lost.size === 0 && isRising(id, rows.count))
    return {
      order: asTheyAre(rows.count),
      duplicates: 0,
      conflicts: 0,
      repaired: countRepaired(rows, ranks),
    };
  const order = sortRows(
    some ?? asTheyAre(rows.count),
    (a, b) => at(id, a) - at(id, b) || rankOf(ranks, source, a) - rankOf(ranks, source, b),
  );
  let [kept, duplicates, conflicts, repaired] = [0, 0, 0, 0];
  let fromRepairAlone = false;
  for (let i = 0; i < order.length; i++) {
    const row = at(order, i);
    const previous = kept === 0 ? -1 : at(order, kept - 1);
    const isRepair = isRepairRank(rankOf(ranks, source, row));
    if (previous < 0 || at(id, row) !== at(id, previous)) {
      order[kept++] = row;
      fromRepairAlone = isRepair && !shared.has(at(id, row));
      if (fromRepairAlone) repaired++;
      continue;
    }
    if (sameTrade(rows, row, previous) && !lost.has(at(id, row))) duplicates++;
    else conflicts++;
    if (fromRepairAlone && !isRepair) {
      fromRepairAlone = false;
      repaired--;
    }
  }
  const unique = order.subarray(0, kept);
  if (lost.size === 0) return { order: unique, duplicates, conflicts, repaired };
  const stayed = unique.filter((row) => !lost.has(at(id, row)));
  return { order: stayed, duplicates, conflicts: conflicts + kept - stayed.length, repaired };
}

/** Tells which rows are of intact chunks; undefined where all are. */
export function verifier(
  { source }: TradeRows,
  ranks: readonly number[],
): ((row: number) => boolean) | undefined {
  if (ranks.every((rank) => rank < DAMAGED_RANK)) return undefined;
  return (row) => rankOf(ranks, source, row) < DAMAGED_RANK;
}

/** Snapshots by time and update id, each pair once; of several the one whose source ranks first stays. */
export function orderDepth(rows: DepthRows, ranks: ArrayLike<number>): OrderedDepth {
  const { time, updateId, source } = rows;
  if (isRising(time, rows.count)) return { order: asTheyAre(rows.count), duplicates: 0 };
  const order = sortRows(
    asTheyAre(rows.count),
    (a, b) =>
      at(time, a) - at(time, b) ||
      at(updateId, a) - at(updateId, b) ||
      rankOf(ranks, source, a) - rankOf(ranks, source, b),
  );
  let kept = 0;
  for (let i = 0; i < order.length; i++) {
    const row = at(order, i);
    const previous = kept === 0 ? -1 : at(order, kept - 1);
    if (previous >= 0 && at(time, row) === at(time, previous) && at(updateId, row) === at(updateId, previous))
      continue;
    order[kept++] = row;
  }
  return { order: order.subarray(0, kept), duplicates: order.length - kept };
}

/** True for the usual window: rows of one writer, each behind the one before, none twice. */
function isRising(keys: Float64Array | Uint32Array, count: number): boolean {
  for (let i = 1; i < count; i++) {
    if (at(keys, i) <= at(keys, i - 1)) return false;
  }
  return true;
}

function asTheyAre(count: number): Uint32Array {
  const order = new Uint32Array(count);
  for (let row = 0; row < count; row++) order[row] = row;
  return order;
}

function countRepaired({ count, source }: TradeRows, ranks: ArrayLike<number>): number {
  let repaired = 0;
  for (let row = 0; row < count; row++) if (isRepairRank(rankOf(ranks, source, row))) repaired++;
  return repaired;
}

function sameTrade(rows: TradeRows, a: number, b: number): boolean {
  return (
    rows.time[a] === rows.time[b] &&
    rows.maker[a] === rows.maker[b] &&
    rows.firstId[a] === rows.firstId[b] &&
    rows.lastId[a] === rows.lastId[b] &&
    valueAt(rows.price, a) === valueAt(rows.price, b) &&
    valueAt(rows.quantity, a) === valueAt(rows.quantity, b)
  );
}

/** Natural merge sort, stable: rows come as a few long sorted runs (one a writer), so this is about one pass a writer. */
export function sortRows(rows: Uint32Array, compare: (a: number, b: number) => number): Uint32Array {
  const count = rows.length;
  let from = rows;
  let to: Uint32Array = new Uint32Array(count);
  for (let runs = runStarts(from, compare); runs.length > 2; ) {
    const merged: number[] = [];
    for (let i = 0; i + 1 < runs.length; i += 2) {
      merged.push(at(runs, i));
      mergeRuns(from, to, at(runs, i), at(runs, i + 1), runs[i + 2] ?? at(runs, i + 1), compare);
    }
    merged.push(count);
    runs = merged;
    [from, to] = [to, from];
  }
  return from;
}

/** First index of each run that is in order, and behind them the count. */
function runStarts(rows: Uint32Array, compare: (a: number, b: number) => number): number[] {
  const starts = [0];
  for (let i = 1; i < rows.length; i++) {
    if (compare(at(rows, i - 1), at(rows, i)) > 0) starts.push(i);
  }
  starts.push(rows.length);
  return starts;
}

function mergeRuns(
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  middle: number,
  end: number,
  compare: (a: number, b: number) => number,
): void {
  let [left, right] = [start, middle];
  for (let i = start; i < end; i++) {
    const takeLeft = left < middle && (right >= end || compare(at(from, left), at(from, right)) <= 0);
    to[i] = takeLeft ? at(from, left++) : at(from, right++);
  }
}

function rankOf(ranks: ArrayLike<number>, source: Uint32Array, row: number): number {
  return at(ranks, at(source, row));
}

/** Element of an array inside its bounds. */
function at(array: ArrayLike<number>, index: number): number {
  return array[index] ?? 0;
}
