import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../shared/program/main.ts';
import { setting } from '../shared/program/setting.ts';
import { integer } from '../shared/program/values.ts';
import { measureBars } from './bars/measure.ts';
import type { Bench } from './bench.ts';
import { cacheFolder } from './cache.ts';
import { measureGrowth } from './growth/measure.ts';
import { measureJob } from './job/measure.ts';
import { measureLatency } from './latency/measure.ts';
import { programRunner } from './program/run.ts';
import { measureRecorder } from './recorder/measure.ts';
import { installTools } from './tools.ts';

const MEASURES: Record<string, (bench: Bench) => Promise<void>> = {
  bars: measureBars,
  job: measureJob,
  recorder: measureRecorder,
  growth: measureGrowth,
  latency: measureLatency,
};

const BENCH = {
  name: 'npm run bench --',
  summary: 'Times the programs side by side with what else there is, and compares their results.',
  usage: '[MEASURE...] [--times N]',
  example: 'npm run bench -- bars job',
  settings: {
    times: setting({
      help: 'how often each program is run, after a run that does not count',
      value: 'N',
      read: integer(1),
      fallback: '5',
    }),
  },
  operands: {
    value: 'MEASURE',
    help: 'what to measure, everything unless named',
    choices: Object.keys(MEASURES),
  },
};

await runCommand(BENCH, async ({ times, operands: names }) => {
  const note = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  };
  const print = (text: string): void => {
    note('');
    process.stdout.write(`${text}\n`);
  };
  const tools = installTools(cacheFolder(), { note, print, env: process.env });
  const run = programRunner(tools.python, join(cacheFolder(), 'compile-cache'));
  print(
    `${cpus().length} cores, Node ${process.versions.node}, ${times} runs each by turns, whole processes`,
  );
  for (const [name, measure] of Object.entries(MEASURES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const folder = mkdtempSync(join(tmpdir(), 'tapelake-bench-'));
    try {
      print('');
      await measure({ tools, run, times, folder, note, print });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return 0;
});
