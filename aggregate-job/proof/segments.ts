import type { TradeRows } from '../scan/trade-rows.ts';

/**
 * A run of consecutive aggregate trade ids with no trade missing between them, and the earliest and latest time in it (ms since
 * the day's start). `late` runs lie in time below a smaller id of the same window; a run is either wholly late or not at all.
 */
export type Segment = { from: number; to: number; firstTime: number; lastTime: number; late: boolean };

/** A relisting takes longer than this; ids that fall in less are trades out of order. */
export const RELISTING_MS = 60_000;

/**
 * The trades of one window by epoch, `order` being them by id. Where ids restarted inside the window (a relisting), the part with
 * the smaller ids is the later one; the parts come in the order of time, none where there is no trade.
 */
export function epochParts(rows: TradeRows, order: Uint32Array): Uint32Array[] {
  const restart = findRestart(rows, order);
  const parts = restart === 0 ? [order] : [order.subarray(restart), order.subarray(0, restart)];
  return parts.filter((part) => part.length > 0);
}

/** The runs of ids of one part. Row numbers are subtracted first: a sum with an id just below 2^53 would not be exact. */
export function segmentsOf(rows: TradeRows, part: Uint32Array): Segment[] {
  const { id: ids, time: times } = rows;
  const segments: Segment[] = [];
  let latest = -1;
  for (let start = 0; start < part.length; ) {
    const firstRow = part[start] ?? 0;
    const from = ids[firstRow] ?? 0;
    let firstTime = times[firstRow] ?? 0;
    let lastTime = firstTime;
    const late = firstTime < latest;
    latest = Math.max(latest, firstTime);
    let end = start + 1;
    for (; end < part.length; end++) {
      const row = part[end] ?? 0;
      const time = times[row] ?? 0;
      if (ids[row] !== from + (end - start) || time < latest !== late) break;
      if (time > latest) latest = time;
      if (time < firstTime) firstTime = time;
      if (time > lastTime) lastTime = time;
    }
    segments.push({ from, to: from + (end - start - 1), firstTime, lastTime, late });
    start = end;
  }
  return segments;
}

/** Index of the first trade of the older epoch, or 0: a gap in the ids such that all ids below it are later by a relisting than all above it. */
function findRestart(rows: TradeRows, order: Uint32Array): number {
  const timeAt = (i: number): number => rows.time[order[i] ?? 0] ?? 0;
  const idAt = (i: number): number => rows.id[order[i] ?? 0] ?? 0;
  if (order.length < 2 || timeAt(0) - timeAt(order.length - 1) < RELISTING_MS) return 0;
  const latestFrom = new Float64Array(order.length + 1).fill(-1);
  for (let i = order.length - 1; i >= 0; i--) latestFrom[i] = Math.max(latestFrom[i + 1] ?? -1, timeAt(i));
  let earliest = Number.POSITIVE_INFINITY;
  for (let i = 1; i < order.length; i++) {
    earliest = Math.min(earliest, timeAt(i - 1));
    if (idAt(i) !== idAt(i - 1) + 1 && earliest - (latestFrom[i] ?? 0) >= RELISTING_MS) return i;
  }
  return 0;
}
