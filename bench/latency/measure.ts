import { mkdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { barsProgram } from '../bars/program.ts';
import type { Bench } from '../bench.ts';
import { DATE, SYMBOL } from '../day/name.ts';
import { standardDay } from '../day/standard-day.ts';
import { alternate, type Measured, median, ratio } from '../program/alternate.ts';
import type { Program, Run } from '../program/run.ts';
import { headLine, measureLine } from '../report.ts';
import { findEmulator, type Servers, type ServersCpu, startServers } from './servers.ts';

/** The shorter is a bucket in the same building, where cores are the limit; with the longer one the wire is. */
const DELAYS_MS = [5, 50];
const BUCKET = 'gs://lake';

/** Bars of a day whose chunks are in a bucket some milliseconds away, beside fetching them alone and beside computing alone. */
export async function measureLatency(bench: Bench): Promise<void> {
  const emulator = findEmulator();
  if (emulator === undefined) {
    bench.print(
      'latency: left out, there is no fake-gcs-server in PATH, GOPATH/bin or ~/.cache/tapelake (README, "the emulator")',
    );
    return;
  }
  const day = await standardDay(1, () => bench.note('making the standard day'));
  for (const delayMs of DELAYS_MS) {
    bench.note('loading the standard day into the emulator');
    const folder = join(bench.folder, `${delayMs}`);
    const servers = await startServers(emulator, day, folder, delayMs);
    try {
      await measureBeside(servers, { ...bench, folder }, day, `bars from a bucket, ${delayMs} ms away`);
    } finally {
      servers.stop();
    }
  }
}

async function measureBeside(
  servers: Servers,
  { run, times, folder, note, print }: Bench,
  day: string,
  title: string,
) {
  const program = (file: string): string => join(import.meta.dirname, file);
  const [near, far] = [join(folder, 'near'), join(folder, 'far')];
  for (const results of [near, far]) mkdirSync(results);
  const both = barsProgram('both', BUCKET, far, servers.endpoint);
  const programs: Program[] = [
    { name: 'download alone', command: 'node', args: [program('download.ts'), BUCKET, servers.endpoint] },
    barsProgram('bars from a folder', day, near),
    both,
  ];
  const usages: Usage[] = [];
  const runBeside = async (one: Program): Promise<Run> => {
    const before = servers.cpuSeconds();
    const result = await run(one);
    const after = servers.cpuSeconds();
    if (one === both && before && after) usages.push({ run: result, before, after });
    return result;
  };
  const measured = await alternate(programs, runBeside, times, ({ name }, round) =>
    note(`${title}: ${name}, run ${round}`),
  );
  requireEqual(near, far);
  print(headLine(title, 'to larger'));
  const [download, compute, together] = measured;
  if (!download || !compute || !together) return;
  for (const alone of [download, compute]) print(measureLine(alone, undefined, ''));
  print(measureLine(together, ratio(together, larger(download, compute)), 'equal'));
  if (usages.length > 0) print(usageLine(usages.slice(-times)));
}

/** The larger of two, round by round. */
function larger(a: Measured, b: Measured): Measured {
  const runs = a.runs.map((run, round) => {
    const other = b.runs[round];
    return other && other.seconds > run.seconds ? other : run;
  });
  return { name: 'larger', runs };
}

function requireEqual(near: string, far: string): void {
  const file = `aggregated/${SYMBOL}/${DATE}_1s.csv`;
  if (!readFileSync(join(near, file)).equals(readFileSync(join(far, file))))
    throw new Error(`compare ${file}: from the bucket it is another one than from the folder`);
}

/** What a run took, and what the servers had taken before and after it. */
type Usage = { run: Run; before: ServersCpu; after: ServersCpu };

/** The servers work on the same cores: without this line the ratio would say more of them than of the job. */
function usageLine(usages: Usage[]): string {
  const middle = (of: (usage: Usage) => number): number => median(usages.map(of));
  const job = middle(({ run }) => run.cpuSeconds);
  const emulator = middle(({ before, after }) => after.emulator - before.emulator);
  const proxy = middle(({ before, after }) => after.proxy - before.proxy);
  const cores = availableParallelism();
  const busy = (job + emulator + proxy) / (cores * middle(({ run }) => run.seconds));
  const figures = `job ${job.toFixed(2)} s, emulator ${emulator.toFixed(2)} s, proxy ${proxy.toFixed(2)} s`;
  return `CPU while both run: ${figures}; ${Math.round(100 * busy)} % of ${cores} cores`;
}
