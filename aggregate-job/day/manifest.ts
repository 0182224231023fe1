import { formatUnits } from '../../shared/decimals.ts';
import { rawDayPrefix } from '../../shared/object-names.ts';
import { MAX_NAMED_REJECTIONS, type Manifest } from '../../shared/schema/manifest.ts';
import { compareNames } from '../../shared/store/store.ts';
import { dayStartMs, isoMillisecond } from '../../shared/time.ts';
import { closeOf, cvdOf } from '../bars/bar-text.ts';
import { add, type Integer, type IntegerColumn, valueAt } from '../bars/integers.ts';
import { contentWarnings } from '../proof/content-gates.ts';
import { reconcile } from '../proof/reconcile.ts';
import type { Rejection } from '../scan/scan-chunk.ts';
import type { InputList } from './archive-day.ts';
import type { Evidence } from './evidence.ts';
import type { Findings } from './findings.ts';
import { sha256 } from './outputs.ts';
import { judge } from './verdict.ts';

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
    rejected: rejectedOf(findings.rejections, rawDayPrefix(symbol, date)),
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

function rejectedOf(rejections: Rejection[], prefix: string): Manifest['rejected'] {
  const sorted = rejections.toSorted((a, b) => compareNames(a.name, b.name) || a.line - b.line);
  const reasons = Map.groupBy(sorted, ({ reason }) => reason);
  return {
    count: sorted.length,
    by_reason: Object.fromEntries([...reasons].map(([reason, rows]) => [reason, rows.length]).toSorted()),
    named: sorted
      .slice(0, MAX_NAMED_REJECTIONS)
      .map(({ name, line, reason }) => ({ name: prefix + name, line, reason })),
  };
}

function sum(column: IntegerColumn): Integer {
  let total: Integer = 0;
  for (let i = 0; i < column.values.length; i++) total = add(total, valueAt(column, i));
  return total;
}
