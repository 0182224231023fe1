// Sets of ids as ranges. A day may have a hundred thousand holes and a million rejected rows, so everything here takes one pass over
// its ranges or a binary search. Where ranges are asked for they are in order and do not touch, as `joinRanges` makes them.

/** A range of ids, both ends included. */
export type IdRange = [from: number, to: number];

/** The ids of any ranges, overlapping ones too, as ranges in order that do not touch. */
export function joinRanges(ranges: Iterable<Readonly<IdRange>>): IdRange[] {
  const joined: IdRange[] = [];
  for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}

/** The number of ids. */
export function countIds(ranges: Iterable<Readonly<IdRange>>): number {
  let count = 0;
  for (const [from, to] of ranges) count += to - from + 1;
  return count;
}

/** True where one of the ranges holds the id. */
export function containsId(ranges: readonly IdRange[], id: number): boolean {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle]?.[1] ?? 0) < id) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low];
  return range !== undefined && range[0] <= id;
}

/** The ids of `ranges` that none of `others` holds: empty where `others` covers all of them. */
export function subtractRanges(ranges: Iterable<IdRange>, others: Iterable<IdRange>): IdRange[] {
  const left: IdRange[] = [];
  const taken = others[Symbol.iterator]();
  let hole = taken.next();
  for (const [start, end] of ranges) {
    let from = start;
    for (; !hole.done && hole.value[0] <= end; hole = taken.next()) {
      if (hole.value[0] > from) left.push([from, hole.value[0] - 1]);
      from = Math.max(from, hole.value[1] + 1);
      if (hole.value[1] > end) break; // it may reach into the next range
    }
    if (from <= end) left.push([from, end]);
  }
  return left;
}

/** The first `count` ids. */
export function firstIds(ranges: Iterable<IdRange>, count: number): IdRange[] {
  const first: IdRange[] = [];
  let left = count;
  for (const [from, to] of ranges) {
    if (left <= 0) break;
    first.push([from, Math.min(to, from + left - 1)]);
    left -= to - from + 1;
  }
  return first;
}
