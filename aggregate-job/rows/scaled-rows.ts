import type { Places } from '../../shared/bars/bars.ts';
import { type IntegerColumn, setAt, shift, valueAt } from '../../shared/bars/integers.ts';
import type { Decimal } from '../../shared/decimals.ts';

/** What trades and snapshots have in common: rows whose prices and quantities are integers at one scale for all of them. */
export type ScaledRows = {
  count: number;
  /** Places of the integers. */
  scale: Places;
  /** Most places seen, trailing zeros not counted. */
  places: Places;
  /** The columns that hold prices, and those that hold quantities. */
  priced: IntegerColumn[];
  quantified: IntegerColumn[];
};

/** Forgets all rows and keeps their memory: clearing a gigabyte for every symbol-day costs more than reading it. */
export function clearRows(rows: ScaledRows): void {
  rows.count = 0;
  rows.scale = { price: 0, quantity: 0 };
  rows.places = { price: 0, quantity: 0 };
  for (const { wide } of [...rows.priced, ...rows.quantified]) wide.clear();
}

/** Rewrites the rows that are there so that numbers with `places` places fit among them. */
export function growScale(rows: ScaledRows, name: keyof Places, places: number): void {
  const more = places - rows.scale[name];
  for (const column of name === 'price' ? rows.priced : rows.quantified) {
    for (let i = 0; i < rows.count; i++) setAt(column, i, shift(valueAt(column, i), more));
  }
  rows.scale[name] = places;
}

/** Writes an exact decimal into `column` (one of the rows' own) at `row`; any size, any places. */
export function setDecimal(
  rows: ScaledRows,
  name: keyof Places,
  column: IntegerColumn,
  row: number,
  decimal: Decimal,
): void {
  if (decimal.places > rows.scale[name]) growScale(rows, name, decimal.places);
  setAt(column, row, shift(decimal.units, rows.scale[name] - decimal.places));
  rows.places[name] = Math.max(rows.places[name], significantPlaces(decimal));
}

/** Makes room in a typed array, keeping the first `count` entries. */
export function grown<T extends Float64Array | Uint32Array | Uint8Array>(
  make: new (n: number) => T,
  old: T,
  count: number,
  capacity: number,
): T {
  const array = new make(capacity);
  array.set(old.subarray(0, count));
  return array;
}

function significantPlaces({ units, places }: Decimal): number {
  let [rest, count] = [units, places];
  while (count > 0 && rest % 10n === 0n) [rest, count] = [rest / 10n, count - 1];
  return count;
}
