import type { Measured } from './program/alternate.ts';
import { median } from './program/alternate.ts';

/** One line of a table: `pandas, plain   41.20 s  40.1-43.0   38.2x   2,315 MB  equal`. */
export function measureLine({ name, runs }: Measured, ratio: number | undefined, verdict: string): string {
  const seconds = runs.map((run) => run.seconds);
  const peak = Math.max(...runs.map(({ peakBytes }) => peakBytes));
  return [
    name.padEnd(34),
    `${median(seconds).toFixed(2)} s`.padStart(9),
    `${Math.min(...seconds).toFixed(2)}-${Math.max(...seconds).toFixed(2)}`.padStart(13),
    (ratio === undefined ? '' : `${ratio.toFixed(ratio < 10 ? 2 : 1)}x`).padStart(8),
    `${Math.round(peak / 2 ** 20).toLocaleString('en')} MB`.padStart(9),
    verdict.padStart(7),
  ].join(' ');
}

/** The line above the {@link measureLine}s of a measure. */
export function headLine(title: string, ratioOf: string): string {
  return [
    title.padEnd(34),
    'median'.padStart(9),
    'range'.padStart(13),
    ratioOf.padStart(8),
    'peak'.padStart(9),
    'result'.padStart(7),
  ].join(' ');
}
