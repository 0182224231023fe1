import { integer, list, readSettings, setting, settingsHelp, text, toggle } from '../shared/config.ts';
import { UsageError } from '../shared/errors.ts';
import { isSymbol } from '../shared/object-names.ts';
import { requireDate } from '../shared/time.ts';
import { parseResolution, type Resolution } from './bars/resolution.ts';

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
  resolutions: setting('comma-separated lengths of bars that divide the day (default 1s,1m)', resolutions, [
    { name: '1s', seconds: 1 },
    { name: '1m', seconds: 60 },
  ]),
  keepRaw: toggle('leave the raw chunks where they are'),
  offline: toggle('ask the exchange nothing'),
  restUrl: setting('REST address of the exchange', text, 'https://fapi.binance.com'),
  readsAtOnce: setting('how many chunks are fetched at the same time (default 32)', integer(1, 256), 32),
};

/** The job's settings, read and checked. */
export type JobSettings = {
  raw: string;
  results: string;
  symbols: string[] | 'all';
  date: string | undefined;
  resolutions: Resolution[];
  keepRaw: boolean;
  offline: boolean;
  restUrl: string;
  readsAtOnce: number;
};

/** Reads flags and environment. @throws UsageError */
export function readJobSettings(argv: string[], env: NodeJS.ProcessEnv): JobSettings {
  const { store, raw, results, ...rest } = readSettings(SETTINGS, argv, env);
  return { ...rest, raw: required(raw ?? store, '--raw'), results: required(results ?? store, '--results') };
}

/** The help text: what the job does and its settings. */
export function jobHelp(): string {
  return `Builds the daily files of symbol-days from raw chunks.\n\n${settingsHelp(SETTINGS)}\n`;
}

function required(url: string | undefined, option: string): string {
  if (url !== undefined) return url;
  throw new UsageError(`--store or ${option}: missing, name a folder or gs://bucket[/prefix]`);
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
