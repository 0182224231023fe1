import { AGG_TRADES_LIMIT, type ExchangeRest } from '../../shared/binance/rest.ts';
import type { RestAggTrade } from '../../shared/binance/wire.ts';
import type { IdRange } from '../proof/id-ranges.ts';

const EMPTY_PAGES = 3;

/**
 * Fetches the trades of a range of ids page by page, each trade once, by id. Pages may be short, overlap or be empty; ids the
 * exchange does not give are left out.
 */
export async function* fetchTrades(
  rest: ExchangeRest,
  symbol: string,
  [from, to]: IdRange,
): AsyncGenerator<RestAggTrade[]> {
  let next = from;
  let empty = 0;
  while (next <= to && empty < EMPTY_PAGES) {
    const page = await rest.aggTrades({
      symbol,
      fromId: next,
      limit: Math.min(AGG_TRADES_LIMIT, to - next + 1),
    });
    const fresh = uniqueById(page).filter(({ a }) => a >= next && a <= to);
    const isBeyond = page.some(({ a }) => a > to);
    if (fresh.length > 0) yield fresh;
    next = fresh.at(-1) ? (fresh.at(-1)?.a ?? next) + 1 : next;
    if (isBeyond) return;
    empty = fresh.length === 0 ? empty + 1 : 0;
  }
}

function uniqueById(page: RestAggTrade[]): RestAggTrade[] {
  return [...new Map(page.map((trade) => [trade.a, trade])).values()].sort((x, y) => x.a - y.a);
}
