// The daily files by the contract, as naively as can be: bigint throughout, sorting and filtering, no columns, no windows.

import { BAR_HEADER } from '../../../shared/lake/bar.ts';
import { DAY_MS } from '../../../shared/time.ts';
import type { Snapshot, Trade } from '../chunks.ts';

/** A row as one writer recorded it; `T` counts from the day's start, `epoch` says which counting of ids it belongs to. */
export type HeldTrade = Trade & { writer: string; epoch: number };
export type HeldSnapshot = Snapshot & { writer: string };

/** Everything that makes a day. */
export type OracleDay = {
  startMs: number;
  trades: HeldTrade[];
  depth: HeldSnapshot[];
  seed: string | null;
  /** Expected ids; undefined where nothing is known. */
  first: number | null | undefined;
  last: number | null | undefined;
};

/** What a manifest tells of a day. */
export type Figures = {
  decimals: { price: number; quantity: number };
  missing: [number, number][];
  outOfOrder: number;
  duplicates: number;
  conflicts: number;
  repaired: number;
  withoutQuantity: number;
  tradeRows: number;
  snapshots: number;
  depthDuplicates: number;
  oneSided: number;
  crossed: number;
};

/** What the oracle says of a day; `file` is the daily file of bars of so many seconds. */
export type Answer = { figures: Figures; file(seconds: number): string };

export function ask(day: OracleDay): Answer {
  const held = winners(day.trades);
  const books = booksOf(day.depth);
  const twoSided = books.kept.filter(({ bids, asks }) => bids.length > 0 && asks.length > 0);
  const decimals = decimalsOf(day, twoSided);
  const proof = prove(day, held.kept);
  const figures = {
    decimals,
    missing: proof.missing,
    outOfOrder: held.kept.filter((row) =>
      held.kept.some((other) => other.epoch === row.epoch && other.id < row.id && other.T > row.T),
    ).length,
    duplicates: held.duplicates,
    conflicts: held.conflicts,
    repaired: held.repaired,
    withoutQuantity: held.kept.filter(({ quantity }) => units(quantity, 60) === 0n).length,
    tradeRows: held.kept.length,
    snapshots: twoSided.length,
    depthDuplicates: day.depth.length - books.kept.length,
    oneSided: books.kept.length - twoSided.length,
    crossed: twoSided.filter(({ bids, asks }) => units(bids[0]?.[0], 60) > units(asks[0]?.[0], 60)).length,
  };
  return { figures, file: (seconds) => file(day, held.kept, twoSided, decimals, proof.unproven, seconds) };
}

/** A repair row wins, then the smallest writer name. */
const rank = (writer: string): string => (writer === 'repair' ? '' : writer);
const byRank = (a: { writer: string }, b: { writer: string }): number =>
  rank(a.writer) < rank(b.writer) ? -1 : Number(rank(a.writer) > rank(b.writer));

function winners(trades: HeldTrade[]) {
  const result = { kept: [] as HeldTrade[], duplicates: 0, conflicts: 0, repaired: 0 };
  for (const rows of Map.groupBy(trades, ({ epoch, id }) => `${epoch} ${id}`).values()) {
    const [winner, ...others] = rows.toSorted(byRank);
    if (!winner) continue;
    result.kept.push(winner);
    const same = others.filter((row) => content(row) === content(winner)).length;
    result.duplicates += same;
    result.conflicts += others.length - same;
    if (rows.every(({ writer }) => writer === 'repair')) result.repaired++;
  }
  result.kept.sort((a, b) => a.epoch - b.epoch || a.id - b.id);
  return result;
}

const content = ({ T, price, quantity, maker, first, last }: HeldTrade): string =>
  [T, units(price, 60), units(quantity, 60), maker, first, last].join();

function booksOf(depth: HeldSnapshot[]): { kept: HeldSnapshot[] } {
  const groups = Map.groupBy(depth, ({ T, u }) => `${T} ${u}`);
  return { kept: [...groups.values()].flatMap((rows) => rows.toSorted(byRank)[0] ?? []) };
}

function decimalsOf({ trades, seed }: OracleDay, books: HeldSnapshot[]): Figures['decimals'] {
  const levels = books.flatMap(({ bids, asks }) => [bids[0], asks[0]]);
  const most = (texts: (string | undefined)[]): number =>
    Math.max(0, ...texts.map((text) => placesOf(text ?? '')));
  return {
    price: most([...trades.map(({ price }) => price), ...levels.map((level) => level?.[0]), seed ?? '']),
    quantity: most([...trades.map(({ quantity }) => quantity), ...levels.map((level) => level?.[1])]),
  };
}

/** A hole is unproven from the largest T before it to the smallest T after it; so are the ends where no neighbour is known. */
function prove({ first, last }: OracleDay, kept: HeldTrade[]) {
  const missing: [number, number][] = [];
  const unproven: [number, number][] = [];
  const epochs = [...Map.groupBy(kept, ({ epoch }) => epoch).values()];
  const latest = (rows: HeldTrade[]): number => Math.max(0, ...rows.map(({ T }) => T));
  const earliest = (rows: HeldTrade[]): number => Math.min(DAY_MS - 1, ...rows.map(({ T }) => T));
  const unsure = (a: number, b: number): unknown => unproven.push([Math.min(a, b), Math.max(a, b)]);
  if (epochs.length === 0 && !(first === null && last === null)) unsure(0, DAY_MS - 1);
  if (epochs.length === 0 && typeof first === 'number' && typeof last === 'number')
    missing.push([first, last]);
  for (const [e, rows] of epochs.entries()) {
    const start = rows[0]?.id ?? 0;
    if (e > 0) unsure(latest(epochs[e - 1] ?? []), earliest(rows));
    else if (first !== start) {
      unsure(0, earliest(rows));
      if (typeof first === 'number' && first < start) missing.push([first, start - 1]);
    }
    for (let i = 1; i < rows.length; i++) {
      const [before, after] = [rows[i - 1]?.id ?? 0, rows[i]?.id ?? 0];
      if (after === before + 1) continue;
      missing.push([before + 1, after - 1]);
      unsure(latest(rows.slice(0, i)), earliest(rows.slice(i)));
    }
    const end = rows.at(-1)?.id ?? 0;
    if (e === epochs.length - 1 && last !== end) {
      unsure(latest(rows), DAY_MS - 1);
      if (typeof last === 'number' && last > end) missing.push([end + 1, last]);
    }
  }
  return { missing, unproven };
}

function file(
  day: OracleDay,
  kept: HeldTrade[],
  books: HeldSnapshot[],
  decimals: Figures['decimals'],
  unproven: [number, number][],
  seconds: number,
): string {
  const ms = seconds * 1000;
  const barOf = ({ T }: { T: number }): number => Math.floor(T / ms);
  const traded = kept.filter((row) => units(row.quantity, decimals.quantity) > 0n);
  const [tradesOf, booksOf] = [Map.groupBy(traded, barOf), Map.groupBy(books, barOf)];
  let before: Before = {
    close: day.seed === null ? '' : print(units(day.seed, decimals.price), decimals.price),
    cvd: 0n,
  };
  let quiet = cells([], [], before, decimals).text;
  const lines = [BAR_HEADER];
  for (let bar = 0; bar < DAY_MS / ms; bar++) {
    const [trades, snapshots] = [tradesOf.get(bar), booksOf.get(bar)];
    let text = quiet;
    if (trades || snapshots) {
      const told = cells(trades ?? [], snapshots ?? [], before, decimals);
      [text, before] = [told.text, told.after];
      quiet = cells([], [], before, decimals).text;
    }
    const timestamp = new Date(day.startMs + bar * ms).toISOString().replace('.000', '');
    const isProven = unproven.every(([from, to]) => Math.floor(to / ms) < bar || Math.floor(from / ms) > bar);
    lines.push(`${timestamp},${text},${isProven}`);
  }
  return `${lines.join('\n')}\n`;
}

type Before = { close: string; cvd: bigint };

/** The cells of one bar between timestamp and trades_complete. */
function cells(
  unsorted: HeldTrade[],
  snapshots: HeldSnapshot[],
  { close, cvd }: Before,
  { price, quantity }: Figures['decimals'],
): { text: string; after: Before } {
  // coarser bars are combined from seconds: what is first and last goes by second, then by id
  const trades = unsorted.toSorted((a, b) => Math.floor(a.T / 1000) - Math.floor(b.T / 1000));
  const prices = trades.map((row) => units(row.price, price));
  const lots = trades.map((row) => units(row.quantity, quantity));
  const quotes = prices.map((value, i) => value * (lots[i] ?? 0n));
  const bought = (values: bigint[]): bigint => sum(values.filter((_, i) => trades[i]?.maker === false));
  const [buy, sell] = [bought(lots), sum(lots) - bought(lots)];
  const sorted = prices.toSorted((a, b) => (a < b ? -1 : 1));
  const [open = '', high = '', low = '', last = ''] = [
    prices[0],
    sorted.at(-1),
    sorted[0],
    prices.at(-1),
  ].map((value) => (value === undefined ? close : print(value, price)));
  const level = (side: 'bids' | 'asks', part: 0 | 1, places: number): bigint[] =>
    snapshots.map((book) => units(book[side][0]?.[part], places));
  const [bids, asks, bidPrices] = [
    level('bids', 1, quantity),
    level('asks', 1, quantity),
    level('bids', 0, price),
  ];
  const spreads = level('asks', 0, price).map((ask, i) => ask - (bidPrices[i] ?? 0n));
  const imbalances = bids.map((bid, i) => (bid * 10n ** 9n) / (bid + (asks[i] ?? 0n)));
  const books = BigInt(snapshots.length);
  const text = [
    ...[open, high, low, last],
    mean(sum(quotes), sum(lots), price),
    ...[sum(lots), buy, sell, buy - sell].map((lotSum) => print(lotSum, quantity)),
    trades.reduce((count, row) => count + row.last - row.first + 1, 0),
    mean(sum(spreads), books, price),
    mean(sum(bids), books, quantity),
    mean(sum(asks), books, quantity),
    print(cvd + buy - sell, quantity),
    books === 0n ? '' : print(divide(sum(imbalances), books * 1000n), 6),
    print(sum(quotes), price + quantity),
    print(bought(quotes), price + quantity),
    trades.length,
    snapshots.length,
  ].join();
  return { text, after: { close: last, cvd: cvd + buy - sell } };
}

const sum = (values: bigint[]): bigint => values.reduce((total, value) => total + value, 0n);

/** Rounded half away from zero. */
function divide(a: bigint, b: bigint): bigint {
  const size = a < 0n ? -a : a;
  const rounded = size / b + ((size % b) * 2n >= b ? 1n : 0n);
  return a < 0n ? -rounded : rounded;
}

const mean = (total: bigint, count: bigint, places: number): string =>
  count === 0n ? '' : print(divide(total * 10_000n, count), places + 4);

/** Decimal text as an integer at `places`, which must be enough. */
function units(text: string | undefined, places: number): bigint {
  const [whole = '', fraction = ''] = (text ?? '').split('.');
  const kept = fraction.replace(/0+$/, '');
  if (kept.length > places) throw new RangeError(`${text} has more than ${places} places`);
  return BigInt(whole + kept.padEnd(places, '0'));
}

const placesOf = (text: string): number => (text.split('.')[1] ?? '').replace(/0+$/, '').length;

function print(value: bigint, places: number): string {
  const digits = String(value < 0n ? -value : value).padStart(places + 1, '0');
  const point = digits.length - places;
  return `${value < 0n ? '-' : ''}${digits.slice(0, point)}${places > 0 ? '.' : ''}${digits.slice(point)}`;
}
