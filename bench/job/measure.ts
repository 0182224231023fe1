import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openArchive } from '../../aggregate-job/archive/archive.ts';
import { parseManifest } from '../../shared/lake/manifest.ts';
import { openStore } from '../../shared/program/open-store.ts';
import { barsProgram, removeResults } from '../bars/program.ts';
import { requireSameBars } from '../bars/same-bars.ts';
import type { Bench } from '../bench.ts';
import { DATE, SYMBOL } from '../day/name.ts';
import { standardDay } from '../day/standard-day.ts';
import { alternate, ratio } from '../program/alternate.ts';
import type { Program } from '../program/run.ts';
import { headLine, measureLine } from '../report.ts';

/** The whole job (files, zip and its check, manifest) beside its bars alone, and beside DuckDB with the chunks zipped as people do it. */
export async function measureJob({ tools, run, times, folder, note, print }: Bench): Promise<void> {
  const store = await standardDay(1, () => note('making the standard day'));
  const here = (file: string): string => join(import.meta.dirname, file);
  const day = join(store, `raw/${SYMBOL}/${DATE}`);
  const settings = ['--raw', store, '--results', folder, '--symbols', SYMBOL, '--date', DATE];
  const bars = barsProgram('bars alone', store, folder);
  const job: Program = {
    name: 'whole job',
    command: 'node',
    args: [here('../../aggregate-job/main.ts'), ...settings, '--keep-raw', '--offline'],
    prepare: () => removeResults(folder),
  };
  const other: Program = {
    name: 'DuckDB, then zip level 6',
    command: 'node',
    args: [
      here('duckdb-zip.ts'),
      tools.npmFolder,
      day,
      join(folder, 'duckdb.csv'),
      join(folder, 'duckdb.zip'),
    ],
  };
  const measured = await alternate([bars, job], run, times, ({ name }, round) =>
    note(`${name}, run ${round}`),
  );
  const canZip = tools.has.duckdb && tools.has.archiver;
  const slow = await alternate(canZip ? [other, job] : [], run, Math.min(times, 3), ({ name }, round) =>
    note(`${name}, run ${round}`),
  );
  requireWhole(folder);
  if (canZip) {
    requireSameBars(join(folder, `aggregated/${SYMBOL}/${DATE}_1s.csv`), join(folder, 'duckdb.csv'));
    await requireSameChunks(folder, `archive/${SYMBOL}/${DATE}_raw.zip`, 'duckdb.zip');
  }
  print(headLine('the whole job', 'to bars'));
  const [alone, whole] = measured;
  if (alone && whole) {
    print(measureLine(alone, undefined, ''));
    print(measureLine(whole, ratio(whole, alone), 'checked'));
  }
  const [zipped, beside] = slow;
  if (zipped && beside)
    print(`${measureLine(zipped, undefined, 'equal')}  ${ratio(zipped, beside).toFixed(1)}x the whole job`);
}

/** The files are what the manifest says. */
function requireWhole(folder: string): void {
  const manifest = parseManifest(
    readFileSync(join(folder, `aggregated/${SYMBOL}/${DATE}_manifest.json`), 'utf8'),
  );
  for (const { name, sha256 } of [...manifest.outputs, manifest.archive]) {
    const found = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
    if (found !== sha256) throw new Error(`check ${name}: its SHA-256 is not the manifest's`);
  }
}

/** Both zips of the folder hold the same chunks; ours has the evidence as well. */
async function requireSameChunks(folder: string, ours: string, theirs: string): Promise<void> {
  const store = await openStore(folder, { writable: false });
  const [expected, found] = await Promise.all(
    [ours, theirs].map(async (name) => {
      const archive = await openArchive(store, name);
      const chunks = archive?.entries.filter((entry) => /^(trades|depth)\//.test(entry.name)) ?? [];
      return chunks.map(({ name, size, crc32 }) => `${name} ${size} ${crc32}`).sort();
    }),
  );
  if (!expected?.length || expected.join() !== found?.join())
    throw new Error(`compare ${theirs}: its chunks are not those of ${ours}`);
}
