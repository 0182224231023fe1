import { parseResolution, type Resolution } from '../shared/bars/resolution.ts';
import { requireDate } from '../shared/dates.ts';
import { UsageError } from '../shared/errors.ts';
import { isSymbol } from '../shared/lake/object-names.ts';
import { SUMMARIES } from '../shared/program/commands.ts';
import { setting, toggle, type Values } from '../shared/program/setting.ts';
import { address, integer, list, text } from '../shared/program/values.ts';

const WHICH = 'Which days';
const HOW = 'How';
const EXCHANGE = 'The exchange';

/** `tapelake build`. */
export const BUILD = {
  name: 'tapelake build',
  summary: SUMMARIES.build,
  usage: '--store URL [settings]',
  example: 'tapelake build --store lake --symbols BTCUSDT --date 2024-07-18 --resolutions 1s,1m,1h',
  settings: {
    store: setting({
      help: 'where raw chunks and results lie: a folder or gs://bucket[/prefix]',
      value: 'URL',
      read: text,
      env: 'STORE',
    }),
    raw: setting({ help: 'where raw chunks lie, if not in --store', value: 'URL', read: text, env: 'RAW' }),
    results: setting({
      help: 'where results go, if not to --store',
      value: 'URL',
      read: text,
      env: 'RESULTS',
    }),
    symbols: setting({
      help: 'comma-separated symbols, or all that have chunks',
      value: 'LIST',
      read: symbols,
      fallback: 'all',
      group: WHICH,
      env: 'SYMBOLS',
    }),
    date: setting({
      help: 'one day, YYYY-MM-DD; without it every closed day with chunks and every partial day the exchange can mend',
      value: 'DATE',
      read: requireDate,
      group: WHICH,
      env: 'DATE',
    }),
    from: setting({
      help: 'first of a range of days to build or rebuild, from chunks or zips, with --to',
      value: 'DATE',
      read: requireDate,
      group: WHICH,
      env: 'FROM',
    }),
    to: setting({
      help: 'last of a range of days',
      value: 'DATE',
      read: requireDate,
      group: WHICH,
      env: 'TO',
    }),
    resolutions: setting({
      help: 'lengths of bars that divide the day: 1s, 5m, 4h, 1d, ...',
      value: 'LIST',
      read: resolutions,
      fallback: '1s,1m',
      group: HOW,
      env: 'RESOLUTIONS',
    }),
    keepRaw: toggle({ help: 'leave the raw chunks where they are', group: HOW, env: 'KEEP_RAW' }),
    strict: toggle({ help: 'exit with code 1 when a day is partial', group: HOW, env: 'STRICT' }),
    readsAtOnce: setting({
      help: 'chunks fetched at the same time',
      value: 'N',
      read: integer(1, 256),
      fallback: '32',
      group: HOW,
      env: 'READS_AT_ONCE',
    }),
    offline: toggle({ help: 'ask the exchange nothing', group: EXCHANGE, env: 'OFFLINE' }),
    repairMaxIds: setting({
      help: 'missing trades fetched for a symbol-day at most',
      value: 'N',
      read: integer(0),
      fallback: '5000000',
      group: EXCHANGE,
      env: 'REPAIR_MAX_IDS',
    }),
    restWeightShare: setting({
      help: "share of the exchange's request limit to use, 0.01 to 1",
      value: 'SHARE',
      read: share,
      fallback: '0.5',
      group: EXCHANGE,
      env: 'REST_WEIGHT_SHARE',
    }),
    restUrl: setting({
      help: 'REST address of the exchange',
      value: 'URL',
      read: address('http'),
      fallback: 'https://fapi.binance.com',
      group: EXCHANGE,
      env: 'REST_URL',
    }),
  },
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

/** Checks what belongs together. @throws UsageError */
export function jobSettings(given: Values<typeof BUILD.settings>): JobSettings {
  const { store, raw, results, date, from, to, ...rest } = given;
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
