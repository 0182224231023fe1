import { readFileSync } from 'node:fs';
import { exchangeRest } from '../shared/binance/rest.ts';
import { errorText, runMain } from '../shared/errors.ts';
import { createLog, type Log } from '../shared/log.ts';
import { logProgress, terminalProgress } from '../shared/progress.ts';
import { openStore } from '../shared/store/open.ts';
import { systemClock } from '../shared/time.ts';
import { readTask } from './plan/task.ts';
import { runJob } from './run.ts';
import { type JobSettings, jobHelp, readJobSettings } from './settings.ts';

await runMain(async () => {
  const argv = process.argv.slice(2);
  if (argv.includes('--help')) {
    process.stdout.write(jobHelp());
    return 0;
  }
  const settings = readJobSettings(argv, process.env);
  const log = createLog('aggregate-job');
  const results = await openStore(settings.results, { writable: true });
  const raw =
    settings.raw === settings.results
      ? results
      : await openStore(settings.raw, { writable: !settings.keepRaw });
  const now = (): number => performance.now();
  return runJob({
    task: readTask(process.env),
    raw,
    results,
    settings,
    log,
    clock: systemClock,
    nowMs: await exchangeNowMs(settings, log),
    showProgress: (label) =>
      process.stderr.isTTY ? terminalProgress(process.stderr, label, now) : logProgress(log, label, now),
    codeVersion: packageVersion(),
  });
});

/** The exchange's time; the local one offline, or when the exchange does not answer. */
async function exchangeNowMs({ offline, restUrl }: JobSettings, log: Log): Promise<number> {
  if (offline) return systemClock.now();
  try {
    return await exchangeRest({
      baseUrl: restUrl,
      clock: systemClock,
      random: Math.random,
      weightShare: 1,
    }).time();
  } catch (error) {
    log.warn(`${errorText(error)}; the local clock decides which days are closed`);
    return systemClock.now();
  }
}

function packageVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  return version;
}
