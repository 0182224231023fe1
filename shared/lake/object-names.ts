import { isDate, minuteText } from '../time.ts';

/** The two raw record kinds; each is a folder of a symbol-day. */
export type RawKind = 'trades' | 'depth';

/** The parts of a chunk's name, `{HH-mm}_{writer}_{n}`: its first minute (0 to 1439), who wrote it, and which time the minute was opened. */
export type ChunkName = { kind: RawKind; minute: number; writer: string; n: number };

/** The parts of the name of a chunk of frames that are no rows. */
export type OddName = Omit<ChunkName, 'kind'>;

/** Stands for the symbol of frames of which none is known; no symbol is called so. */
export const NO_SYMBOL = '_';

/** The writer of rows that the job fetched from the exchange; no recorder may call itself so. */
export const REPAIR_WRITER = 'repair';
/** What the writers of rows from the exchange's official dumps begin with; no recorder may either. */
export const DUMP_WRITER_PREFIX = 'vision-';

const WRITER = /^[a-z0-9-]+$/;
const CHUNK = /^(trades|depth)\/([01]\d|2[0-3])-([0-5]\d)_([a-z0-9-]+)_(0|[1-9]\d{0,8})\.csv(\.gz)?$/;
const ODD = /^odd\/([01]\d|2[0-3])-([0-5]\d)_([a-z0-9-]+)_(0|[1-9]\d{0,8})\.jsonl(\.gz)?$/;

/**
 * True for text that may stand in object names as a symbol: the exchange's own, non-ASCII letters included. Invisible
 * characters and half surrogates are refused, since two names may look or be written alike; 50 letters fit a file name.
 */
export function isSymbol(text: string): boolean {
  return /^[^\p{Cc}\p{Cf}\p{Cs}\s/\\,]{1,50}$/u.test(text) && !text.includes('..') && text !== '.';
}

/** True for a recorder's name, `[a-z0-9-]+`. */
export function isWriter(text: string): boolean {
  return WRITER.test(text);
}

/** `raw/` */
export const rawPrefix = (): string => 'raw/';
/** `raw/{SYMBOL}/` */
export const rawSymbolPrefix = (symbol: string): string => `raw/${symbol}/`;
/** `raw/{SYMBOL}/{YYYY-MM-DD}/` */
export const rawDayPrefix = (symbol: string, date: string): string => `raw/${symbol}/${date}/`;

/** `{kind}/{HH-mm}_{writer}_{n}.csv`: the chunk's name inside its symbol-day and in the day's zip. */
export function chunkEntryName({ kind, minute, writer, n }: ChunkName): string {
  return `${kind}/${minuteText(minute)}_${writer}_${n}.csv`;
}

/** `raw/{SYMBOL}/{YYYY-MM-DD}/{kind}/{HH-mm}_{writer}_{n}.csv.gz` */
export function chunkObjectName(symbol: string, date: string, chunk: ChunkName): string {
  return `${rawDayPrefix(symbol, date)}${chunkEntryName(chunk)}.gz`;
}

/** `raw/{SYMBOL}/{YYYY-MM-DD}/odd/{HH-mm}_{writer}_{n}.jsonl.gz` */
export function oddObjectName(symbol: string, date: string, { minute, writer, n }: OddName): string {
  return `${rawDayPrefix(symbol, date)}odd/${minuteText(minute)}_${writer}_${n}.jsonl.gz`;
}

/** Reads `odd/{HH-mm}_{writer}_{n}.jsonl[.gz]`; undefined where it is none. */
export function parseOddName(text: string): OddName | undefined {
  const [, hour, minute, writer, n] = ODD.exec(text) ?? [];
  return writer === undefined
    ? undefined
    : { minute: Number(hour) * 60 + Number(minute), writer, n: Number(n) };
}

/** Reads `{kind}/{HH-mm}_{writer}_{n}.csv[.gz]`; undefined where it is none. */
export function parseChunkName(text: string): ChunkName | undefined {
  const match = CHUNK.exec(text);
  if (!match) return undefined;
  const [, kind, hour, minute, writer = '', n] = match;
  return {
    kind: kind === 'depth' ? 'depth' : 'trades',
    minute: Number(hour) * 60 + Number(minute),
    writer,
    n: Number(n),
  };
}

const CHUNK_FILE = /^raw\/([^/]+)\/(\d{4}-\d\d-\d\d)\/[a-z]+\/\d\d-\d\d_[a-z0-9-]+_(\d{1,9})\.(csv|jsonl)$/;

/** The object of a chunk whose file is `name`, of any kind; with `extra` a later number, where others are taken. Undefined where it is no chunk's. */
export function nextObjectName(name: string, extra: number): string | undefined {
  const [, symbol = '', date = '', n = '', ending = ''] = CHUNK_FILE.exec(name) ?? [];
  if (!isSymbol(symbol) || !isDate(date)) return undefined;
  const stem = name.slice(0, -`${n}.${ending}`.length);
  return `${stem}${Number(n) + extra}.${ending}.gz`;
}

/** The day of a folder name `raw/{SYMBOL}/{YYYY-MM-DD}/`; undefined where it is none. */
export function parseRawDayFolder(symbol: string, folder: string): string | undefined {
  const date = folder.slice(rawSymbolPrefix(symbol).length, -1);
  return folder === rawDayPrefix(symbol, date) && isDate(date) ? date : undefined;
}

/** `aggregated/{SYMBOL}/{YYYY-MM-DD}_`: a day's files and its manifest */
export const dayResultsPrefix = (symbol: string, date: string): string => `aggregated/${symbol}/${date}_`;

/** The resolution's text in the name of a daily file; undefined where it is none of that day. */
export function parseBarsName(symbol: string, date: string, name: string): string | undefined {
  const resolution = name.slice(dayResultsPrefix(symbol, date).length, -'.csv'.length);
  return name === barsObjectName(symbol, date, resolution) ? resolution : undefined;
}

/** `aggregated/{SYMBOL}/{YYYY-MM-DD}_{resolution}.csv` */
export function barsObjectName(symbol: string, date: string, resolution: string): string {
  return `aggregated/${symbol}/${date}_${resolution}.csv`;
}

/** `aggregated/{SYMBOL}/{YYYY-MM-DD}_manifest.json` */
export function manifestObjectName(symbol: string, date: string): string {
  return `aggregated/${symbol}/${date}_manifest.json`;
}

/** `aggregated/` */
export const aggregatedPrefix = (): string => 'aggregated/';
/** `archive/` */
export const archivePrefix = (): string => 'archive/';

/** The day of an object name `archive/{SYMBOL}/{YYYY-MM-DD}_raw.zip`; undefined where it is none. */
export function parseArchiveName(symbol: string, name: string): string | undefined {
  const date = name.slice(archivePrefix().length + symbol.length + 1, -'_raw.zip'.length);
  return isDate(date) && name === archiveObjectName(symbol, date) ? date : undefined;
}

/** `archive/{SYMBOL}/{YYYY-MM-DD}_raw.zip` */
export function archiveObjectName(symbol: string, date: string): string {
  return `archive/${symbol}/${date}_raw.zip`;
}

/** `leases/{SYMBOL}/{YYYY-MM-DD}.json` */
export function leaseObjectName(symbol: string, date: string): string {
  return `leases/${symbol}/${date}.json`;
}

/** `plans/{execution}.json` */
export function planObjectName(execution: string): string {
  return `plans/${execution}.json`;
}

/** `plans/{execution}/`: the notes on what of a plan is done */
export const planMarkPrefix = (execution: string): string => `plans/${execution}/`;
/** `plans/{execution}/{SYMBOL}/{YYYY-MM-DD}` */
export function planMarkName(execution: string, symbol: string, date: string): string {
  return `${planMarkPrefix(execution)}${symbol}/${date}`;
}
