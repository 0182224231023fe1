import { parseResolution, type Resolution } from '../shared/bars/resolution.ts';
import { requireDate } from '../shared/dates.ts';
import { UsageError } from '../shared/errors.ts';
import { isSymbol } from '../shared/lake/object-names.ts';
import {
  address,
  helpText,
  integer,
  list,
  readSettings,
  setting,
  text,
  toggle,
} from '../shared/program/settings.ts';

const SETTINGS = {
  store: setting('where raw chunks and results lie: a folder or gs://bucket[/prefix]', text),
  raw: setting('where raw chunks lie, if not in --store', text),
  results: setting('where results go, if not to --store', text),
  symbols: setting(
    'comma-separated symbols, or all: every symbol that has raw data',
    symbols,
    'all' as const,
  ),
  date: setting('the day to build, YYYY-MM-DD; without it every closed day that has raw chunks', requireDate),
  from: setting('first of a range of days to build or rebuild, with --to', requireDate),
  to: setting('last of a range of days', requireDate),
  resolutions: setting('comma-separated lengths of bars that divide the day (default 1s,1m)', resolutions, [
    { name: '1s', seconds: 1 },
    { name: '1m', seconds: 60 },
  ]),
  keepRaw: toggle('leave the raw chunks where they are'),
  offline: toggle('ask the exchange nothing'),
  strict: toggle('exit with code 1 when a day is partial'),
  repairMaxIds: setting(
    'missing trades fetched for a symbol-day at most (default 5000000)',
    integer(0),
    5_000_000,
  ),
  restWeightShare: setting(
    "share of the exchange's weight limit to use, 0.01 to 1 (default 0.5)",
    share,
    0.5,
  ),
  restUrl: setting('REST address of the exchange', address('http'), 'https://fapi.binance.com'),
  readsAtOnce: setting('how many chunks are fetched at the same time (default 32)', integer(1, 256), 32),
};

/** The job's settings, read and checked. */
export type JobSettings = {
  raw: string;
  results: string;
  symbols: string[] | 'all';
  /** First and last day; the same for a single one. */
  from: string | undefined;
  to: string | undefined;
  resolutions: Resolution[];
  keepRaw: boolean;
  offline: boolean;
  strict: boolean;
  repairMaxIds: number;
  restWeightShare: number;
  restUrl: string;
  readsAtOnce: number;
};

/** Reads flags and environment. @throws UsageError */
export function readJobSettings(argv: string[], env: NodeJS.ProcessEnv): JobSettings {
  const { store, raw, results, date, from, to, ...rest } = readSettings(SETTINGS, argv, env);
  return {
    ...rest,
    ...readRange(date, from, to),
    raw: required(raw ?? store, '--raw'),
    results: required(results ?? store, '--results'),
  };
}

function readRange(
  date: string | undefined,
  from: string | undefined,
  to: string | undefined,
): Pick<JobSettings, 'from' | 'to'> {
  if (date !== undefined && (from ?? to) !== undefined)
    throw new UsageError('--date: not together with --from and --to, give one or the other');
  if ((from === undefined) !== (to === undefined))
    throw new UsageError('--from and --to: give both, or --date for a single day');
  if (from !== undefined && to !== undefined && from > to)
    throw new UsageError(`--from ${from}: lies behind --to ${to}, swap them`);
  return { from: date ?? from, to: date ?? to };
}

/** What the job does, and its settings. */
export const jobHelp = (): string =>
  helpText('Builds the daily files of symbol-days from raw chunks.', SETTINGS);

function required(url: string | undefined, option: string): string {
  if (url !== undefined) return url;
  throw new UsageError(`--store or ${option}: missing, name a folder or gs://bucket[/prefix]`);
}

function share(value: string, option: string): number {
  const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (number >= 0.01 && number <= 1) return number;
  throw new UsageError(`${option} ${value}: not a number from 0.01 to 1`);
}

function symbols(value: string, option: string): string[] | 'all' {
  const items = list(value, option);
  if (items.length === 1 && items[0] === 'all') return 'all';
  const wrong = items.find((item) => !isSymbol(item));
  if (wrong !== undefined)
    throw new UsageError(`${option} ${wrong}: not a symbol, write e.g. BTCUSDT,ETHUSDT or all`);
  return items;
}

function resolutions(value: string, option: string): Resolution[] {
  return list(value, option).map((item) => parseResolution(item, option));
}
