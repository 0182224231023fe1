import { hostname } from 'node:os';
import { runMain } from '../shared/errors.ts';
import { createLog } from '../shared/log.ts';
import { openStore } from '../shared/store/open.ts';
import { systemClock } from '../shared/time.ts';
import { record } from './recorder.ts';
import { readIngestSettings } from './settings.ts';
import { logStatus, terminalStatus } from './status.ts';

await runMain(async () => {
  const settings = readIngestSettings(process.argv.slice(2), process.env, hostname());
  if (typeof settings === 'string') {
    process.stdout.write(settings);
    return 0;
  }
  const log = createLog('ingest');
  const store = await openStore(settings.rawUrl, {
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
