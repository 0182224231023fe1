import { hostname } from 'node:os';
import { cacheCompiledCode } from '../shared/compile-cache.ts';

cacheCompiledCode();
const { createLog } = await import('../shared/log.ts');
const { runProgram } = await import('../shared/run-program.ts');
const { openStore } = await import('../shared/store/open.ts');
const { systemClock } = await import('../shared/time.ts');
const { record } = await import('./recorder.ts');
const { ingestHelp, readIngestSettings } = await import('./settings.ts');
const { logStatus, terminalStatus } = await import('./status.ts');

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
