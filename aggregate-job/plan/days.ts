import { UsageError } from '../../shared/errors.ts';
import type { Manifest } from '../../shared/lake/manifest.ts';
import {
  aggregatedPrefix,
  archiveObjectName,
  archivePrefix,
  isSymbol,
  parseArchiveName,
  parseRawDayFolder,
  rawDayPrefix,
  rawPrefix,
  rawSymbolPrefix,
} from '../../shared/lake/object-names.ts';
import type { Store } from '../../shared/store/store.ts';
import { addDays, DAY_MS, dateOf, dayStartMs, isoMillisecond, MINUTE_MS } from '../../shared/time.ts';
import { isOdd } from '../archive/inputs.ts';
import { KEPT_MS } from '../witnesses/day-edge.ts';
import { neighboursOf, readManifest, UnreadableManifest } from '../witnesses/neighbours.ts';
import { isOutdated } from './outdated.ts';

/** One day of one symbol. */
export type SymbolDate = { symbol: string; date: string };

/** Which symbol-days are asked for: those from `from` to `to`, or, without them, whatever there is to do. */
export type Wanted = { symbols: string[] | 'all'; from: string | undefined; to: string | undefined };

/** Where to look, and when it is; told is what is passed over. */
export type World = {
  raw: Store;
  results: Store;
  nowMs: number;
  online: boolean;
  warn(message: string): void;
};

/** A day is closed this long after its end: late chunks are in the store by then. */
const CLOSED_AFTER_MS = 10 * MINUTE_MS;

/** True when the day is over at `nowMs` and its last chunks have arrived. */
export function isClosed(date: string, nowMs: number): boolean {
  return nowMs >= dayStartMs(date) + DAY_MS + CLOSED_AFTER_MS;
}

/**
 * The symbol-days to build, oldest first. In a range of days: those that have chunks or a zip; a single day of named symbols
 * even if it has neither, so that its absence is told. Without a range: every closed day that has chunks and, while the exchange can be
 * asked, every partial day it still keeps the trades of.
 * @throws UsageError for a day that is not closed yet.
 */
export async function chooseDays(world: World, { symbols, from, to }: Wanted): Promise<SymbolDate[]> {
  if (from === undefined || to === undefined) return inOrder(await unfinishedDays(world, symbols));
  if (!isClosed(to, world.nowMs)) {
    throw new UsageError(
      `${from === to ? '--date' : '--to'} ${to}: this day is not closed yet at ${isoMillisecond(world.nowMs)}, it is ten minutes after its end`,
    );
  }
  if (from === to && symbols !== 'all') return symbols.map((symbol) => ({ symbol, date: from }));
  const days = [...(await daysWithChunks(world, symbols)), ...(await archivedDays(world, symbols))];
  return inOrder(days.filter(({ date }) => date >= from && date <= to));
}

async function unfinishedDays(world: World, symbols: string[] | 'all'): Promise<SymbolDate[]> {
  const closed = (await daysWithChunks(world, symbols)).filter(({ date }) => isClosed(date, world.nowMs));
  return world.online ? [...closed, ...(await mendableDays(world, symbols))] : closed;
}

async function daysWithChunks(world: World, symbols: string[] | 'all'): Promise<SymbolDate[]> {
  const days: SymbolDate[] = [];
  for (const symbol of await namedOrAll(world.raw, rawPrefix(), symbols, world.warn)) {
    const folders = await world.raw.listFolders(rawSymbolPrefix(symbol));
    for (const date of folders.flatMap((folder) => parseRawDayFolder(symbol, folder) ?? []))
      if (await isDay(world, { symbol, date })) days.push({ symbol, date });
  }
  return days;
}

/** False where there is nothing but odd frames: these come along with a day, and are none. */
async function isDay({ raw, results }: World, { symbol, date }: SymbolDate): Promise<boolean> {
  const prefix = rawDayPrefix(symbol, date);
  for await (const { name } of raw.list(prefix)) if (!isOdd({ name: name.slice(prefix.length) })) return true;
  return (await results.stat(archiveObjectName(symbol, date))) !== undefined;
}

async function archivedDays({ results, warn }: World, symbols: string[] | 'all'): Promise<SymbolDate[]> {
  const days: SymbolDate[] = [];
  for (const symbol of await namedOrAll(results, archivePrefix(), symbols, warn)) {
    for await (const { name } of results.list(`${archivePrefix()}${symbol}/`)) {
      const date = parseArchiveName(symbol, name);
      if (date !== undefined) days.push({ symbol, date });
    }
  }
  return days;
}

/** Closed days whose trades the exchange still keeps, and which are partial or which an ended run left outdated. */
async function mendableDays(
  { results, nowMs, warn }: World,
  symbols: string[] | 'all',
): Promise<SymbolDate[]> {
  const days: SymbolDate[] = [];
  for (const symbol of await namedOrAll(results, aggregatedPrefix(), symbols, warn)) {
    const first = dateOf(nowMs - KEPT_MS);
    let before = await manifestOf(results, symbol, addDays(first, -1));
    for (let date = first; isClosed(date, nowMs); date = addDays(date, 1)) {
      const manifest = await manifestOf(results, symbol, date);
      if (manifest && isMendable(manifest, before)) days.push({ symbol, date });
      before = manifest;
    }
  }
  return days;
}

/** A manifest that cannot be read is partial too: building its day tells of it. */
function isMendable(manifest: Manifest | 'unreadable', before: Manifest | 'unreadable' | undefined): boolean {
  if (manifest === 'unreadable' || manifest.verdict === 'partial') return true;
  return before !== 'unreadable' && isOutdated(manifest, neighboursOf(before, undefined));
}

async function manifestOf(
  results: Store,
  symbol: string,
  date: string,
): Promise<Manifest | 'unreadable' | undefined> {
  try {
    return await readManifest(results, symbol, date);
  } catch (error) {
    if (error instanceof UnreadableManifest) return 'unreadable';
    throw error;
  }
}

/** All are those that could be named as well. */
async function namedOrAll(
  store: Store,
  prefix: string,
  symbols: string[] | 'all',
  warn: World['warn'],
): Promise<string[]> {
  if (symbols !== 'all') return symbols;
  const folders = await store.listFolders(prefix);
  const symbolOf = (folder: string): string => folder.slice(prefix.length, -1);
  for (const folder of folders.filter((folder) => !isSymbol(symbolOf(folder))))
    warn(`${folder} is passed over: no symbol has such a name`);
  return folders.map(symbolOf).filter(isSymbol);
}

/** Each day once, oldest first, within a day by symbol as found. */
function inOrder(days: SymbolDate[]): SymbolDate[] {
  const unique = new Map(days.map((day) => [`${day.date} ${day.symbol}`, day]));
  return [...unique.values()].sort((a, b) => Number(a.date > b.date) - Number(a.date < b.date));
}
