import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheCompiledCode } from '../shared/compile-cache.ts';
import type { Bench } from './bench.ts';

cacheCompiledCode();
const { helpText, integer, readSettings, setting } = await import('../shared/config.ts');
const { UsageError } = await import('../shared/errors.ts');
const { runProgram } = await import('../shared/run-program.ts');
const { measureBars } = await import('./bars/measure.ts');
const { cacheFolder } = await import('./cache.ts');
const { measureGrowth } = await import('./growth/measure.ts');
const { measureJob } = await import('./job/measure.ts');
const { measureLatency } = await import('./latency/measure.ts');
const { programRunner } = await import('./program/run.ts');
const { measureRecorder } = await import('./recorder/measure.ts');
const { installTools } = await import('./tools.ts');

const MEASURES: Record<string, (bench: Bench) => Promise<void>> = {
  bars: measureBars,
  job: measureJob,
  recorder: measureRecorder,
  growth: measureGrowth,
  latency: measureLatency,
};

const SETTINGS = {
  times: setting('how often each program is run, after a run that does not count', integer(1), 5),
};

const help = (): string =>
  helpText(`Measures ${Object.keys(MEASURES).join(', ')}; all unless named.`, SETTINGS);

await runProgram(help, async (argv) => {
  const names: string[] = [];
  const { times } = readSettings(SETTINGS, argv, {}, (name) => names.push(requireMeasure(name)));
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

function requireMeasure(name: string): string {
  if (Object.hasOwn(MEASURES, name)) return name;
  throw new UsageError(
    `${name}: nothing is measured by this name, known are ${Object.keys(MEASURES).join(' ')}`,
  );
}
