import { constants } from 'node:os';
import { cacheCompiledCode } from '../../shared/program/compile-cache.ts';

cacheCompiledCode();
const { helpText, readSettings } = await import('../../shared/program/settings.ts');
const { runProgram } = await import('../../shared/program/run-program.ts');
const { runDemo } = await import('./demo.ts');

const FOLDER = 'lake';

const help = (): string =>
  helpText(`Records a simulated market day and builds its files in the folder ${FOLDER}.`, {});

await runProgram(help, async (argv) => {
  readSettings({}, argv, {});
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort(signal));
  try {
    const { signal } = stop;
    return await runDemo({ folder: FOLDER, terminal: process.stdout, now: () => performance.now(), signal });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stderr.write('demo: stopped, and so are its programs\n');
    return 128 + constants.signals[stop.signal.reason === 'SIGINT' ? 'SIGINT' : 'SIGTERM'];
  }
});
