import type { Manifest } from '../../shared/lake/manifest.ts';
import { manifestObjectName } from '../../shared/lake/object-names.ts';
import { type IdRange, joinRanges, subtractRanges } from '../proof/id-ranges.ts';

/**
 * What was had once is not replaced by less: chunks or a zip that vanished must shrink neither the rows nor the proof of a day that is
 * done. `holdsInputs` says that the new build has all inputs of the old one; without it rows that numbers alone tell of
 * may be other ones. @throws Error that names what would be lost.
 */
export function requireNoLoss(before: Manifest | undefined, now: Manifest, holdsInputs: boolean): void {
  const losses = before ? [...lossesOf(before, now), ...(holdsInputs ? [] : doubtsOf(before, now))] : [];
  if (losses.length === 0) return;
  const name = manifestObjectName(now.symbol, now.date);
  throw new Error(
    `build ${now.symbol} ${now.date}: refused, it would lose ${losses.join(', ')}; to build it all the same, delete ${name}`,
  );
}

function lossesOf(before: Manifest, now: Manifest): string[] {
  const lostTrades = before.trades.rows - now.trades.rows;
  const lostSnapshots = snapshotsOf(before) - snapshotsOf(now);
  const [lostRange] = subtractRanges(heldIds(before), heldIds(now));
  return [
    ...(lostTrades > 0 ? [`${lostTrades} trades`] : []),
    ...(lostRange ? [`trades between the ids ${lostRange[0]} and ${lostRange[1]}`] : []),
    ...(lostSnapshots > 0 ? [`${lostSnapshots} snapshots`] : []),
    ...(provenEnds(before) > provenEnds(now) ? ['the proof of its first or last trade'] : []),
    ...(before.klines.compared > now.klines.compared ? ['klines it was compared with'] : []),
  ];
}

/** What may have been exchanged for as many other rows: snapshots, which the manifest only counts, and trades whose ids began again. */
function doubtsOf(before: Manifest, now: Manifest): string[] {
  const [trades, snapshots] = [before.trades.rows, snapshotsOf(before)];
  const isDoubtful = trades > 0 && heldIds(before).length === 0 && trades <= now.trades.rows;
  const doubts = [
    ...(isDoubtful ? [`${trades} trades`] : []),
    ...(snapshots > 0 && snapshots <= snapshotsOf(now) ? [`${snapshots} snapshots`] : []),
  ];
  return doubts.map((rows) => `perhaps some of ${rows}, since the zip that held them is gone or another one`);
}

/** One-sided ones too: a second writer may have seen a snapshot with one side that the first saw with both. */
const snapshotsOf = ({ depth }: Manifest): number => depth.snapshots + depth.one_sided;

/** The runs of ids a day holds; none where ids restarted, since a number then names no single trade. */
function heldIds({ trades: { first_id, last_id, missing } }: Manifest): IdRange[] {
  if (first_id === null || last_id === null || first_id > last_id) return [];
  return subtractRanges([[first_id, last_id]], joinRanges(missing));
}

function provenEnds({ proof, trades: { expected_first_id, expected_last_id } }: Manifest): number {
  if (proof !== 'none') return 2;
  return [expected_first_id, expected_last_id].filter((id) => id !== null).length;
}
