import { formatUnits } from '../../../shared/decimals.ts';
import { chunkObjectName, type RawKind } from '../../../shared/lake/object-names.ts';
import { DAY_MINUTES, DAY_MS, MINUTE_MS } from '../../../shared/time.ts';
import { chunkBytes, depthLine, type Snapshot, type Trade, tradeLine } from '../chunks.ts';
import { DATE, DAY_AFTER, DAY_START, SYMBOL } from '../market-day.ts';
import type { Dice } from './dice.ts';

/** A day as it was, and as its recorders wrote it. */
export type SmallDay = {
  /** Every trade that there was, by id. */
  trades: Trade[];
  /** Close of the day before. */
  closeBefore: string;
  /** Chunks of the day by name; a part of them may be archived already. */
  chunks: Map<string, Buffer>;
  /** The first chunk of the day after, where it has begun to be recorded. */
  nextDay: Map<string, Buffer>;
};

type Market = { price: number; pricePlaces: number; quantity: number; quantityPlaces: number };

const MARKETS: readonly Market[] = [
  { price: 6_394_390, pricePlaces: 2, quantity: 9_000, quantityPlaces: 3 },
  { price: 1_168_900, pricePlaces: 7, quantity: 60_000_000, quantityPlaces: 0 },
  { price: 21, pricePlaces: 0, quantity: 5, quantityPlaces: 0 },
  { price: 3_000_000_000_000, pricePlaces: 8, quantity: 3_000_000_000_000, quantityPlaces: 8 },
];

/** A few minutes to hours of trades and snapshots, by one recorder or two of which each missed something. */
export function smallDay(dice: Dice): SmallDay {
  const market = dice.pick(MARKETS);
  const trades = tradesOf(dice, market);
  const depth = depthOf(dice, market, trades);
  const chunkMinutes = dice.pick([1, 1, 5, 5, 15, 60]);
  const writers = dice.chance(0.5) ? ['a'] : ['a', 'b'];
  const lost = dice.chance(0.3) ? [dice.int(0, trades.length - 1), dice.int(0, trades.length - 1)] : [];
  const chunks = new Map<string, Buffer>();
  for (const [index, writer] of writers.entries()) {
    // each of two recorders is away for a while, never both at once
    const away = writers.length === 1 ? -1 : dice.int(0, 3) * 2 + index;
    const isHeard = (_: unknown, i: number, all: readonly unknown[]): boolean =>
      Math.floor((8 * i) / all.length) !== away;
    const heard = trades.filter((row, i) => isHeard(row, i, trades) && !lost.includes(i));
    const seen = depth.filter(isHeard);
    addChunks(chunks, 'trades', writer, chunkMinutes, heard, tradeLine);
    addChunks(chunks, 'depth', writer, chunkMinutes, seen, depthLine);
  }
  return { trades, closeBefore: priceText(market, market.price), chunks, nextDay: nextDayOf(trades) };
}

/** The objects of one recorder that heard every row. */
export function recordedWhole(symbol: string, trades: Trade[]): Map<string, Buffer> {
  const chunks = new Map<string, Buffer>();
  addChunks(chunks, 'trades', 'a', 5, trades, tradeLine, symbol);
  return chunks;
}

function addChunks<Row extends { T: number }>(
  to: Map<string, Buffer>,
  kind: RawKind,
  writer: string,
  chunkMinutes: number,
  rows: readonly Row[],
  line: (row: Row) => string,
  symbol = SYMBOL,
): void {
  const chunks = Map.groupBy(rows, ({ T }) => Math.floor((T - DAY_START) / (chunkMinutes * MINUTE_MS)));
  for (const [chunk, members] of chunks) {
    const name = chunkObjectName(symbol, DATE, { kind, minute: chunk * chunkMinutes, writer, n: 0 });
    to.set(name, chunkBytes(kind, members.map(line)));
  }
}

function tradesOf(dice: Dice, market: Market): Trade[] {
  const minutes = dice.pick([2, 10, 40, 200, DAY_MINUTES]);
  const startMs = dice.pick([0, dice.int(0, DAY_MINUTES - minutes), DAY_MINUTES - minutes]) * MINUTE_MS;
  const count = dice.int(8, 90);
  const times = Array.from({ length: count }, () => startMs + dice.int(0, minutes * MINUTE_MS - 1));
  times.sort((a, b) => a - b);
  const base = dice.pick([0, 1, 1_000, 3_141_966_230]);
  let [units, execution] = [market.price, 10 * base];
  return times.map((ms, i) => {
    units = Math.max(1, units + dice.int(-50, 50));
    const executions = dice.int(1, 4);
    const first = execution;
    execution += executions;
    return {
      T: DAY_START + ms,
      price: priceText(market, units),
      quantity: formatUnits(dice.chance(0.03) ? 0 : dice.int(1, market.quantity), market.quantityPlaces),
      maker: dice.chance(0.5),
      id: base + i,
      first,
      last: execution - 1,
    };
  });
}

function depthOf(dice: Dice, market: Market, trades: Trade[]): Snapshot[] {
  const every = dice.int(1, 6);
  return trades
    .filter((_, i) => i % every === 0)
    .map(({ T }, u) => {
      const quantity = (): string => formatUnits(dice.int(1, market.quantity), market.quantityPlaces);
      return {
        T,
        u,
        bids: [[priceText(market, market.price), quantity()]],
        asks: [[priceText(market, market.price + 1 + u), quantity()]],
      };
    });
}

function nextDayOf(trades: Trade[]): Map<string, Buffer> {
  const last = trades.at(-1);
  if (!last) return new Map();
  const next = { ...last, T: DAY_START + DAY_MS + 7_000, id: last.id + 1 };
  const name = chunkObjectName(SYMBOL, DAY_AFTER, { kind: 'trades', minute: 0, writer: 'a', n: 0 });
  return new Map([[name, chunkBytes('trades', [tradeLine(next)])]]);
}

const priceText = ({ pricePlaces }: Market, units: number): string => formatUnits(units, pricePlaces);
