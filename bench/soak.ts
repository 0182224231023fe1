import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../shared/program/main.ts';
import { setting } from '../shared/program/setting.ts';
import { integer } from '../shared/program/values.ts';

const count = (help: string, fallback: string, read = integer(1)) =>
  setting({ help, value: 'N', read, fallback });

const SOAK = {
  name: 'npm run soak --',
  summary: 'Records a whole market for as long as asked: is the memory flat, and what does it cost?',
  usage: '[settings]',
  example: 'npm run soak -- --minutes 30',
  settings: {
    symbols: count('number of symbols', '500', integer(1, 2_000)),
    minutes: count('how long', '10'),
    depthMs: count('one snapshot of each symbol every so many ms', '100', integer(100)),
    tradesPerSecond: count('trades a second and symbol', '10'),
  },
};

const MAX_BYTES = 600e6;
/** Growth of the mean from the third quarter to the last that still counts as flat. */
const MAX_GROWTH = 0.05;
const SAMPLE_MS = 5_000;
const TICKS_PER_SECOND = 100; // getconf CLK_TCK on Linux

type Sample = { atMs: number; residentBytes: number; cpuSeconds: number };

await runCommand(SOAK, async ({ symbols: symbolCount, minutes, depthMs, tradesPerSecond }) => {
  const folder = await mkdtemp(join(tmpdir(), 'tapelake-soak-'));
  const symbols = Array.from({ length: symbolCount }, (_, i) => `S${String(i).padStart(3, '0')}USDT`);
  const simulator = start('simulator/main.ts', {
    market: '',
    symbols: symbols.join(),
    speed: '1',
    'depth-ms': String(depthMs),
    'trades-per-second': String(tradesPerSecond),
  });
  const [url = '', wsUrl = ''] = await listening(simulator);
  const spool = join(folder, 'spool');
  const flags = { symbols: 'all:USDT', store: folder, spool, 'rest-url': url, 'ws-url': wsUrl };
  const recorder = start('ingest/main.ts', flags);
  let last: Record<string, unknown> = {};
  createInterface({ input: recorder.stderr ?? process.stdin }).on('line', (line) => {
    last = line.startsWith('{') ? JSON.parse(line) : last;
  });
  try {
    const samples = await sample(recorder, minutes * 60_000);
    recorder.kill('SIGTERM');
    await once(recorder, 'close');
    return tell(samples, last);
  } finally {
    simulator.kill('SIGKILL');
    recorder.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
});

function start(program: string, flags: Record<string, string>): ChildProcess {
  const argv = Object.entries(flags).flatMap(([name, value]) =>
    value === '' ? [`--${name}`] : [`--${name}`, value],
  );
  return spawn(process.execPath, [join(import.meta.dirname, '..', program), ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The two addresses the simulator prints. */
async function listening(simulator: ChildProcess): Promise<string[]> {
  simulator.stderr?.pipe(process.stderr);
  for await (const line of createInterface({ input: simulator.stdout ?? process.stdin })) {
    if (line.startsWith('listening ')) return line.split(' ').slice(1);
  }
  throw new Error('start simulator: it ended');
}

async function sample({ pid }: ChildProcess, durationMs: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const startMs = Date.now(); Date.now() - startMs < durationMs; ) {
    await sleep(SAMPLE_MS);
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const newest = {
      atMs: Date.now() - startMs,
      residentBytes: Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]) * 1_024,
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    };
    samples.push(newest);
    if (samples.length % 6 === 0)
      process.stdout.write(`${Math.round(newest.atMs / 1_000)} s  ${megabytes(newest.residentBytes)}\n`);
  }
  return samples;
}

function tell(samples: readonly Sample[], last: Record<string, unknown>): number {
  const quarter = Math.floor(samples.length / 4);
  const mean = (part: readonly Sample[]): number =>
    part.reduce((sum, { residentBytes }) => sum + residentBytes, 0) / part.length;
  const before = mean(samples.slice(-2 * quarter, -quarter));
  const after = mean(samples.slice(-quarter));
  const peak = Math.max(...samples.map(({ residentBytes }) => residentBytes));
  const [first, end] = [samples[quarter], samples.at(-1)];
  const cpu =
    first && end ? (end.cpuSeconds - first.cpuSeconds) / ((end.atMs - first.atMs) / 1_000) : Number.NaN;
  const isGood = peak < MAX_BYTES && after < before * (1 + MAX_GROWTH);
  process.stdout.write(
    `rows ${JSON.stringify(last['rows'])}  chunks ${last['chunks']}  gaps ${JSON.stringify(last['gaps'])}  left ${last['waitingChunks']}\n` +
      `resident: third quarter ${megabytes(before)}, last quarter ${megabytes(after)}, peak ${megabytes(peak)}\n` +
      `CPU ${cpu.toFixed(2)} cores\n${isGood ? 'flat' : 'NOT flat, or too much'}\n`,
  );
  return isGood ? 0 : 1;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
