import { errorText } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import { rawDayPrefix, rawPrefix } from '../shared/object-names.ts';
import type { Progress } from '../shared/progress.ts';
import type { Store } from '../shared/store/store.ts';
import { buildSymbolDay, NoDataError } from './day/symbol-day.ts';
import { chooseDays, type SymbolDate } from './days.ts';
import type { Scanner } from './scan/scanner.ts';
import type { JobSettings } from './settings.ts';

/** What a run of the job uses of the world. */
export type JobContext = {
  raw: Store;
  results: Store;
  settings: JobSettings;
  /** The exchange's clock, or offline the local one. */
  nowMs: number;
  log: Log;
  /** A new display for a symbol-day. */
  showProgress(label: string): Progress;
  codeVersion: string;
  /** Scans large days. */
  scanner?: Scanner;
};

/** Builds every chosen symbol-day; one's failure does not stop the others. Returns the exit code: 1 when any failed. */
export async function runJob(context: JobContext): Promise<number> {
  const { raw, settings, nowMs, log } = context;
  const days = await chooseDays(raw, settings.symbols, settings.date, nowMs);
  if (days.length === 0 && settings.date !== undefined) {
    log.error(`build ${settings.date}: nothing under ${rawDayPrefix('*', settings.date)} of ${raw.url}`);
    return 1;
  }
  if (days.length === 0) log.info(`nothing to do: no closed day under ${rawPrefix()} of ${raw.url}`);
  let failures = 0;
  for (const day of days) failures += (await buildOne(context, day)) ? 0 : 1;
  return failures === 0 ? 0 : 1;
}

async function buildOne(
  { raw, results, settings, log, showProgress, codeVersion, scanner }: JobContext,
  { symbol, date }: SymbolDate,
): Promise<boolean> {
  const { resolutions, keepRaw, readsAtOnce } = settings;
  const progress = showProgress(`${symbol} ${date}`);
  try {
    await buildSymbolDay({
      raw,
      results,
      symbol,
      date,
      resolutions,
      keepRaw,
      readsAtOnce,
      ...(scanner && { scanner }),
      progress,
      codeVersion,
    });
    return true;
  } catch (error) {
    log.error(
      { symbol, date, ...(error instanceof NoDataError ? {} : { stack: stackOf(error) }) },
      errorText(error),
    );
    return false;
  }
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
