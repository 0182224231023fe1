import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { type Manifest, parseManifest } from '../../shared/lake/manifest.ts';
import { barsObjectName, manifestObjectName } from '../../shared/lake/object-names.ts';

const SHOWN_COLUMNS = [
  'timestamp',
  'open',
  'high',
  'low',
  'close',
  'vwap',
  'vol_delta',
  'cvd',
  'avg_spread',
  'l1_imbalance',
  'trade_count',
];
const SHOWN_BARS = 5;
const FIRST_SHOWN_BAR = 720;

/** What the demo made, for a person to read: the days, the files, five bars, and what to try next. */
export async function summary(
  folder: string,
  symbols: string[],
  date: string,
  seconds: number,
): Promise<string> {
  const manifests = await Promise.all(symbols.map((symbol) => readManifest(folder, symbol, date)));
  const [symbol = ''] = symbols;
  return [
    '',
    ...manifests.map(dayLine),
    '',
    'Files',
    ...(await fileLines(folder, manifests)),
    '',
    `Five bars of ${barsObjectName(symbol, date, '1m')}`,
    ...(await barLines(join(folder, barsObjectName(symbol, date, '1m')))),
    '',
    `Done in ${seconds.toFixed(0)} s. Next: five-minute and hourly bars of the same day, from its zip:`,
    `  npx tapelake build --store ${folder} --symbols ${symbols.join(',')} --date ${date} --resolutions 5m,1h --offline`,
    'or record the live exchange (README.md, "Record the exchange").',
    '',
  ].join('\n');
}

function dayLine({ symbol, date, verdict, reasons, trades, depth, inputs }: Manifest): string {
  const count = (n: number): string => n.toLocaleString('en');
  const figures = `${count(trades.rows)} trades, ${count(depth.snapshots)} snapshots in ${count(inputs.count)} chunks`;
  return `${symbol} ${date}  ${verdict}${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}: ${figures}`;
}

async function fileLines(folder: string, manifests: Manifest[]): Promise<string[]> {
  const names = manifests.flatMap(({ symbol, date, outputs, archive }) => [
    ...outputs.map(({ name }) => name),
    manifestObjectName(symbol, date),
    archive.name,
  ]);
  const rows = await Promise.all(
    names.map(async (name) => [join(folder, name), sizeText((await stat(join(folder, name))).size)]),
  );
  return table(rows);
}

async function barLines(path: string): Promise<string[]> {
  const bars: Record<string, string>[] = parse(await readFile(path), { columns: true });
  const shown = bars.slice(FIRST_SHOWN_BAR, FIRST_SHOWN_BAR + SHOWN_BARS);
  return table([SHOWN_COLUMNS, ...shown.map((bar) => SHOWN_COLUMNS.map((column) => bar[column] ?? ''))]);
}

/** Rows with their columns under each other: the first to the left, the others to the right. */
function table(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map(
    (row) =>
      `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`,
  );
}

function sizeText(bytes: number): string {
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

async function readManifest(folder: string, symbol: string, date: string): Promise<Manifest> {
  return parseManifest(await readFile(join(folder, manifestObjectName(symbol, date)), 'utf8'));
}
