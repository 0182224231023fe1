import { errorText } from '../shared/errors.ts';
import type { Log } from '../shared/log.ts';
import { rawDayPrefix, rawPrefix } from '../shared/object-names.ts';
import type { Progress } from '../shared/progress.ts';
import type { Store } from '../shared/store/store.ts';
import type { Clock } from '../shared/time.ts';
import { buildSymbolDay, NoDataError } from './day/symbol-day.ts';
import { chooseDays, type SymbolDate } from './days.ts';
import { tellOldRaw } from './old-raw.ts';
import { type Share, takeShare } from './plan/share.ts';
import type { Task } from './plan/task.ts';
import type { JobSettings } from './settings.ts';

/** What a run of the job uses of the world. */
export type JobContext = {
  raw: Store;
  results: Store;
  settings: JobSettings;
  /** The exchange's clock, or offline the local one. */
  nowMs: number;
  clock: Clock;
  log: Log;
  /** A new display for a symbol-day. */
  showProgress(label: string): Progress;
  codeVersion: string;
  /** Set where this run is one of the tasks of an execution. */
  task?: Task | undefined;
};

/** Builds every chosen symbol-day; one's failure does not stop the others. Returns the exit code: 1 when any failed. */
export async function runJob(context: JobContext): Promise<number> {
  const { raw, settings, log } = context;
  const { days, plannedDays, finished } = await shareOf(context);
  if (plannedDays === 0 && settings.date !== undefined) {
    log.error(`build ${settings.date}: nothing under ${rawDayPrefix('*', settings.date)} of ${raw.url}`);
    return 1;
  }
  if (plannedDays === 0) log.info(`nothing to do: no closed day under ${rawPrefix()} of ${raw.url}`);
  let failures = 0;
  for (const day of days) {
    if (await buildOne(context, day)) await finished(day);
    else failures++;
  }
  return failures === 0 ? 0 : 1;
}

/** All chosen days, or as one of several tasks the share of them. */
async function shareOf({ raw, results, settings, nowMs, clock, log, task }: JobContext): Promise<Share> {
  const choose = async (): Promise<SymbolDate[]> => {
    const days = await chooseDays(raw, settings.symbols, settings.date, nowMs);
    if (settings.date === undefined) tellOldRaw(days, nowMs, log);
    return days;
  };
  if (task) return takeShare(task, { raw, results, clock, listsAtOnce: settings.readsAtOnce, choose });
  const days = await choose();
  return { days, plannedDays: days.length, finished: async () => {} };
}

async function buildOne(
  { raw, results, settings, log, showProgress, codeVersion }: JobContext,
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
