import { UsageError } from '../errors.ts';
import { DAY_SECONDS } from '../time.ts';

/** A length of bars that divides the day: `name` as in file names, `seconds` of each bar. */
export type Resolution = { name: string; seconds: number };

const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** True for the name of a length of bars. */
export function isResolution(text: string): boolean {
  return secondsOf(text) !== undefined;
}

/** Reads `1s`, `5m`, `4h`, `1d`. @throws UsageError where it is none or does not divide the day. */
export function parseResolution(text: string, option: string): Resolution {
  const seconds = secondsOf(text);
  if (seconds !== undefined) return { name: text, seconds };
  throw new UsageError(`${option} ${text}: not a length that divides the day, write e.g. 1s, 1m, 5m, 1h, 1d`);
}

function secondsOf(text: string): number | undefined {
  const match = /^([1-9]\d{0,4})([smhd])$/.exec(text);
  const seconds = Number(match?.[1] ?? Number.NaN) * (UNIT_SECONDS[match?.[2] ?? ''] ?? Number.NaN);
  return DAY_SECONDS % seconds === 0 ? seconds : undefined;
}
