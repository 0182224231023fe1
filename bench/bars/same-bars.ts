import { readFileSync } from 'node:fs';

/** Columns that have to be the same to the last digit. */
const EXACT =
  'timestamp open high low close vol_total vol_buy vol_sell vol_delta trade_count cvd quote_vol_total quote_vol_buy agg_trade_count depth_count';
/** Means: other tools have them in doubles, so the last of our digits may differ by one. */
const MEANS = 'vwap avg_spread avg_bid_qty avg_ask_qty l1_imbalance';

/**
 * Compares daily files: `expected` is ours, in `actual` numbers may be written in any way. @throws Error that names the first
 * difference.
 */
export function requireSameBars(expectedPath: string, actualPath: string): void {
  const [expected, actual] = [readTable(expectedPath), readTable(actualPath)];
  if (expected.rows.length !== actual.rows.length)
    throw new Error(`compare bars: ${actual.rows.length} rows, not ${expected.rows.length}`);
  for (const [i, row] of expected.rows.entries()) {
    const other = actual.rows[i] ?? [];
    const check = (name: string, isSame: (a: string, b: string) => boolean): void => {
      const [a, b] = [row[expected.column(name)] ?? '', other[actual.column(name)] ?? ''];
      if (!isSame(a, b)) throw new Error(`compare bars: ${row[0]} has ${name} ${b}, not ${a}`);
    };
    for (const name of EXACT.split(' ')) check(name, isSameNumber);
    for (const name of MEANS.split(' ')) check(name, isSameMean);
  }
}

type Table = { rows: string[][]; column(name: string): number };

function readTable(path: string): Table {
  const [header = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
  const names = header.split(',');
  return { rows: lines.map((line) => line.split(',')), column: (name) => names.indexOf(name) };
}

function isSameNumber(a: string, b: string): boolean {
  return a === b || (a !== '' && b !== '' && Number(a) === Number(b));
}

function isSameMean(a: string, b: string): boolean {
  if (a === '' || b === '') return a === b;
  const places = a.length - a.indexOf('.') - 1;
  return Math.abs(Number(a) - Number(b)) < 1.5 * 10 ** -places;
}
