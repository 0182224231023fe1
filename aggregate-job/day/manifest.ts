import { closeOf, cvdOf } from '../../shared/bars/bar-text.ts';
import { add, type Integer, type IntegerColumn, valueAt } from '../../shared/bars/integers.ts';
import { formatUnits } from '../../shared/decimals.ts';
import type { Manifest } from '../../shared/lake/manifest.ts';
import { rawDayPrefix } from '../../shared/lake/object-names.ts';
import { dayStartMs, isoMillisecond } from '../../shared/time.ts';
import type { InputList } from '../archive/archive-day.ts';
import { sha256 } from '../files/outputs.ts';
import type { Evidence } from '../proof/evidence.ts';
import { contentWarnings } from '../proof/oddities.ts';
import { reconcile } from '../proof/reconcile.ts';
import { judge } from '../proof/verdict.ts';
import type { Rejected } from '../scan/rejected.ts';
import type { Findings } from './findings.ts';

/** What identifies a build. */
type Build = { symbol: string; date: string; codeVersion: string };

/** The manifest of a day; `outputs` and `archive` are filled in when those are stored. Keys stand in the order they are written. */
export function manifestOf(
  { symbol, date, codeVersion }: Build,
  inputs: InputList,
  evidence: Evidence,
  findings: Findings,
): Manifest {
  const { decimals, bars, minutes, seed } = findings;
  const close = closeOf(bars, seed);
  const startMs = dayStartMs(date);
  const { verdict, reasons, warnings, proof } = judge(findings, evidence);
  return {
    schema_version: 1,
    symbol,
    date,
    verdict,
    reasons,
    warnings: [...warnings, ...contentWarnings(bars, minutes, decimals, startMs, evidence.klines)],
    proof,
    decimals: { price: decimals.price, quantity: decimals.quantity },
    seed: {
      close: seed === null ? null : formatUnits(seed, decimals.price),
      source: evidence.seed?.source ?? null,
    },
    close: close === null ? null : formatUnits(close, decimals.price),
    cvd: formatUnits(cvdOf(bars), decimals.quantity),
    trades: tradesOf(findings, evidence),
    depth: depthOf(findings, startMs),
    klines: reconcile({ bars: minutes, places: decimals, seed, startMs }, evidence.klines),
    inputs: inputsOf(inputs),
    rejected: rejectedOf(findings.rejected, rawDayPrefix(symbol, date)),
    outputs: [],
    archive: { name: '', bytes: 0, sha256: '' },
    code_version: codeVersion,
  };
}

function tradesOf(
  { bars, completeness, counts, elsewhere, firstId, lastId, tradeRows }: Findings,
  evidence: Evidence,
): Manifest['trades'] {
  const executions = sum(bars.executions);
  return {
    rows: tradeRows,
    executions: typeof executions === 'bigint' ? String(executions) : executions,
    first_id: firstId,
    last_id: lastId,
    expected_first_id: evidence.expected_first?.id ?? null,
    expected_last_id: evidence.expected_last?.id ?? null,
    missing: completeness.missing,
    ...(elsewhere.length > 0 ? { elsewhere } : {}),
    repaired: counts.repaired,
    duplicates: counts.duplicates,
    conflicts: counts.conflicts,
    out_of_order: completeness.outOfOrder,
    zero_quantity: counts.withoutQuantity,
  };
}

function depthOf({ bars, bookGaps, counts }: Findings, startMs: number): Manifest['depth'] {
  const time = (ms: number): string => isoMillisecond(startMs + ms);
  return {
    snapshots: counts.snapshots,
    seconds_covered: bars.snapshots.values.reduce((seconds, count) => seconds + (count > 0 ? 1 : 0), 0),
    gaps: bookGaps.map(([from, to]) => [time(from), time(to)]),
    duplicates: counts.depthDuplicates,
    one_sided: counts.oneSided,
    crossed: counts.crossed,
  };
}

function inputsOf({ lines, text }: InputList): Manifest['inputs'] {
  return {
    count: lines.length,
    bytes: lines.reduce((bytes, { reading }) => bytes + reading.size, 0),
    rows: lines.reduce((rows, { reading }) => rows + reading.rows, 0),
    sha256: sha256(text),
  };
}

function rejectedOf({ count, byReason, named }: Rejected, prefix: string): Manifest['rejected'] {
  return {
    count,
    by_reason: Object.fromEntries([...byReason].toSorted()),
    named: named.map(({ name, line, reason }) => ({ name: prefix + name, line, reason })),
  };
}

function sum(column: IntegerColumn): Integer {
  let total: Integer = 0;
  for (let i = 0; i < column.values.length; i++) total = add(total, valueAt(column, i));
  return total;
}
