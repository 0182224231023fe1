import type { Manifest } from '../../../shared/lake/manifest.ts';
import type { Trade } from '../chunks.ts';
import { dailyRows } from './daily-rows.ts';
import type { Case } from './judge.ts';
import { at, type TradeColumn, type TruthBar, truthBars } from './truth-bars.ts';

const PRICES = ['open', 'high', 'low', 'close'] as const;
const SUMS = [
  'vol_total',
  'vol_buy',
  'vol_sell',
  'vol_delta',
  'trade_count',
  'quote_vol_total',
  'quote_vol_buy',
  'agg_trade_count',
] as const;

/** A complete day is the truth to the digit, and so is every bar that is called complete. */
export function barFaults(
  manifest: Manifest,
  objects: ReadonlyMap<string, Buffer>,
  { lake: { day }, damages }: Pick<Case, 'lake' | 'damages'>,
): string[] {
  if (damages.some(({ lie }) => lie === 'rows')) return [];
  const isLied = damages.some(({ lie }) => lie === 'ends');
  const trades = isLied ? heldOf(day.trades, manifest) : day.trades;
  const truth = truthBars(trades, manifest.seed.close);
  const isComplete = manifest.verdict === 'complete';
  const faults = dailyRows(objects).flatMap((row, i) => {
    const bar = truth[i];
    if (isComplete && row['trades_complete'] !== 'true') return [`complete day, ${row['timestamp']} is not`];
    if (!bar || row['trades_complete'] !== 'true') return [];
    return wrongColumns(row, bar, manifest, isComplete && !isLied).map(
      (column) =>
        `${isComplete ? 'complete day' : 'complete bar'} ${row['timestamp']}: ${column} is ${row[column]}`,
    );
  });
  return [...seedFaults(manifest, day.closeBefore, isLied), ...faults.slice(0, 5)];
}

/** Where the ends of the day are lied about, it is judged between the ids that it holds. */
function heldOf(trades: Trade[], { trades: { first_id, last_id } }: Manifest): Trade[] {
  return trades.filter(({ id }) => id >= (first_id ?? Infinity) && id <= (last_id ?? -Infinity));
}

function seedFaults({ seed }: Manifest, closeBefore: string, isLied: boolean): string[] {
  const isTrue = seed.close === null || at(seed.close) === at(closeBefore);
  return isTrue || isLied ? [] : [`the seed is ${seed.close}, the close before was ${closeBefore}`];
}

/** Columns of a bar that say otherwise than the truth. What is carried from bar to bar is known on a complete day alone. */
function wrongColumns(
  row: Record<string, string>,
  bar: TruthBar,
  { decimals }: Manifest,
  isWholeDay: boolean,
): string[] {
  const columns: TradeColumn[] = [
    ...SUMS,
    ...(bar.traded > 0n || isWholeDay ? PRICES : []),
    ...(isWholeDay ? (['cvd'] as const) : []),
  ];
  const wrong: string[] = columns.filter((column) => exactly(row[column]) !== bar[column]);
  return row['vwap'] === vwapOf(bar, decimals.price + 4) ? wrong : [...wrong, 'vwap'];
}

const exactly = (cell: string | undefined): bigint | null => (cell ? at(cell) : null);

/** Rounded half away from zero; prices are positive. */
function vwapOf({ notional, traded }: TruthBar, places: number): string {
  if (traded === 0n) return '';
  const scaled = notional * 10n ** BigInt(places);
  const digits = String((2n * scaled + traded) / (2n * traded)).padStart(places + 1, '0');
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}
