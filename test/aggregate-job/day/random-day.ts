import fc from 'fast-check';
import type { DayInput } from '../../../aggregate-job/archive/inputs.ts';
import { chunkEntryName, parseChunkName, type RawKind } from '../../../shared/lake/object-names.ts';
import { compareNames } from '../../../shared/store/store.ts';
import { DAY_MS } from '../../../shared/time.ts';
import { chunkBytes, depthLine, tradeLine } from '../chunks.ts';
import type { HeldSnapshot, HeldTrade, OracleDay } from './oracle.ts';

export const START = Date.parse('2024-07-18T00:00:00Z');
const WINDOW_MS = 900_000;

/** A decimal as the exchange writes it, trailing zeros included: 1500 with 3 places is `1.500`. */
const decimal = (units: bigint, places: number): string => {
  const digits = String(units).padStart(places + 1, '0');
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
};

/** Kinds of markets: how large prices and quantities are and how many places they have. */
const MARKETS = [
  { price: 7_000_000n, pricePlaces: [1, 2], quantity: 90_000n, quantityPlaces: [3] },
  { price: 20n, pricePlaces: [0], quantity: 5n, quantityPlaces: [0] },
  { price: 1_300_000n, pricePlaces: [7, 8], quantity: 30_000_000_000n, quantityPlaces: [0] }, // 1000PEPE in billions
  { price: 10n ** 13n, pricePlaces: [8], quantity: 10n ** 13n, quantityPlaces: [8] },
  { price: 10n ** 17n, pricePlaces: [0, 3], quantity: 10n ** 17n, quantityPlaces: [0, 5] }, // beyond 2^53 each
  {
    price: 10n ** 8n,
    pricePlaces: [0, 1, 2, 3, 4, 5, 6, 7, 8],
    quantity: 10n ** 8n,
    quantityPlaces: [0, 4, 8],
  },
] as const;

/** Times of the day at which something could go wrong, and any other; few enough to meet each other. */
const time = fc.oneof(
  fc.nat(1100),
  fc.nat(1100).map((ms) => DAY_MS - 1 - ms),
  fc.constant(43_200_123),
  fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: -2, max: 2 }))
    .map(([k, ms]) => k * WINDOW_MS + ms),
  fc
    .tuple(fc.integer({ min: 1, max: 1439 }), fc.integer({ min: -2, max: 2 }))
    .map(([m, ms]) => m * 60_000 + ms),
  fc.nat(DAY_MS - 1),
);
const often = <T>(usual: T, weight: number, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: fc.constant(usual), weight }, { arbitrary: other, weight: 1 });
const writers = fc.constantFrom<string[][]>(
  ['a'],
  ['a'],
  ['b'],
  ['a', 'b'],
  ['b', 'repair'],
  ['repair'],
  ['a', 'b', 'c'],
);
const share = fc.bigInt({ min: 1n, max: 1_000_000n });

const tradePlan = fc.record({
  T: time,
  price: share,
  quantity: often<bigint>(
    500_000n,
    0,
    fc.oneof({ arbitrary: share, weight: 9 }, { arbitrary: fc.constant(0n), weight: 1 }),
  ),
  places: fc.tuple(fc.nat(), fc.nat()),
  maker: fc.boolean(),
  executions: fc.integer({ min: 1, max: 4 }),
  lost: often(false, 7, fc.constant(true)),
  /** This trade and the next one exchange their times. */
  swapped: often(false, 9, fc.constant(true)),
  writers,
  /** How the row of the last writer differs. */
  conflict: often<'none' | 'price' | 'maker' | 'time' | 'zeros'>(
    'none',
    5,
    fc.constantFrom('price', 'maker', 'time', 'zeros'),
  ),
  conflictShift: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -50_000, max: 50_000 })),
  otherMinute: often(-1, 9, fc.nat(1439)),
});
const level = fc.tuple(share, share, fc.tuple(fc.nat(), fc.nat()));
const snapshotPlan = fc.record({
  T: time,
  bid: often<[bigint, bigint, [number, number]] | null>(null, 1, level),
  ask: often<[bigint, bigint, [number, number]] | null>(null, 1, level),
  both: fc.tuple(level, level),
  isOneSided: often(false, 5, fc.constant(true)),
  deep: fc.boolean(),
  writers,
  otherMinute: often(-1, 9, fc.nat(1439)),
});

const plan = fc.record({
  market: fc.constantFrom(...MARKETS),
  trades: fc.array(tradePlan, { maxLength: 120, size: 'max' }),
  depth: fc.array(snapshotPlan, { maxLength: 60, size: 'max' }),
  base: fc.constantFrom(0, 1000, 3_141_966_230),
  /** Share of the trades after which the ids start again; 1 for never. */
  restart: often(1, 2, fc.constantFrom(0.3, 0.7)),
  /** The ids that start again begin where those of the day began. */
  overlaps: fc.boolean(),
  seed: fc.option(fc.tuple(share, fc.nat())),
  ends: fc.tuple(
    fc.constantFrom('unknown', 'known', 'before'),
    fc.constantFrom('unknown', 'known', 'behind'),
  ),
  chunkMinutes: fc.constantFrom(1, 1, 5, 15),
  shuffle: fc.array(fc.nat(), { maxLength: 8 }),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

/** A day as the oracle sees it, and as chunks. */
export type RandomDay = { day: OracleDay; inputs: DayInput[] };

/** Days that hold everything that may come: several writers, duplicates, conflicts, holes, restarts, strange books, any digits. */
export const randomDay: fc.Arbitrary<RandomDay> = plan.map((made) => {
  const chunks = new Chunks(made.chunkMinutes);
  const trades = tradesOf(made, chunks);
  const depth = depthOf(made, chunks);
  const epochs = Math.max(0, ...trades.map(({ epoch }) => epoch));
  const first = Math.min(...trades.filter(({ epoch }) => epoch === 0).map(({ id }) => id));
  const last = Math.max(...trades.filter(({ epoch }) => epoch === epochs).map(({ id }) => id));
  const isKnown = trades.length > 0;
  const seed = made.seed && decimal(made.seed[0], pick(made.market.pricePlaces, made.seed[1]));
  const [start, end] = made.ends;
  const day: OracleDay = {
    startMs: START,
    trades,
    depth,
    seed,
    first:
      start === 'unknown' ? undefined : !isKnown ? null : start === 'before' && first > 2 ? first - 2 : first,
    last: end === 'unknown' ? undefined : !isKnown ? null : end === 'behind' ? last + 3 : last,
  };
  return { day, inputs: chunks.inputs(made.shuffle) };
});

/** The rows as one-minute chunks, each row in its own. */
export function chunksOf(trades: HeldTrade[], depth: HeldSnapshot[]): DayInput[] {
  const chunks = new Chunks(1);
  for (const row of trades)
    chunks.add('trades', row.writer, row.T, -1, tradeLine({ ...row, T: START + row.T }));
  for (const row of depth)
    chunks.add('depth', row.writer, row.T, -1, depthLine({ ...row, T: START + row.T }));
  return chunks.inputs([]);
}

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;
const scaled = (largest: bigint, part: bigint): bigint =>
  (largest * part) / 1_000_000n + (part > 0n ? 1n : 0n);

function tradesOf(made: Plan, chunks: Chunks): HeldTrade[] {
  const { market } = made;
  const times = made.trades.map(({ T }) => T).sort((a, b) => a - b);
  const restartAt = Math.floor(times.length * made.restart);
  // ids that fall are a restart only where they do so after a while
  const pause = (times[restartAt] ?? 0) - (times[restartAt - 1] ?? 0);
  const restarts = made.restart < 1 && restartAt > 0 && pause >= 60_000 && made.base > 0;
  if (!restarts) swapTimes(times, made.trades);
  const isAnchor = (i: number): boolean => i === 0 || (restarts && i === restartAt); // the smallest id stays at the smallest time
  const isHeld = (i: number): boolean => made.trades[i]?.lost === false || isAnchor(i);
  const newBase = made.overlaps && overlapShows(made.trades.length, restartAt, isHeld) ? made.base + 100 : 0;
  const held: HeldTrade[] = [];
  for (const [i, planned] of made.trades.entries()) {
    const epoch = restarts && i >= restartAt ? 1 : 0;
    if (!isHeld(i)) continue;
    const T = times[i] ?? 0;
    const [pricePlaces, quantityPlaces] = [
      pick(market.pricePlaces, planned.places[0]),
      pick(market.quantityPlaces, planned.places[1]),
    ];
    const row = {
      T,
      price: decimal(scaled(market.price, planned.price), pricePlaces),
      quantity: decimal(scaled(market.quantity, planned.quantity), quantityPlaces),
      maker: planned.maker,
      id: epoch === 1 ? newBase + i - restartAt : made.base + i + (restarts ? 100 : 0),
      first: 10 * i,
      last: 10 * i + planned.executions - 1,
      epoch,
    };
    for (const [w, writer] of planned.writers.entries()) {
      const isTwisted = w > 0 && w === planned.writers.length - 1 && !isAnchor(i);
      const mine = { ...row, writer };
      if (isTwisted && planned.conflict === 'price')
        mine.price = decimal(scaled(market.price, planned.price) + 1n, pricePlaces);
      if (isTwisted && planned.conflict === 'maker') mine.maker = !row.maker;
      if (isTwisted && planned.conflict === 'time' && !restarts)
        mine.T = Math.min(DAY_MS - 1, Math.max(T + planned.conflictShift, times[0] ?? 0));
      if (isTwisted && planned.conflict === 'zeros') mine.price += row.price.includes('.') ? '00' : '.000';
      held.push(mine);
      chunks.add('trades', writer, mine.T, planned.otherMinute, tradeLine({ ...mine, T: START + mine.T }));
    }
  }
  return held;
}

/** True where ids that start again at the first one of the day can be told from trades out of order: most of those in both are in each. */
function overlapShows(count: number, restartAt: number, isHeld: (i: number) => boolean): boolean {
  const [before, after] = [
    Array.from({ length: restartAt }, (_, i) => i).filter(isHeld),
    Array.from({ length: count - restartAt }, (_, i) => i).filter((i) => isHeld(restartAt + i)),
  ];
  const doubled = before.filter((i) => after.includes(i)).length;
  const overlap = Math.min(before.at(-1) ?? 0, after.at(-1) ?? 0) + 1;
  return before.length > 1 && 2 * doubled > overlap;
}

/** Trades out of order: exchanges the times of neighbours that are close; the first keeps its own. */
function swapTimes(times: number[], planned: Plan['trades']): void {
  for (let i = 1; i + 1 < times.length; i++) {
    const [here = 0, next = 0] = [times[i], times[i + 1]];
    if (planned[i]?.swapped && next - here < 50_000) [times[i], times[i + 1]] = [next, here];
  }
}

function depthOf(made: Plan, chunks: Chunks): HeldSnapshot[] {
  const { market } = made;
  const text = ([price, quantity, places]: [bigint, bigint, [number, number]]): [string, string] => [
    decimal(scaled(market.price, price), pick(market.pricePlaces, places[0])),
    decimal(scaled(market.quantity, quantity), pick(market.quantityPlaces, places[1])),
  ];
  return made.depth.flatMap((planned, u) => {
    const [bid, ask] = planned.isOneSided ? [planned.bid, planned.ask] : planned.both;
    const side = (best: [bigint, bigint, [number, number]] | null): [string, string][] =>
      best ? [text(best), ...(planned.deep ? [['0.123456789012', '7'] as [string, string]] : [])] : [];
    const snapshot = { T: planned.T, u, bids: side(bid), asks: side(ask) };
    return planned.writers.map((writer) => {
      chunks.add(
        'depth',
        writer,
        planned.T,
        planned.otherMinute,
        depthLine({ ...snapshot, T: START + planned.T }),
      );
      return { ...snapshot, writer };
    });
  });
}

/** Lines of chunks by name. */
class Chunks {
  readonly #minutes: number;
  readonly #lines = new Map<string, string[]>();

  constructor(minutes: number) {
    this.#minutes = minutes;
  }

  /** Adds a row to the chunk of its time, or of `otherMinute` when that is not negative. */
  add(kind: RawKind, writer: string, T: number, otherMinute: number, line: string): void {
    const minute = otherMinute >= 0 ? otherMinute : Math.floor(T / 60_000);
    const name = chunkEntryName({ kind, minute: minute - (minute % this.#minutes), writer, n: 0 });
    this.#lines.set(name, [...(this.#lines.get(name) ?? []), line]);
  }

  /** The chunks, each with its rows in an order that `shuffle` makes. */
  inputs(shuffle: number[]): DayInput[] {
    const all = [...this.#lines].map(([entry, lines]) => {
      const name = `${entry}.gz`;
      const chunk = parseChunkName(name) ?? null;
      const bytes = chunkBytes(chunk?.kind ?? 'trades', shuffled(lines, shuffle));
      return {
        name,
        chunk,
        raw: null,
        bytes: bytes.length,
        load: async () => ({ form: 'gzip' as const, bytes }),
      };
    });
    return all.sort((a, b) => compareNames(a.name, b.name));
  }
}

function shuffled<T>(items: T[], keys: number[]): T[] {
  const key = (i: number): number => pick(keys, i) % 1000;
  return keys.length === 0
    ? items
    : items
        .map((item, i) => ({ item, i }))
        .sort((a, b) => key(a.i) - key(b.i))
        .map(({ item }) => item);
}
