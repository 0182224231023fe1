import {
  type Bars,
  combineBars,
  emptyBars,
  type Places,
  placeBars,
  rescaleBars,
} from '../../shared/bars/bars.ts';
import { type Integer, narrow, sharedColumn } from '../../shared/bars/integers.ts';
import { parseDecimal, significantPlaces, unitsAt } from '../../shared/decimals.ts';
import { DAY_MS, DAY_SECONDS, SECOND_MS } from '../../shared/time.ts';
import type { DayBars } from '../files/bars-every.ts';
import { gapsOfDay } from '../proof/book-gaps.ts';
import { type Completeness, checkCompleteness } from '../proof/completeness.ts';
import type { Epoch } from '../proof/epochs.ts';
import type { Evidence } from '../proof/evidence.ts';
import { containsId, countIds, type IdRange, joinRanges, subtractRanges } from '../proof/id-ranges.ts';
import type { Judged } from '../proof/verdict.ts';
import { joinRejected, type Rejected } from '../scan/rejected.ts';
import { WINDOW_MS, type WindowResult } from '../window/window.ts';
import { heldIn } from '../witnesses/neighbours.ts';
import type { DayReading } from './read-day.ts';

/** A symbol-day as rows and evidence make it: a pure function of the two. */
export type Findings = DayBars &
  Judged & {
    /** Distinct trades, those with quantity 0 included. */
    tradeRows: number;
    /** Ids between the day's own that a neighbouring day holds. */
    elsewhere: IdRange[];
    rejected: Rejected;
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
  const rejected = joinRejected(results.map((result) => result.rejected));
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
    tradeRows: countIds(rangesOf(epochs)),
    rejected,
    onlyRejectedIds: onlyRejectedIdsOf(rejected, epochs),
    bookGaps: gapsOfDay(
      results.map(({ book }) => book.gaps),
      DAY_MS,
    ),
    counts: countsOf(results),
  };
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

/** The runs of ids, those of one epoch after those of the other. */
function rangesOf(epochs: Epoch[]): IdRange[] {
  return epochs.flatMap((epoch) => epoch.map(({ from, to }): IdRange => [from, to]));
}

function onlyRejectedIdsOf({ ids }: Rejected, epochs: Epoch[]): Float64Array {
  const held = joinRanges(rangesOf(epochs));
  return ids.filter((id) => !containsId(held, id));
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
