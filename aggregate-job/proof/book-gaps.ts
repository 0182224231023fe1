import type { DepthRows } from '../rows/depth-rows.ts';

/** Snapshots further apart than this leave a gap worth telling. */
export const BOOK_GAP_MS = 5_000;

/** First and last snapshot and the gaps between them, ms since the day's start; null where there is no snapshot. */
export type BookGaps = { first: number; last: number; gaps: [from: number, to: number][] } | null;

/** The gaps in snapshots that are in order of time. */
export function bookGaps(rows: DepthRows, order: Uint32Array): BookGaps {
  if (order.length === 0) return null;
  const timeAt = (i: number): number => rows.time[order[i] ?? 0] ?? 0;
  const gaps: [number, number][] = [];
  for (let i = 1; i < order.length; i++) {
    if (timeAt(i) - timeAt(i - 1) > BOOK_GAP_MS) gaps.push([timeAt(i - 1), timeAt(i)]);
  }
  return { first: timeAt(0), last: timeAt(order.length - 1), gaps };
}

/** The gaps of the whole day, which begins and ends with one when there is no snapshot near its ends. */
export function gapsOfDay(windows: BookGaps[], dayMs: number): [number, number][] {
  const gaps: [number, number][] = [];
  let last = 0;
  for (const window of windows) {
    if (!window) continue;
    if (window.first - last > BOOK_GAP_MS) gaps.push([last, window.first]);
    gaps.push(...window.gaps);
    last = window.last;
  }
  if (dayMs - last > BOOK_GAP_MS) gaps.push([last, dayMs]);
  return gaps;
}
