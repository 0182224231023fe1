import type { TradeRows } from '../rows/trade-rows.ts';

/**
 * A run of consecutive aggregate trade ids with no trade missing between them, and the earliest and latest time in it (ms since
 * the day's start). `late` runs lie in time below a smaller id of the same window; a run is either wholly late or not at all. Ids of a
 * run that is not `verified` are held by damaged chunks alone: their rows count, and prove nothing.
 */
export type Segment = {
  from: number;
  to: number;
  firstTime: number;
  lastTime: number;
  late: boolean;
  verified: boolean;
};

/** A relisting takes longer than this; ids that fall in less are trades out of order. */
export const RELISTING_MS = 60_000;

/**
 * The runs of ids of trades that are in order of id. Without `isVerified` all of them are. Row numbers are subtracted first: a sum
 * with an id just below 2^53 would not be exact.
 */
export function segmentsOf(
  { id: ids, time: times }: TradeRows,
  order: Uint32Array,
  isVerified?: (row: number) => boolean,
): Segment[] {
  const segments: Segment[] = [];
  let latest = -1;
  for (let start = 0; start < order.length; ) {
    const firstRow = order[start] ?? 0;
    const from = ids[firstRow] ?? 0;
    let firstTime = times[firstRow] ?? 0;
    let lastTime = firstTime;
    const late = firstTime < latest;
    const verified = !isVerified || isVerified(firstRow);
    latest = Math.max(latest, firstTime);
    let end = start + 1;
    for (; end < order.length; end++) {
      const row = order[end] ?? 0;
      const time = times[row] ?? 0;
      if (ids[row] !== from + (end - start) || time < latest !== late) break;
      if (isVerified && isVerified(row) !== verified) break;
      if (time > latest) latest = time;
      if (time < firstTime) firstTime = time;
      if (time > lastTime) lastTime = time;
    }
    segments.push({ from, to: from + (end - start - 1), firstTime, lastTime, late, verified });
    start = end;
  }
  return segments;
}
