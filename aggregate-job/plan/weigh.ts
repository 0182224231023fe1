import { mapAll } from '../../shared/concurrency.ts';
import {
  archiveObjectName,
  archivePrefix,
  rawDayPrefix,
  rawSymbolPrefix,
} from '../../shared/lake/object-names.ts';
import type { Store } from '../../shared/store/store.ts';
import type { SymbolDate } from './days.ts';
import type { SymbolWork } from './plan.ts';

/** Finds how many bytes there are to read for each symbol's days: chunks and zips. Lists, and reads nothing. */
export async function weigh(
  raw: Store,
  results: Store,
  days: readonly SymbolDate[],
  listsAtOnce: number,
): Promise<SymbolWork[]> {
  const bySymbol = Map.groupBy(days, ({ symbol }) => symbol);
  return mapAll(bySymbol, listsAtOnce, async ([symbol, members]) => {
    const dates = members.map(({ date }) => date).sort();
    return {
      symbol,
      dates,
      bytes: (await rawBytes(raw, symbol, dates)) + (await zipBytes(results, symbol, dates)),
    };
  });
}

async function rawBytes(raw: Store, symbol: string, dates: string[]): Promise<number> {
  const folders = new Set(await raw.listFolders(rawSymbolPrefix(symbol)));
  let bytes = 0;
  for (const prefix of dates.map((date) => rawDayPrefix(symbol, date)).filter((name) => folders.has(name))) {
    for await (const object of raw.list(prefix)) bytes += object.bytes;
  }
  return bytes;
}

async function zipBytes(results: Store, symbol: string, dates: string[]): Promise<number> {
  const wanted = new Set(dates.map((date) => archiveObjectName(symbol, date)));
  let bytes = 0;
  for await (const object of results.list(`${archivePrefix()}${symbol}/`))
    if (wanted.has(object.name)) bytes += object.bytes;
  return bytes;
}
