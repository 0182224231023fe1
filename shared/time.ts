import { UTCDate } from '@date-fns/utc';
// by subpath, and none that loads locales: the whole package takes a second to load
import { eachDayOfInterval } from 'date-fns/eachDayOfInterval';
import { formatISO } from 'date-fns/formatISO';
import { isValid } from 'date-fns/isValid';
import { parseISO } from 'date-fns/parseISO';
import { UsageError } from './errors.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
export const DAY_SECONDS = 86_400;
export const DAY_MINUTES = 1_440;

/** Time as programs see it. Injected, so that tests and replays run on a clock of their own. */
export type Clock = {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = setTimeout(done, ms);
      function done(): void {
        signal?.removeEventListener('abort', abort);
        resolve();
      }
      function abort(): void {
        clearTimeout(timer);
        reject(signal?.reason);
      }
      signal?.addEventListener('abort', abort, { once: true });
    }),
};

/** True for a calendar date written `YYYY-MM-DD`. `2024-02-30` is none. */
export function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && isValid(parseISO(text));
}

/** The text itself when it is a calendar date, else a {@link UsageError} that names `option`. */
export function requireDate(text: string, option: string): string {
  if (isDate(text)) return text;
  throw new UsageError(`${option} ${text}: not a calendar date, write it as YYYY-MM-DD, e.g. 2024-07-19`);
}

/** First millisecond (UTC) of a `YYYY-MM-DD` day. */
export function dayStartMs(date: string): number {
  return Date.parse(`${date}T00:00:00Z`);
}

/** The UTC day of a time, `YYYY-MM-DD`. */
export function dateOf(timeMs: number): string {
  return formatISO(new UTCDate(timeMs), { representation: 'date' });
}

/** The day `days` after (or, negative, before) a `YYYY-MM-DD` day. */
export function addDays(date: string, days: number): string {
  return dateOf(dayStartMs(date) + days * DAY_MS);
}

/** Every day from `from` to `to`, both included; none when `to` is earlier. */
export function datesBetween(from: string, to: string): string[] {
  if (to < from) return []; // date-fns would count backwards
  const interval = { start: new UTCDate(dayStartMs(from)), end: new UTCDate(dayStartMs(to)) };
  return eachDayOfInterval(interval).map((day) => formatISO(day, { representation: 'date' }));
}

/** `2024-07-19T00:00:00.123Z` */
export function isoMillisecond(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

/** `HH-mm` of a minute of the day (0 to 1439). */
export function minuteText(minute: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(Math.floor(minute / 60))}-${two(minute % 60)}`;
}
