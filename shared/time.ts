export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
export const DAY_SECONDS = 86_400;
export const DAY_MINUTES = 1_440;

/** Time as programs see it. Injected, so that tests and replays run on a clock of their own. */
export type Clock = {
  /** Milliseconds since 1970, UTC, as the machine believes. It may be set at any moment: it stamps, and measures nothing. */
  now(): number;
  /** Milliseconds since some moment; whoever sets the wall clock, it runs on. What durations are measured by. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => Math.floor(performance.now()),
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
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && isSameDate(dayStartMs(text), text);
}

/** First millisecond (UTC) of a `YYYY-MM-DD` day. */
export function dayStartMs(date: string): number {
  return Date.parse(`${date}T00:00:00Z`);
}

/** The UTC day of a time, `YYYY-MM-DD`. */
export function dateOf(timeMs: number): string {
  return isoMillisecond(timeMs).slice(0, 'YYYY-MM-DD'.length);
}

/** The day `days` after (or, negative, before) a `YYYY-MM-DD` day. */
export function addDays(date: string, days: number): string {
  return dateOf(dayStartMs(date) + days * DAY_MS);
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

/** Dates that do not exist are no time, or one of another day. */
function isSameDate(timeMs: number, date: string): boolean {
  return !Number.isNaN(timeMs) && dateOf(timeMs) === date;
}
