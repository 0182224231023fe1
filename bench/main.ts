import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { integer, readSettings, setting, settingsHelp, toggle } from '../shared/config.ts';
import { runMain } from '../shared/errors.ts';
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

const SETTINGS = {
  times: setting('how often each program is run, after a run that does not count', integer(1), 5),
  help: toggle('show this'),
};

await runMain(async () => {
  const names = process.argv.slice(2).filter((argument) => !argument.startsWith('-') && argument in MEASURES);
  const flags = process.argv.slice(2).filter((argument) => !names.includes(argument));
  const { times, help } = readSettings(SETTINGS, flags, {});
  if (help) {
    process.stdout.write(
      `Measures ${Object.keys(MEASURES).join(', ')}; all unless named.\n\n${settingsHelp(SETTINGS)}\n`,
    );
    return 0;
  }
  const note = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  };
  const print = (text: string): void => {
    note('');
    process.stdout.write(`${text}\n`);
  };
  const tools = installTools(note);
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
