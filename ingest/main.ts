import { hostname } from 'node:os';
import { cacheCompiledCode } from '../shared/program/compile-cache.ts';

cacheCompiledCode();
const { createLog } = await import('../shared/program/log.ts');
const { runProgram } = await import('../shared/program/run-program.ts');
const { openStoreOrLater } = await import('../shared/program/open-later.ts');
const { SECOND_MS, systemClock } = await import('../shared/time.ts');
const { record } = await import('./recorder.ts');
const { ingestHelp, readIngestSettings } = await import('./settings.ts');
const { logStatus, terminalStatus } = await import('./health/status.ts');

await runProgram(ingestHelp, async (argv) => {
  const settings = readIngestSettings(argv, process.env, hostname());
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
