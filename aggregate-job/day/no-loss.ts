import { manifestObjectName } from '../../shared/object-names.ts';
import type { Manifest } from '../../shared/schema/manifest.ts';
import type { IdRange } from '../proof/id-ranges.ts';

/**
 * What was had once is not replaced by less: chunks or a zip that vanished must shrink neither the rows nor the proof of a day that is
 * done. @throws Error that names what would be lost.
 */
export function requireNoLoss(before: Manifest | undefined, now: Manifest): void {
  const losses = before ? lossesOf(before, now) : [];
  if (losses.length === 0) return;
  const name = manifestObjectName(now.symbol, now.date);
  throw new Error(
    `build ${now.symbol} ${now.date}: refused, it would lose ${losses.join(', ')}; to build it all the same, delete ${name}`,
  );
}

function lossesOf(before: Manifest, now: Manifest): string[] {
  const lostTrades = before.trades.rows - now.trades.rows;
  const lostSnapshots = snapshotsOf(before) - snapshotsOf(now);
  const lostRange = heldIds(before).find((range) => !heldIds(now).some((held) => includes(held, range)));
  return [
    ...(lostTrades > 0 ? [`${lostTrades} trades`] : []),
    ...(lostRange ? [`trades between the ids ${lostRange[0]} and ${lostRange[1]}`] : []),
    ...(lostSnapshots > 0 ? [`${lostSnapshots} snapshots`] : []),
    ...(provenEnds(before) > provenEnds(now) ? ['the proof of its first or last trade'] : []),
    ...(before.klines.compared > now.klines.compared ? ['klines it was compared with'] : []),
  ];
}

/** One-sided ones too: a second writer may have seen a snapshot with one side that the first saw with both. */
const snapshotsOf = ({ depth }: Manifest): number => depth.snapshots + depth.one_sided;

/** The runs of ids a day holds; none where ids restarted, since a number then names no single trade. */
function heldIds({ trades: { first_id, last_id, missing } }: Manifest): IdRange[] {
  if (first_id === null || last_id === null || first_id > last_id) return [];
  const held: IdRange[] = [];
  let from = first_id;
  for (const [start, end] of missing) {
    if (end < from || start > last_id) continue;
    if (start > from) held.push([from, start - 1]);
    from = end + 1;
  }
  if (from <= last_id) held.push([from, last_id]);
  return held;
}

const includes = ([from, to]: IdRange, [first, last]: IdRange): boolean => from <= first && last <= to;

function provenEnds({ proof, trades: { expected_first_id, expected_last_id } }: Manifest): number {
  if (proof !== 'none') return 2;
  return [expected_first_id, expected_last_id].filter((id) => id !== null).length;
}
