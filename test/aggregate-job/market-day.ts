import { formatUnits } from '../../shared/decimals.ts';
import { chunkObjectName, type RawKind } from '../../shared/lake/object-names.ts';
import { addDays, DAY_MINUTES, DAY_MS, dayStartMs, HOUR_MS, MINUTE_MS } from '../../shared/time.ts';
import { createMarket } from '../../simulator/market/market.ts';
import { type Source, tradesOf } from '../../simulator/source/source.ts';
import { chunkBytes, depthLine, type Snapshot, type Trade, tradeLine } from './chunks.ts';

export const SYMBOL = 'BTCUSDT';
export const DATE = '2024-07-18';
export const DAY_START = dayStartMs(DATE);
/** The exchange's clock in most tests: the job of the morning after. */
export const MORNING_AFTER = DAY_START + DAY_MS + HOUR_MS / 3;

/** A market with few trades, some of them in every hour, and the same before and after the day. */
export function quietMarket(options: { tradesPerSecond?: number; seed?: number } = {}): Source {
  return createMarket({
    seed: options.seed ?? 7,
    symbols: [{ symbol: SYMBOL, quietMinutes: [[600, 640]] }],
    startMs: DAY_START,
    endMs: DAY_START + DAY_MS,
    depthEveryMs: 1_000,
    tradesPerSecond: options.tradesPerSecond ?? 0.02,
  });
}

/** Every trade of a day of the market as a recorder writes it. */
export function tradesOfDay(market: Source, date = DATE): Trade[] {
  const instrument = market.instruments[0];
  if (!instrument) throw new Error('read market: it has no symbol');
  const { priceDecimals, quantityDecimals } = instrument;
  return [...tradesOf(market, SYMBOL, date)].map((trade) => ({
    T: trade.timeMs,
    price: formatUnits(trade.priceUnits, priceDecimals),
    quantity: formatUnits(trade.quantityUnits, quantityDecimals),
    maker: trade.isBuyerMaker,
    id: trade.id,
    first: trade.firstId,
    last: trade.lastId,
  }));
}

/** One snapshot every five minutes. */
export function bookOfDay(date = DATE): Snapshot[] {
  return Array.from({ length: 288 }, (_, i) => ({
    T: dayStartMs(date) + i * 300_000 + 50,
    u: 1_000 + i,
    bids: [['63999.90', `1.${100 + i}`]],
    asks: [['64000.00', `2.${100 + i}`]],
  }));
}

type Recording = {
  trades?: Trade[];
  depth?: Snapshot[];
  writer?: string;
  /** Minutes a chunk covers. */
  chunkMinutes?: number;
};

/** The objects of a store after a recorder wrote these rows. */
export function recorded({
  trades = [],
  depth = [],
  writer = 'a',
  chunkMinutes = 15,
}: Recording): Map<string, Buffer> {
  return new Map([
    ...recordedKind(writer, chunkMinutes, 'trades', trades, tradeLine),
    ...recordedKind(writer, chunkMinutes, 'depth', depth, depthLine),
  ]);
}

function recordedKind<Row extends { T: number }>(
  writer: string,
  chunkMinutes: number,
  kind: RawKind,
  rows: Row[],
  line: (row: Row) => string,
): [string, Buffer][] {
  const chunks = Map.groupBy(rows, ({ T }) => Math.floor(T / (chunkMinutes * MINUTE_MS)));
  return [...chunks].map(([chunk, members]) => {
    const minutes = chunk * chunkMinutes;
    const date = new Date(minutes * MINUTE_MS).toISOString().slice(0, 10);
    const name = chunkObjectName(SYMBOL, date, { kind, minute: minutes % DAY_MINUTES, writer, n: 0 });
    return [name, chunkBytes(kind, members.map(line))];
  });
}

export const DAY_BEFORE = addDays(DATE, -1);
export const DAY_AFTER = addDays(DATE, 1);
