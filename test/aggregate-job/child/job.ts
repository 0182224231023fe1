// Runs the job on a folder and, if told so, kills itself right after a step in the store.
// Arguments: folder, REST address, kind of step, number of the step (0: never).
// Prints the steps it made, one JSON line each, when it comes to its end.

import { openFolderStore } from '../../../shared/store/folder/folder.ts';
import { systemClock } from '../../../shared/time.ts';
import { isGone, runDay } from '../job.ts';
import { fatalStore, type Step } from './fatal-store.ts';

const [folder = '', url = '', kind = '', at = '0'] = process.argv.slice(2);
const steps: Step[] = [];
const store = fatalStore(await openFolderStore(folder, { writable: true }), (step) => {
  steps.push(step);
  if (steps.filter((made) => made.kind === kind).length === Number(at) && step.kind === kind)
    process.kill(process.pid, 'SIGKILL');
});
const { code, log } = await runDay({ store, url, lease: { clock: systemClock, isGone } });
for (const line of log) process.stderr.write(`${JSON.stringify(line)}\n`);
process.stdout.write(steps.map((step) => `${JSON.stringify(step)}\n`).join(''));
process.exitCode = code;
