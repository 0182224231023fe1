import type { Log } from '../../shared/program/log.ts';
import { DAY_MS, dayStartMs } from '../../shared/time.ts';
import type { SymbolDate } from './days.ts';

/** With two runs a day, five of them have failed to archive a day that is this long over. */
const OLD_AFTER_DAYS = 3;

/** Tells of raw chunks that should have been archived long ago: of all days that still have some, those over for more than three days. */
export function tellOldRaw(days: readonly SymbolDate[], nowMs: number, log: Log): void {
  const daysOver = (date: string): number => (nowMs - dayStartMs(date)) / DAY_MS - 1;
  const old = days.filter(({ date }) => daysOver(date) > OLD_AFTER_DAYS);
  const oldest = old.map(({ date }) => date).sort()[0];
  if (oldest === undefined) return;
  log.error(
    { event: 'old-raw', symbolDays: old.length, oldest, daysOver: Math.floor(daysOver(oldest)) },
    `raw chunks of ${old.length} symbol-days are older than ${OLD_AFTER_DAYS} days, the oldest of ${oldest}: see why their days failed`,
  );
}
