import { hostname } from 'node:os';
import { createLog } from '../shared/program/log.ts';
import { runCommand } from '../shared/program/main.ts';
import { openStoreOrLater } from '../shared/program/open-later.ts';
import { SECOND_MS, systemClock } from '../shared/time.ts';
import { logStatus, terminalStatus } from './health/status.ts';
import { record } from './recorder.ts';
import { RECORD, recorderSettings } from './settings.ts';

await runCommand(RECORD, async (given) => {
  const settings = recorderSettings(given, hostname());
  const log = createLog('ingest');
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort(signal));
  const store = await openStoreOrLater(settings.rawUrl, {
    option: '--store or --raw',
    writable: true,
    gcsApiEndpoint: process.env.GCS_API_ENDPOINT,
    warn: (message) => log.warn(message),
    clock: systemClock,
    firstWordMs: 2 * SECOND_MS,
  });
  const status = process.stderr.isTTY ? terminalStatus(process.stderr) : logStatus(log);
  const monotonicMs = (): number => Math.floor(performance.now());
  const deps = { store, clock: systemClock, monotonicMs, random: Math.random, log, status };
  const { lostRows } = await record(settings, deps, stop.signal);
  return lostRows > 0 ? 1 : 0;
});
// What did not make it into the store is in the spool; a call that hangs must not hold the exit up.
process.exit();
