import { type Findings, findDay } from '../../../aggregate-job/day/findings.ts';
import { readDay } from '../../../aggregate-job/day/read-day.ts';
import { barsEvery, combineFlags } from '../../../aggregate-job/files/bars-every.ts';
import { type Evidence, NO_EVIDENCE } from '../../../aggregate-job/proof/evidence.ts';
import { ownThread } from '../../../aggregate-job/threads/threads.ts';
import { barRows } from '../../../shared/bars/bar-text.ts';
import { BAR_HEADER } from '../../../shared/lake/bar.ts';
import type { Snapshot, Trade } from '../chunks.ts';
import type { OracleDay } from './oracle.ts';
import { chunksOf, type RandomDay, START } from './random-day.ts';

/** At 1s a day is ten megabytes, twice: half a second a run. Coarser bars are quick, and made from the same seconds. */
export const RUNS =
  process.env['TAPELAKE_FAULTS'] === 'full' ? { at1s: 20, coarser: 80 } : { at1s: 3, coarser: 8 };

/** What the job finds in the chunks of a day. */
export async function find({ day, inputs }: RandomDay): Promise<Findings> {
  const reading = await readDay(inputs, {
    dayStartMs: day.startMs,
    readsAtOnce: 4,
    onProgress: () => {},
    threads: ownThread(),
  });
  return findDay(reading, evidenceOf(day));
}

function evidenceOf({ seed, first, last }: OracleDay): Evidence {
  const vouched = (id: number | null | undefined) =>
    id === undefined ? null : { id, source: 'exchange' as const };
  return {
    ...NO_EVIDENCE,
    seed: seed === null ? null : { close: seed, source: 'kline' },
    expected_first: vouched(first),
    expected_last: vouched(last),
  };
}

/** The daily file of bars of so many seconds. */
export function file({ startMs }: OracleDay, findings: Findings, seconds: number): string {
  const bars = barsEvery(findings, seconds);
  const context = {
    startMs,
    resolutionMs: seconds * 1000,
    places: findings.decimals,
    seed: findings.seed,
    complete: combineFlags(findings.complete, seconds),
  };
  return `${BAR_HEADER}\n${barRows({ bars, context, from: 0, to: bars.count })}`;
}

/** A day of these rows, all by one writer, each in its own minute. */
export function dayOf(
  rows: { trades?: Omit<Trade, 'first' | 'last'>[]; depth?: Snapshot[] },
  ends: Pick<OracleDay, 'seed' | 'first' | 'last'> = { seed: null, first: undefined, last: undefined },
): RandomDay {
  const trades = (rows.trades ?? []).map((row) => ({
    ...row,
    first: row.id,
    last: row.id,
    writer: 'a',
    epoch: 0,
  }));
  const depth = (rows.depth ?? []).map((row) => ({ ...row, writer: 'a' }));
  return { day: { startMs: START, trades, depth, ...ends }, inputs: chunksOf(trades, depth) };
}
