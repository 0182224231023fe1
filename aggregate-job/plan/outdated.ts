import { parseDecimal } from '../../shared/decimals.ts';
import type { Manifest } from '../../shared/lake/manifest.ts';
import { heldBy, type Neighbours, neighbourEvidence } from '../witnesses/neighbours.ts';

/** True for a built day that its neighbours would give another seed or more proof now. */
export function isOutdated(day: Manifest, neighbours: Neighbours): boolean {
  const { trades, proof } = day;
  const { first_id, last_id, expected_first_id, expected_last_id, missing } = trades;
  const now = neighbourEvidence(neighbours, heldBy(day));
  const isKnown = (end: number | null): boolean => (first_id === null ? proof !== 'none' : end !== null);
  const isLater = (
    vouched: { id: number | null } | null,
    known: number | null,
    held: number | null,
  ): boolean => vouched !== null && (!isKnown(known) || (vouched.id === held && known !== held));
  return (
    hasOtherSeed(day, neighbours) ||
    isLater(now.expected_first, expected_first_id, first_id) ||
    isLater(now.expected_last, expected_last_id, last_id) ||
    (now.elsewhere ?? []).some(([from, to]) => missing.some(([start, end]) => start <= to && from <= end))
  );
}

/** A seed that came from a kline stays: it is as good as the day before, which may have lost its last trade. */
function hasOtherSeed({ seed }: Manifest, neighbours: Neighbours): boolean {
  if (!neighbours.seed || seed.source === 'kline') return false;
  return seed.close === null || !isSameNumber(seed.close, neighbours.seed.close);
}

/** Each day prints with digits of its own. */
function isSameNumber(a: string, b: string): boolean {
  const [one, other] = [parseDecimal(a), parseDecimal(b)];
  if (!one || !other) return false;
  return one.units * 10n ** BigInt(other.places) === other.units * 10n ** BigInt(one.places);
}
