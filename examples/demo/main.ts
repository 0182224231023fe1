import { constants } from 'node:os';
import { runCommand } from '../../shared/program/main.ts';
import { runDemo } from './demo.ts';
import { DEMO } from './settings.ts';

await runCommand(DEMO, async ({ folder }) => {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort(signal));
  try {
    const { signal } = stop;
    return await runDemo({ folder, terminal: process.stdout, now: () => performance.now(), signal });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stderr.write('demo: stopped, and so are its programs\n');
    return 128 + constants.signals[stop.signal.reason === 'SIGINT' ? 'SIGINT' : 'SIGTERM'];
  }
});
