import type { ExchangeRest } from '../../shared/exchange/rest.ts';
import type { RestAggTrade } from '../../shared/exchange/wire.ts';
import { HOUR_MS } from '../../shared/time.ts';

/** How long the exchange keeps aggregated trades. */
export const KEPT_MS = 48 * HOUR_MS;

/**
 * The trades on both sides of a midnight: the last by id before it and the first at or after it. Null where there is none yet.
 * `swapped`: where times run against ids, the trades from `after` to `before`, which then lies behind it.
 */
export type Edge = { before: EdgeTrade; after: EdgeTrade | null; swapped?: EdgeTrade[] };
export type EdgeTrade = { id: number; timeMs: number };

const TRIES = 3;
/** So many trades behind the first one after midnight are looked at too: times may run against ids by some milliseconds. */
const TRADES_BEHIND = 8;

/**
 * Finds the agg trade ids on both sides of `boundaryMs`. Pages by time are only hints, since an empty one proves nothing and a
 * limit may count from the end; what is returned was looked up by id on both sides. Undefined where the exchange no
 * longer keeps those trades, does not know the symbol's, or contradicts itself.
 */
export async function findEdge(
  rest: ExchangeRest,
  symbol: string,
  boundaryMs: number,
  nowMs: number,
): Promise<Edge | undefined> {
  if (boundaryMs <= nowMs - KEPT_MS || boundaryMs > nowMs) return undefined;
  const newest = await newestTrade(rest, symbol);
  if (!newest) return undefined;
  if (newest.T < boundaryMs)
    return (await isNewest(rest, symbol, newest)) ? { before: edgeTrade(newest), after: null } : undefined;
  const lookUp = (id: number): Promise<RestAggTrade | undefined> => tradeAt(rest, symbol, id);
  const after = await firstHint(rest, symbol, boundaryMs, newest);
  const page = await rest.aggTrades({ symbol, fromId: after - 1, limit: 2 + TRADES_BEHIND });
  const edge = edgeOf(page, boundaryMs, after);
  if (edge) return edge; // the usual case; the rest is for an exchange whose pages are not what they seem
  const before = await earlierTrade(rest, symbol, boundaryMs, after, lookUp);
  return before === undefined ? undefined : bisect(lookUp, boundaryMs, before, after);
}

/** An id at or after the boundary, near it if the exchange helps. */
async function firstHint(
  rest: ExchangeRest,
  symbol: string,
  boundaryMs: number,
  newest: RestAggTrade,
): Promise<number> {
  for (let startTime = boundaryMs; startTime <= newest.T; startTime += HOUR_MS) {
    const page = await rest.aggTrades({ symbol, startTime, endTime: startTime + HOUR_MS - 1 });
    const found = page.find(({ T }) => T >= boundaryMs);
    if (found) return found.a;
  }
  return newest.a;
}

/** An id before the boundary: by time if the exchange helps, else by ever larger steps down from an id after it. */
async function earlierTrade(
  rest: ExchangeRest,
  symbol: string,
  boundaryMs: number,
  after: number,
  lookUp: (id: number) => Promise<RestAggTrade | undefined>,
): Promise<number | undefined> {
  const page = await rest.aggTrades({ symbol, startTime: boundaryMs - HOUR_MS, endTime: boundaryMs - 1 });
  const hint = page.findLast(({ T, a }) => T < boundaryMs && a < after);
  if (hint) return hint.a;
  for (let step = 1; step <= after; step *= 2) {
    const trade = await lookUp(after - step);
    if (!trade) return undefined;
    if (trade.T < boundaryMs) return trade.a;
  }
  return undefined;
}

/** Narrows `(before, after]` down to two neighbours and looks both up. */
async function bisect(
  lookUp: (id: number) => Promise<RestAggTrade | undefined>,
  boundaryMs: number,
  before: number,
  after: number,
): Promise<Edge | undefined> {
  let [low, high] = [before, after];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const trade = await lookUp(middle);
    if (!trade) return undefined;
    if (trade.T < boundaryMs) low = middle;
    else high = middle;
  }
  const [last, first] = [await lookUp(low), await lookUp(high)];
  return last && first && edgeOf([last, first], boundaryMs, high);
}

/** The edge, if `after` and the id before it are in the page and lie on both sides of the boundary. */
function edgeOf(page: RestAggTrade[], boundaryMs: number, after: number): Edge | undefined {
  const [last, first] = [page.find(({ a }) => a === after - 1), page.find(({ a }) => a === after)];
  const isEdge = last && first && last.T < boundaryMs && first.T >= boundaryMs;
  if (!isEdge) return undefined;
  const behind = [first];
  for (let next = nextIn(page, first); next; next = nextIn(page, next)) behind.push(next);
  const swapped = behind.slice(0, behind.findLastIndex(({ T }) => T < boundaryMs) + 1).map(edgeTrade);
  const before = swapped.at(-1);
  return before
    ? { before, after: edgeTrade(first), swapped }
    : { before: edgeTrade(last), after: edgeTrade(first) };
}

/** The trade with the next id. */
function nextIn(page: RestAggTrade[], { a: id }: RestAggTrade): RestAggTrade | undefined {
  return page.find(({ a }) => a === id + 1);
}

const edgeTrade = ({ a, T }: RestAggTrade): EdgeTrade => ({ id: a, timeMs: T });

/** The trade with exactly this id; undefined where several tries do not give it. */
async function tradeAt(rest: ExchangeRest, symbol: string, id: number): Promise<RestAggTrade | undefined> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const found = (await rest.aggTrades({ symbol, fromId: id, limit: 1 })).find(({ a }) => a === id);
    if (found) return found;
  }
  return undefined;
}

/** The newest trade; an empty page is asked for again. */
async function newestTrade(rest: ExchangeRest, symbol: string): Promise<RestAggTrade | undefined> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const newest = (await rest.aggTrades({ symbol, limit: 1 })).at(-1);
    if (newest) return newest;
  }
  return undefined;
}

/** True when the exchange has the trade under its id and none behind it. */
async function isNewest(rest: ExchangeRest, symbol: string, newest: RestAggTrade): Promise<boolean> {
  const page = await rest.aggTrades({ symbol, fromId: newest.a, limit: 2 });
  return page.length === 1 && page[0]?.a === newest.a;
}
