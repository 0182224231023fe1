import { hostname } from 'node:os';
import { createLog } from '../shared/log.ts';
import { runProgram } from '../shared/run-program.ts';
import { openStore } from '../shared/store/open.ts';
import { systemClock } from '../shared/time.ts';
import { record } from './recorder.ts';
import { ingestHelp, readIngestSettings } from './settings.ts';
import { logStatus, terminalStatus } from './status.ts';

await runProgram(ingestHelp, async (argv) => {
  const settings = readIngestSettings(argv, process.env, hostname());
  const log = createLog('ingest');
  const store = await openStore(settings.rawUrl, {
    option: '--store or --raw',
    writable: true,
    gcsApiEndpoint: process.env.GCS_API_ENDPOINT,
    warn: (message) => log.warn(message),
  });
  const status = process.stderr.isTTY ? terminalStatus(process.stderr) : logStatus(log);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort(signal));
  const deps = { store, clock: systemClock, random: Math.random, log, status };
  await record(settings, deps, stop.signal);
  return 0;
});
// What did not make it into the store is in the spool; a call that hangs must not hold the exit up.
process.exit();
