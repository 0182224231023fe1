import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { TRADE_HEADER } from '../../../shared/lake/trade.ts';
import { dayStartMs, MINUTE_MS, minuteText } from '../../../shared/time.ts';

const DATE = '2024-07-17';
const MINUTES = 1_440;

/** A chunk of a day gone by, and its row as a verdict names it. */
function chunkOf(i: number): { name: string; text: string; row: string } {
  const minute = i % MINUTES;
  const symbol = `OLD${Math.floor(i / MINUTES)}USDT`;
  const timeMs = dayStartMs(DATE) + minute * MINUTE_MS + 1;
  const row = `${timeMs},1.5,2,true,${i},${i},${i},2,${timeMs}`;
  return {
    name: `raw/${symbol}/${DATE}/trades/${minuteText(minute)}_dead_0.csv`,
    text: `${TRADE_HEADER}\n${row},${timeMs}\n`,
    row: `${symbol} trades ${row}`,
  };
}

/**
 * Chunks as a run leaves them that was stopped while the store was away, every other one compressed. Resolves with their
 * rows.
 */
export async function leaveChunks(spool: string, storeUrl: string, count: number): Promise<string[]> {
  const run = join(spool, 'dead');
  await mkdir(count > 0 ? run : spool, { recursive: true });
  if (count === 0) return [];
  await writeFile(join(run, 'store'), storeUrl);
  const rows: string[] = [];
  for (let i = 0; i < count; i++) {
    const { name, text, row } = chunkOf(i);
    await mkdir(dirname(join(run, name)), { recursive: true });
    if (i % 2 === 0) await writeFile(join(run, name), text);
    else await writeFile(join(run, `${name}.gz`), gzipSync(text));
    rows.push(row);
  }
  return rows;
}

/** Files that no start can use: an empty one, one beside its compressed self, names of nothing, and the runs of earlier versions, one inside another. */
export async function leaveBroken(spool: string, storeUrl: string): Promise<string[]> {
  const run = join(spool, 'broken');
  const [twin, ...nested] = [MINUTES * 5, MINUTES * 5 + 1, MINUTES * 5 + 2].map(chunkOf);
  const files: Record<string, string | Buffer> = {
    store: storeUrl,
    'raw/A/2024-07-17/trades/00-00_dead_0.csv.gz': '',
    'raw/A/2024-07-17/trades/00-01_dead_0.csv': '',
    'raw/A/2024-07-17/trades/whatever.csv.gz': 'no chunk',
    'raw/A/2024-13-45/trades/00-00_dead_0.csv': 'no day',
  };
  if (twin) files[twin.name] = twin.text;
  if (twin) files[`${twin.name}.gz`] = gzipSync(twin.text);
  let inner = '';
  for (const [i, { name, text }] of nested.entries()) {
    inner += `adopted/older-${i}/`;
    files[`${inner}store`] = storeUrl;
    files[`${inner}${name}`] = text;
  }
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(run, name)), { recursive: true });
    await writeFile(join(run, name), content);
  }
  return [twin, ...nested].flatMap((chunk) => chunk?.row ?? []);
}
