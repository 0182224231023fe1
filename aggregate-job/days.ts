import { UsageError } from '../shared/errors.ts';
import { parseRawDayFolder, rawPrefix, rawSymbolPrefix } from '../shared/object-names.ts';
import type { Store } from '../shared/store/store.ts';
import { DAY_MS, dayStartMs, isoMillisecond, MINUTE_MS } from '../shared/time.ts';

/** One day of one symbol. */
export type SymbolDate = { symbol: string; date: string };

/** A day is closed this long after its end: late chunks are in the store by then. */
const CLOSED_AFTER_MS = 10 * MINUTE_MS;

/** True when the day is over at `nowMs` and its last chunks have arrived. */
export function isClosed(date: string, nowMs: number): boolean {
  return nowMs >= dayStartMs(date) + DAY_MS + CLOSED_AFTER_MS;
}

/**
 * The symbol-days to build, oldest first. With a date: that day of the asked symbols, or of all that have chunks of it. Without
 * one: every closed day that has chunks.
 * @throws UsageError for a day that is not closed yet.
 */
export async function chooseDays(
  raw: Store,
  symbols: string[] | 'all',
  date: string | undefined,
  nowMs: number,
): Promise<SymbolDate[]> {
  if (date !== undefined && !isClosed(date, nowMs)) {
    throw new UsageError(
      `--date ${date}: this day is not closed yet at ${isoMillisecond(nowMs)}, it is ten minutes after its end`,
    );
  }
  if (date !== undefined && symbols !== 'all') return symbols.map((symbol) => ({ symbol, date }));
  const days: SymbolDate[] = [];
  for (const symbol of symbols === 'all' ? await symbolsWithChunks(raw) : symbols) {
    const dates = await datesWithChunks(raw, symbol);
    days.push(
      ...dates
        .filter((found) => (date === undefined ? isClosed(found, nowMs) : found === date))
        .map((found) => ({ symbol, date: found })),
    );
  }
  return days.sort((a, b) => Number(a.date > b.date) - Number(a.date < b.date));
}

async function symbolsWithChunks(raw: Store): Promise<string[]> {
  const folders = await raw.listFolders(rawPrefix());
  return folders.map((folder) => folder.slice(rawPrefix().length, -1));
}

async function datesWithChunks(raw: Store, symbol: string): Promise<string[]> {
  const folders = await raw.listFolders(rawSymbolPrefix(symbol));
  return folders.flatMap((folder) => parseRawDayFolder(symbol, folder) ?? []);
}
