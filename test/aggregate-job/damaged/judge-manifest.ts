import { createHash } from 'node:crypto';
import { parse } from 'csv-parse/sync';
import { unzipSync } from 'fflate';
import { MAX_NAMED_REJECTIONS, type Manifest } from '../../../shared/lake/manifest.ts';
import { DATE, SYMBOL } from '../market-day.ts';
import { dailyRows } from './daily-rows.ts';
import { ZIP } from './lake.ts';
import { at } from './truth-bars.ts';

type Objects = ReadonlyMap<string, Buffer>;

/** The manifest's figures agree with each other and with the files beside it. */
export function manifestFaults(manifest: Manifest, objects: Objects): string[] {
  const checks: [what: string, isSo: boolean][] = [
    ['it is of its day', manifest.symbol === SYMBOL && manifest.date === DATE],
    [
      'it is complete where it has no reasons',
      (manifest.verdict === 'complete') === (manifest.reasons.length === 0),
    ],
    ...inputChecks(manifest, objects.get(ZIP) ?? Buffer.alloc(0)),
    ...rejectionChecks(manifest),
    ...tradeChecks(manifest),
    ...outputChecks(manifest, objects),
    ...sumChecks(manifest, objects),
  ];
  return checks.filter(([, isSo]) => !isSo).map(([what]) => `the manifest is wrong: ${what}`);
}

type Checks = [what: string, isSo: boolean][];

function inputChecks({ inputs, archive }: Manifest, zip: Buffer): Checks {
  const entries = unzipSync(zip);
  const list = Buffer.from(entries['inputs.csv'] ?? []);
  const texts = ['inputs.csv', 'evidence.json', 'earlier.csv'].filter((name) => name in entries);
  const rows: Record<string, string>[] = parse(list, { columns: true });
  const sum = (column: string): number => rows.reduce((total, row) => total + Number(row[column]), 0);
  return [
    ['its zip is this one', archive.bytes === zip.length && archive.sha256 === sha256(zip)],
    ['inputs.csv has its hash', inputs.sha256 === sha256(list)],
    ['inputs.csv lists every entry', Object.keys(entries).length === rows.length + texts.length],
    ['inputs.count', inputs.count === rows.length],
    ['inputs.bytes', inputs.bytes === sum('bytes')],
    ['inputs.rows', inputs.rows === sum('rows')],
    ['bytes of each entry', rows.every(({ name = '', bytes }) => entries[name]?.length === Number(bytes))],
  ];
}

function rejectionChecks({ rejected }: Manifest): Checks {
  const byReason = Object.values(rejected.by_reason).reduce((sum, count) => sum + count, 0);
  return [
    ['rejected.by_reason', rejected.count === byReason],
    ['rejected.named', rejected.named.length === Math.min(rejected.count, MAX_NAMED_REJECTIONS)],
  ];
}

function tradeChecks({ trades, inputs, reasons, verdict }: Manifest): Checks {
  const { first_id, last_id, expected_first_id, expected_last_id, missing } = trades;
  const absent = missing.reduce((sum, [from, to]) => sum + (to - from + 1), 0);
  const isPlain = !reasons.some((reason) => /again|outside|contradict|not known/.test(reason));
  const hasEnds = expected_first_id !== null && expected_last_id !== null;
  return [
    ['more rows than were read', trades.rows + trades.duplicates + trades.conflicts <= inputs.rows],
    [
      'missing ids in order',
      missing.every(([from, to], i) => from <= to && from > (missing[i - 1]?.[1] ?? -1)),
    ],
    [
      // ids that damaged chunks alone hold are among both
      'rows and missing are what is expected',
      !isPlain || !hasEnds || trades.rows + absent >= expected_last_id - expected_first_id + 1,
    ],
    ['complete, and ids are missing', verdict !== 'complete' || absent === 0],
    [
      'complete, and not from end to end',
      verdict !== 'complete' || (first_id === expected_first_id && last_id === expected_last_id),
    ],
    ['repaired', trades.repaired <= trades.rows],
  ];
}

function outputChecks({ outputs }: Manifest, objects: Objects): Checks {
  return outputs.map(({ name, bytes, sha256: hash, rows }) => {
    const file = objects.get(name) ?? Buffer.alloc(0);
    const lines = file.reduce((count, byte) => count + Number(byte === 0x0a), 0);
    return [`${name} is as it says`, file.length === bytes && sha256(file) === hash && lines === rows + 1];
  });
}

/** Sums over the bars are the figures of the day. */
function sumChecks(manifest: Manifest, objects: Objects): Checks {
  const rows = dailyRows(objects);
  const sum = (column: string): bigint => rows.reduce((total, row) => total + at(row[column] ?? ''), 0n);
  const { trades, depth, cvd, close } = manifest;
  return [
    ['trades.rows', sum('agg_trade_count') === at(String(trades.rows - trades.zero_quantity))],
    ['trades.executions', sum('trade_count') === at(String(trades.executions))],
    ['depth.snapshots', sum('depth_count') === at(String(depth.snapshots))],
    ['cvd', rows.at(-1)?.['cvd'] === cvd],
    ['close', rows.at(-1)?.['close'] === (close ?? '')],
  ];
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
