import { parseDecimal, significantPlaces, unitsAt } from '../../shared/decimals.ts';
import { DAY_MS, DAY_SECONDS, SECOND_MS } from '../../shared/time.ts';
import { type Bars, combineBars, emptyBars, type Places, placeBars, rescaleBars } from '../bars/bars.ts';
import { type Integer, narrow, sharedColumn } from '../bars/integers.ts';
import { type Completeness, checkCompleteness } from '../proof/completeness.ts';
import type { Epoch } from '../proof/epochs.ts';
import { type IdRange, subtractRanges } from '../proof/id-ranges.ts';
import { gapsOfDay } from '../scan/book-gaps.ts';
import type { Rejection } from '../scan/scan-chunk.ts';
import type { WindowResult } from '../scan/window.ts';
import type { Evidence } from './evidence.ts';
import { heldIn } from './neighbours.ts';
import { type DayReading, WINDOW_MS } from './read-day.ts';

/** A symbol-day as rows and evidence make it: a pure function of the two. */
export type Findings = {
  decimals: Places;
  /** Bars of one second at `decimals`, and of one minute. */
  bars: Bars;
  minutes: Bars;
  /** Close before the day in ticks. */
  seed: Integer | null;
  completeness: Completeness;
  /** Ids between the day's own that a neighbouring day holds. */
  elsewhere: IdRange[];
  /** By second: 1 where it is proven that no trade is missing. */
  complete: Uint8Array;
  firstId: number | null;
  lastId: number | null;
  /** How often the ids were counted anew, plus one. */
  epochs: number;
  /** Distinct trades, those with quantity 0 included. */
  tradeRows: number;
  rejections: Rejection[];
  /** Ids of rejected rows that no other row holds. */
  lostIds: number[];
  bookGaps: [number, number][];
  counts: Counts;
};

/** Figures that are summed over the windows. */
export type Counts = {
  duplicates: number;
  conflicts: number;
  withoutQuantity: number;
  repaired: number;
  snapshots: number;
  depthDuplicates: number;
  oneSided: number;
  crossed: number;
};

/** Puts the windows of a day together. `decimals` is found from the rows and the seed. */
export function findDay({ windows, epochs }: DayReading, evidence: Evidence): Findings {
  const results = windows.filter((result) => result !== undefined);
  const decimals = decimalsOf(results, evidence);
  const bars = barsOfDay(windows, decimals);
  const completeness = completenessOf(epochs, evidence);
  const rejections = results.flatMap((result) => result.rejections);
  return {
    decimals,
    bars,
    minutes: combineBars(bars, 60),
    seed: evidence.seed ? ticksOf(evidence.seed.close, decimals) : null,
    completeness,
    elsewhere: elsewhereOf(epochs, evidence),
    complete: completeSeconds(completeness),
    firstId: epochs[0]?.[0]?.from ?? null,
    lastId: epochs.at(-1)?.at(-1)?.to ?? null,
    epochs: epochs.length,
    tradeRows: epochs.flat().reduce((rows, { from, to }) => rows + to - from + 1, 0),
    rejections,
    lostIds: rejections.flatMap(({ id }) => (id === undefined || holdsId(epochs, id) ? [] : [id])),
    bookGaps: gapsOfDay(
      results.map(({ book }) => book.gaps),
      DAY_MS,
    ),
    counts: countsOf(results),
  };
}

/** Bars of so many seconds. */
export function barsEvery({ bars, minutes }: Pick<Findings, 'bars' | 'minutes'>, seconds: number): Bars {
  return seconds % 60 === 0 ? combineBars(minutes, seconds / 60) : combineBars(bars, seconds);
}

/** Which trades are missing, by the ids that are there and those that are expected. */
export function completenessOf(epochs: Epoch[], evidence: Evidence): Completeness {
  const { expected_first, expected_last, elsewhere } = evidence;
  return checkCompleteness(epochs, expected_first?.id, expected_last?.id, DAY_MS, WINDOW_MS, elsewhere);
}

/** Ids between the day's own that a neighbouring day holds. */
function elsewhereOf(epochs: Epoch[], { elsewhere = [] }: Evidence): IdRange[] {
  const { first, last, runs } = heldIn(epochs);
  if (first === null || last === null || runs.length === 0) return [];
  return subtractRanges(elsewhere, [...runs, [last + 1, Number.POSITIVE_INFINITY]]).filter(
    ([from]) => from > first,
  );
}

/** Flags of coarser bars: complete where every second of them is. */
export function combineFlags(seconds: Uint8Array, factor: number): Uint8Array {
  if (factor === 1) return seconds;
  return Uint8Array.from({ length: seconds.length / factor }, (_, bar) =>
    seconds.subarray(bar * factor, (bar + 1) * factor).every((flag) => flag === 1) ? 1 : 0,
  );
}

function decimalsOf(results: WindowResult[], { seed }: Evidence): Places {
  return {
    price: results.reduce(
      (places, result) => Math.max(places, result.places.price),
      seed ? significantPlaces(seed.close) : 0,
    ),
    quantity: results.reduce((places, result) => Math.max(places, result.places.quantity), 0),
  };
}

function ticksOf(close: string, { price }: Places): Integer | null {
  const decimal = parseDecimal(close);
  return decimal ? narrow(unitsAt(decimal, price)) : null;
}

function barsOfDay(windows: (WindowResult | undefined)[], decimals: Places): Bars {
  const bars = emptyBars(DAY_SECONDS, sharedColumn);
  for (const [window, result] of windows.entries()) {
    if (result)
      placeBars(bars, rescaleBars(result.bars, result.scale, decimals), (window * WINDOW_MS) / SECOND_MS);
  }
  return bars;
}

function completeSeconds({ unproven }: Completeness): Uint8Array {
  const seconds = new Uint8Array(DAY_SECONDS).fill(1);
  for (const [from, to] of unproven)
    seconds.fill(0, Math.floor(from / SECOND_MS), Math.floor(to / SECOND_MS) + 1);
  return seconds;
}

function holdsId(epochs: Epoch[], id: number): boolean {
  return epochs.some((epoch) => {
    const next = epoch.findIndex(({ to }) => to >= id);
    return next >= 0 && (epoch[next]?.from ?? Number.POSITIVE_INFINITY) <= id;
  });
}

function countsOf(results: WindowResult[]): Counts {
  const sum = (read: (result: WindowResult) => number): number =>
    results.reduce((total, result) => total + read(result), 0);
  return {
    duplicates: sum(({ trades }) => trades.duplicates),
    conflicts: sum(({ trades }) => trades.conflicts),
    withoutQuantity: sum(({ trades }) => trades.withoutQuantity),
    repaired: sum(({ trades }) => trades.repaired),
    snapshots: sum(({ book }) => book.snapshots),
    depthDuplicates: sum(({ book }) => book.duplicates),
    oneSided: sum(({ book }) => book.oneSided),
    crossed: sum(({ book }) => book.crossed),
  };
}
