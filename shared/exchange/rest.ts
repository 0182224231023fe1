import { PRICE_TEXT } from '../limits.ts';
import { type RetryPolicy, retry } from '../retry.ts';
import type { Clock } from '../time.ts';
import { askOnce, ExchangeError } from './request.ts';
import { WeightBudget } from './weight-budget.ts';
import type { RestAggTrade, RestKline, SymbolInfo } from './wire.ts';

/** Rows of a page of aggTrades at most. */
export const AGG_TRADES_LIMIT = 1_000;
/** Rows of a page of klines at most. */
export const KLINES_LIMIT = 1_500;

/** Which aggTrades: from an id on, by time (ms, both included, less than an hour apart), or with neither the newest. */
export type AggTradesQuery = {
  symbol: string;
  fromId?: number;
  startTime?: number;
  endTime?: number;
  limit?: number;
};

/**
 * What is asked of the exchange over REST. Every method rejects with an {@link ExchangeError}; once the exchange is `away`
 * (nobody there, banned, region refused, silent) it is not asked again, and never before the time that a 429 names.
 */
export type ExchangeRest = {
  /** The exchange's clock, ms UTC. */
  time(): Promise<number>;
  /** Aggregated trades of the last 48 h, by id. */
  aggTrades(query: AggTradesQuery): Promise<RestAggTrade[]>;
  /** 1m klines whose open lies in `[startTime, endTime]`. */
  klines(query: { symbol: string; startTime: number; endTime: number }): Promise<RestKline[]>;
  /** The id of the last single trade of every symbol. */
  lastTradeIds(): Promise<Map<string, number>>;
  /** Every symbol the exchange lists. */
  symbols(): Promise<SymbolInfo[]>;
};

export type RestOptions = {
  /** e.g. `https://fapi.binance.com` */
  baseUrl: string;
  clock: Clock;
  random: () => number;
  /** Share of the address's weight that this program may use, 0 to 1. */
  weightShare: number;
  deadlineMs?: number;
  policy?: RetryPolicy;
};

const DEADLINE_MS = 10_000;
const POLICY: RetryPolicy = { firstDelayMs: 500, maxDelayMs: 8_000, totalMs: 180_000 };
/** After so many questions in a row that all patience was lost on, the exchange counts as away. */
const UNANSWERED_UNTIL_AWAY = 3;

/** The exchange's REST interface: within its weight, patient where waiting helps, silent where it does not. */
export function exchangeRest(options: RestOptions): ExchangeRest {
  const ask = asker(options);
  return {
    time: async () => readTime(await ask('/fapi/v1/time', {}, 1)),
    aggTrades: async (query) => readList(await ask('/fapi/v1/aggTrades', query, 20), isAggTrade, 'aggTrades'),
    klines: async (query) =>
      readList(
        await ask('/fapi/v1/klines', { ...query, interval: '1m', limit: KLINES_LIMIT }, 10),
        isKline,
        'klines',
      ),
    lastTradeIds: async () => {
      const tickers = readList(await ask('/fapi/v1/ticker/24hr', {}, 40), isTicker, 'ticker/24hr');
      return new Map(tickers.map(({ symbol, lastId }) => [symbol, lastId]));
    },
    symbols: async () => {
      const body = await ask('/fapi/v1/exchangeInfo', {}, 1);
      return readList(isRecord(body) ? body['symbols'] : undefined, isSymbolInfo, 'exchangeInfo');
    },
  };
}

type Parameters = Record<string, string | number | undefined>;

function asker({
  baseUrl,
  clock,
  random,
  weightShare,
  deadlineMs = DEADLINE_MS,
  policy = POLICY,
}: RestOptions) {
  const budget = new WeightBudget(clock, weightShare);
  let away: ExchangeError | undefined;
  let unanswered = 0;
  let quietUntilMs = 0;
  // what is left of the patience: one for all questions until one of them is answered, or each would wait as long for nothing
  let patienceMs = policy.totalMs;
  const patience = (error: unknown): number | undefined => {
    if (!(error instanceof ExchangeError) || (error.kind !== 'limited' && error.kind !== 'failed'))
      return undefined;
    quietUntilMs = Math.max(quietUntilMs, clock.monotonicMs() + error.retryAfterMs);
    return error.retryAfterMs;
  };

  return async (path: string, parameters: Parameters, weight: number): Promise<unknown> => {
    const work = async (): Promise<unknown> => {
      if (away) throw away;
      const quietMs = quietUntilMs - clock.monotonicMs();
      if (quietMs > 0)
        throw new ExchangeError('limited', 'asked to wait longer than is left', { retryAfterMs: quietMs });
      await budget.take(weight);
      const { body, usedWeight } = await askOnce(`${baseUrl}${path}${queryText(parameters)}`, deadlineMs);
      if (usedWeight !== undefined) budget.correct(usedWeight);
      return body;
    };
    const askedAtMs = clock.now();
    try {
      const body = await retry(work, { ...policy, totalMs: patienceMs }, patience, { clock, random });
      unanswered = 0;
      patienceMs = policy.totalMs;
      return body;
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      if (error.kind === 'invalid') patienceMs = policy.totalMs;
      else patienceMs = Math.max(0, patienceMs - (clock.now() - askedAtMs));
      if (error.kind === 'failed') unanswered++;
      if (error.kind === 'away' || unanswered === UNANSWERED_UNTIL_AWAY) away = error;
      throw new ExchangeError(error.kind, `ask exchange ${path}`, {
        cause: error,
        retryAfterMs: error.retryAfterMs,
        status: error.status,
      });
    }
  };
}

function queryText(parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query}`;
}

function readTime(body: unknown): number {
  if (isRecord(body) && typeof body['serverTime'] === 'number') return body['serverTime'];
  throw new ExchangeError('failed', 'ask exchange time: the answer has no serverTime');
}

function readList<T>(body: unknown, isRow: (row: unknown) => row is T, what: string): T[] {
  if (Array.isArray(body) && body.every(isRow)) return body;
  throw new ExchangeError('failed', `ask exchange ${what}: the answer has another form`);
}

const DECIMAL = /^\d+(\.\d+)?$/;
/** A sum of prices times quantities within the limits. */
const VOLUME = /^\d{1,36}(\.\d{1,36})?$/;

function isAggTrade(row: unknown): row is RestAggTrade {
  if (!isRecord(row)) return false;
  const { a, p, q, nq, f, l, T, m } = row;
  const isText = [p, q, nq ?? '0'].every((value) => typeof value === 'string' && DECIMAL.test(value));
  const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
  return isText && [a, f, l, T].every(isCount) && typeof m === 'boolean';
}

/** True for a kline whose numbers lie within the limits: its close may seed a day. */
export function isKline(row: unknown): row is RestKline {
  if (!Array.isArray(row) || row.length < 11) return false;
  const all = (columns: number[], isOne: (value: unknown) => boolean): boolean =>
    columns.every((column) => isOne(row[column]));
  return (
    all([1, 2, 3, 4], (value) => typeof value === 'string' && PRICE_TEXT.test(value)) &&
    all([5, 7, 9, 10], (value) => typeof value === 'string' && VOLUME.test(value)) &&
    all([0, 6, 8], (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)
  );
}

function isTicker(row: unknown): row is { symbol: string; lastId: number } {
  return isRecord(row) && typeof row['symbol'] === 'string' && typeof row['lastId'] === 'number';
}

function isSymbolInfo(row: unknown): row is SymbolInfo {
  return (
    isRecord(row) &&
    ['symbol', 'status', 'contractType', 'quoteAsset'].every((key) => typeof row[key] === 'string')
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
