import { errorText } from '../shared/errors.ts';
import type { ExchangeRest } from '../shared/exchange/rest.ts';
import type { Manifest } from '../shared/lake/manifest.ts';
import { rawDayPrefix, rawPrefix } from '../shared/lake/object-names.ts';
import { type Log, onceEach } from '../shared/program/log.ts';
import type { Progress } from '../shared/program/progress.ts';
import type { Store } from '../shared/store/store.ts';
import { buildSymbolDay, NoDataError } from './day/symbol-day.ts';
import { buildChain } from './plan/chain.ts';
import { chooseDays, type SymbolDate } from './plan/days.ts';
import { type LeaseContext, withLease } from './plan/lease.ts';
import { tellOldRaw } from './plan/old-raw.ts';
import { type Share, takeShare } from './plan/share.ts';
import type { Task } from './plan/task.ts';
import type { JobSettings } from './settings.ts';
import type { Threads } from './threads/threads.ts';

/** What a run of the job uses of the world. */
export type JobContext = {
  raw: Store;
  results: Store;
  settings: JobSettings;
  /** Undefined when the exchange is not to be asked. */
  rest: ExchangeRest | undefined;
  /** The exchange's clock, or the local one when the exchange is not asked. */
  nowMs: number;
  lease: Omit<LeaseContext, 'results' | 'log'>;
  log: Log;
  /** A new display for a symbol-day. */
  showProgress(label: string): Progress;
  codeVersion: string;
  threads: Threads;
  /** Set where this run is one of the tasks of an execution. */
  task?: Task | undefined;
};

/** Builds every chosen symbol-day; one's failure does not stop the others. Returns the exit code: 1 when any failed or, with `strict`, is partial. */
export async function runJob(context: JobContext): Promise<number> {
  const { raw, settings, log } = context;
  const { from, to } = settings;
  const warnOnce = onceEach((message) => log.warn(message));
  const { days, plannedDays, finished } = await shareOf(context);
  if (plannedDays === 0 && from !== undefined) {
    log.error(
      `build ${from === to ? from : `${from} to ${to}`}: nothing under ${rawDayPrefix('*', from)} of ${raw.url}`,
    );
    return 1;
  }
  if (plannedDays === 0) log.info(`nothing to do: no closed day under ${rawPrefix()} of ${raw.url}`);
  const toCome = new Set(days.map(keyOf));
  let failures = 0;
  for (const [index, day] of days.entries()) {
    toCome.delete(keyOf(day));
    const count = days.length > 1 ? `${index + 1}/${days.length} ` : '';
    const failed = await failuresOf(context, day, count, toCome, warnOnce);
    if (failed === 0) await finished(day).catch(withoutNote(log, day));
    failures += failed;
  }
  return failures === 0 ? 0 : 1;
}

/** A day that is not noted is built once more by the next try, to the same bytes. */
function withoutNote(log: Log, { symbol, date }: SymbolDate): (error: unknown) => void {
  return (error) =>
    log.warn({ symbol, date }, `${errorText(error)}; a later try of this task builds the day again`);
}

/** Builds a day and what it makes outdated. Returns how many of these failed. */
async function failuresOf(
  context: JobContext,
  day: SymbolDate,
  count: string,
  toCome: Set<string>,
  warnOnce: (message: string) => void,
): Promise<number> {
  const { results, settings, log } = context;
  const chain = buildChain(day, {
    results,
    warnOnce,
    isToCome: (next) => toCome.has(keyOf(next)),
    build: ({ symbol, date }, outdatedBy) => {
      const work = `${symbol} ${date}`;
      if (outdatedBy === undefined) return buildOne(context, { symbol, date }, `${count}${work}`, warnOnce);
      // it gets no resolution that it did not have
      const alone = { ...context, settings: { ...settings, resolutions: [] } };
      return buildOne(alone, { symbol, date }, `${work}, outdated by ${outdatedBy}`, warnOnce);
    },
  });
  let failures = 0;
  try {
    for await (const manifest of chain)
      if (manifest === undefined || (manifest.verdict === 'partial' && settings.strict)) failures++;
  } catch (error) {
    log.error(
      { ...day, stack: stackOf(error) },
      `look behind ${day.symbol} ${day.date}: ${errorText(error)}`,
    );
    failures++;
  }
  return failures;
}

const keyOf = ({ symbol, date }: SymbolDate): string => `${date} ${symbol}`;

/** All chosen days, or as one of several tasks the share of them. */
async function shareOf({
  raw,
  results,
  settings,
  rest,
  nowMs,
  lease,
  log,
  task,
}: JobContext): Promise<Share> {
  const choose = async (): Promise<SymbolDate[]> => {
    const warn = (message: string): void => log.warn(message);
    const days = await chooseDays({ raw, results, nowMs, online: rest !== undefined, warn }, settings);
    if (settings.from === undefined) tellOldRaw(days, nowMs, log);
    return days;
  };
  const { readsAtOnce: listsAtOnce } = settings;
  if (task) return takeShare(task, { raw, results, clock: lease.clock, listsAtOnce, choose });
  const days = await choose();
  return { days, plannedDays: days.length, finished: async () => {} };
}

/** Undefined for a day that failed. */
async function buildOne(
  context: JobContext,
  { symbol, date }: SymbolDate,
  label: string,
  warnOnce: (message: string) => void,
): Promise<Manifest | undefined> {
  const { raw, results, settings, rest, nowMs, lease, log, showProgress, codeVersion, threads } = context;
  const progress = showProgress(label);
  try {
    const manifest = await withLease({ ...lease, results, log }, symbol, date, () =>
      buildSymbolDay({
        ...settings,
        raw,
        results,
        symbol,
        date,
        rest,
        nowMs,
        threads,
        progress,
        log,
        warnOnce,
        codeVersion,
      }),
    );
    if (manifest.verdict === 'partial')
      log.warn({ symbol, date, verdict: 'partial', reasons: manifest.reasons }, `${label}: partial`);
    return manifest;
  } catch (error) {
    log.error(
      { symbol, date, ...(error instanceof NoDataError ? {} : { stack: stackOf(error) }) },
      errorText(error),
    );
    return undefined;
  }
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
