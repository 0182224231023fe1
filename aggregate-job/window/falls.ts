import { RELISTING_MS } from '../proof/segments.ts';
import type { TradeRows } from '../rows/trade-rows.ts';
import { type OrderedTrades, sortRows } from './order.ts';

/**
 * The times at which ids may have been counted anew: a trade whose id lies below an earlier one's, with nothing traded for as long
 * as a relisting takes before it. `ordered` are all trades by id; usual ones have no fall, and that is seen at once. Rows that are not
 * verified are not asked.
 */
export function findFalls(
  rows: TradeRows,
  { order, conflicts }: OrderedTrades,
  isVerified: (row: number) => boolean = () => true,
): number[] {
  if (conflicts === 0 && !hasLateTrade(rows, order)) return [];
  const timeOf = (row: number): number => rows.time[row] ?? 0;
  const idOf = (row: number): number => rows.id[row] ?? 0;
  const verified = Uint32Array.from({ length: rows.count }, (_, row) => row).filter(isVerified);
  const falls: number[] = [];
  let [latest, highest] = [0, -1];
  for (const row of sortRows(verified, (a, b) => timeOf(a) - timeOf(b) || idOf(a) - idOf(b))) {
    const isFall = timeOf(row) - latest >= RELISTING_MS && idOf(row) < highest;
    if (isFall) falls.push(timeOf(row));
    highest = isFall ? idOf(row) : Math.max(highest, idOf(row));
    latest = timeOf(row);
  }
  return falls;
}

/** True where a trade lies in time below a smaller id by as much as a relisting takes. */
function hasLateTrade({ time }: TradeRows, order: Uint32Array): boolean {
  let latest = 0;
  for (let i = 0; i < order.length; i++) {
    const now = time[order[i] ?? 0] ?? 0;
    if (now > latest) latest = now;
    else if (latest - now >= RELISTING_MS) return true;
  }
  return false;
}
