import type { Manifest } from '../../shared/lake/manifest.ts';
import type { Completeness } from './completeness.ts';
import type { Evidence } from './evidence.ts';
import { countIds } from './id-ranges.ts';

/** Whether every expected id is present, why not, and who proves the ends of the day. */
export type Verdict = Pick<Manifest, 'verdict' | 'reasons' | 'warnings' | 'proof'>;

/** What a day is judged by. */
export type Judged = {
  completeness: Completeness;
  firstId: number | null;
  lastId: number | null;
  /** How often the ids were counted anew, plus one. */
  epochs: number;
  /** Ids of rejected rows that no other row holds, one a row. */
  onlyRejectedIds: Float64Array;
  bookGaps: [number, number][];
  rejected: { count: number };
  counts: { conflicts: number; withoutQuantity: number; oneSided: number; crossed: number };
};

/** Judges a day by its ids alone; what is odd about its content is a warning. */
export function judge(day: Judged, evidence: Evidence): Verdict {
  const reasons = reasonsOf(day, evidence);
  return {
    verdict: reasons.length === 0 ? 'complete' : 'partial',
    reasons,
    warnings: warningsOf(day),
    proof: proofOf(evidence),
  };
}

function proofOf({ expected_first, expected_last }: Evidence): Manifest['proof'] {
  if (!expected_first || !expected_last) return 'none';
  return expected_first.source === 'exchange' || expected_last.source === 'exchange'
    ? 'exchange'
    : 'neighbours';
}

function reasonsOf(
  { completeness, epochs, onlyRejectedIds, firstId, lastId }: Judged,
  evidence: Evidence,
): string[] {
  const missing = countIds(completeness.missing);
  const beyond = isBeyond(firstId, lastId, evidence);
  const lost = onlyRejectedIds.filter((id) => epochs > 1 || isExpected(id, evidence)).length;
  return [
    ...(missing > 0 ? [`${missing} trade ids are missing in ${completeness.missing.length} ranges`] : []),
    ...(evidence.expected_first ? [] : ['the first trade id of the day is not known']),
    ...(evidence.expected_last ? [] : ['the last trade id of the day is not known']),
    ...(epochs > 1 ? [`trade ids started again ${epochs - 1} times within the day`] : []),
    ...(lost > 0 ? [`${lost} rejected rows hold trade ids that no other row holds`] : []),
    ...(beyond ? ['trade ids lie outside the expected ones'] : []),
    ...(epochs <= 1 && isContradiction(evidence)
      ? ['the expected first and last trade id contradict each other']
      : []),
  ];
}

/** False for an id that is proven not to be the day's: what a damaged digit made of another. */
function isExpected(id: number, { expected_first, expected_last }: Evidence): boolean {
  const isBefore = expected_first !== null && (expected_first.id === null || id < expected_first.id);
  const isBehind = expected_last !== null && (expected_last.id === null || id > expected_last.id);
  return !isBefore && !isBehind;
}

function isContradiction({ expected_first, expected_last }: Evidence): boolean {
  if (!expected_first || !expected_last) return false;
  const [first, last] = [expected_first.id, expected_last.id];
  return first === null || last === null ? first !== last : first > last;
}

/** Rows before the expected first id or behind the expected last one: rows and evidence contradict each other. */
function isBeyond(
  firstId: number | null,
  lastId: number | null,
  { expected_first, expected_last }: Evidence,
): boolean {
  const isBefore =
    expected_first !== null &&
    firstId !== null &&
    (expected_first.id === null || firstId < expected_first.id);
  const isBehind =
    expected_last !== null && lastId !== null && (expected_last.id === null || lastId > expected_last.id);
  return isBefore || isBehind;
}

function warningsOf({ counts, completeness, rejected, bookGaps }: Judged): string[] {
  const told: [number, string][] = [
    [counts.conflicts, 'rows contradict another row with the same trade id'],
    [completeness.outOfOrder, 'trades are older than a trade with a smaller id'],
    [counts.withoutQuantity, 'trades have quantity 0'],
    [counts.oneSided, 'snapshots have an empty side'],
    [counts.crossed, 'snapshots have the best bid above the best ask'],
    [rejected.count, 'rows or chunks were rejected'],
  ];
  const darkMs = bookGaps.reduce((sum, [from, to]) => sum + to - from, 0);
  if (bookGaps.length > 0)
    told.push([
      bookGaps.length,
      `stretches of more than 5 s have no snapshot, ${Math.round(darkMs / 1000)} s in all`,
    ]);
  return told.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
}
