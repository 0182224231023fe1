import type { ExchangeRest } from '../../shared/exchange/rest.ts';
import type { RestKline } from '../../shared/exchange/wire.ts';
import { DAY_MS, MINUTE_MS } from '../../shared/time.ts';

/** The official 1m klines of a day as fetched, and the close of the minute before midnight where there is one. */
export type DayKlines = { klines: RestKline[]; closeBefore: string | null };

const EMPTY_PAGES = 3;

/** Fetches a day's 1m klines; fewer than 1,440 where the symbol was not listed all day. */
export async function fetchKlines(rest: ExchangeRest, symbol: string, startMs: number): Promise<DayKlines> {
  const found = new Map<number, RestKline>();
  const lastOpen = startMs + DAY_MS - MINUTE_MS;
  let [startTime, empty] = [startMs - MINUTE_MS, 0];
  while (startTime <= lastOpen && empty < EMPTY_PAGES) {
    const page = await rest.klines({ symbol, startTime, endTime: startMs + DAY_MS - 1 });
    const fresh = page.filter(([openTime]) => openTime >= startTime && openTime <= lastOpen);
    for (const kline of fresh) found.set(kline[0], kline);
    empty = fresh.length === 0 ? empty + 1 : 0;
    for (const [openTime] of fresh) startTime = Math.max(startTime, openTime + MINUTE_MS);
  }
  const before = found.get(startMs - MINUTE_MS);
  found.delete(startMs - MINUTE_MS);
  return { klines: [...found.values()].sort(([a], [b]) => a - b), closeBefore: before?.[4] ?? null };
}
