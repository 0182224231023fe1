import { availableParallelism, hostname } from 'node:os';
import { errorCode, errorText } from '../shared/errors.ts';
import { type ExchangeRest, exchangeRest } from '../shared/exchange/rest.ts';
import { createLog, type Log } from '../shared/program/log.ts';
import { runCommand } from '../shared/program/main.ts';
import { openStore } from '../shared/program/open-store.ts';
import { logProgress, terminalProgress } from '../shared/program/progress.ts';
import { packageVersion } from '../shared/program/version.ts';
import type { Store } from '../shared/store/store.ts';
import { systemClock } from '../shared/time.ts';
import type { Owner } from './plan/lease.ts';
import { readTask } from './plan/task.ts';
import { type JobContext, runJob } from './run.ts';
import { BUILD, type JobSettings, jobSettings } from './settings.ts';
import { startThreads, type Threads } from './threads/threads.ts';

await runCommand(BUILD, async (given) => {
  const settings = jobSettings(given);
  const threads = startThreads(availableParallelism()); // first, so that they start while the stores are asked
  try {
    return await runJob(await jobOf(settings, threads));
  } finally {
    await threads.close();
  }
});

async function jobOf(settings: JobSettings, threads: Threads): Promise<JobContext> {
  const task = readTask(process.env);
  const log = createLog('aggregate-job');
  const open = (url: string, option: string): Promise<Store> =>
    openStore(url, {
      writable: true,
      option,
      gcsApiEndpoint: process.env.GCS_API_ENDPOINT,
      warn: (message) => log.warn(message),
    });
  const results = await open(settings.results, '--store or --results');
  const raw = settings.raw === settings.results ? results : await open(settings.raw, '--raw');
  const weightShare = settings.restWeightShare / (task?.count ?? 1); // tasks may share an address
  const exchange = settings.offline
    ? undefined
    : exchangeRest({ baseUrl: settings.restUrl, clock: systemClock, random: Math.random, weightShare });
  const nowMs = exchange && (await askTime(exchange, log));
  const now = (): number => performance.now();
  return {
    task,
    raw,
    results,
    settings,
    rest: nowMs === undefined ? undefined : exchange,
    nowMs: nowMs ?? systemClock.now(),
    lease: { owner: thisOwner(process.env), clock: systemClock, isGone },
    log,
    showProgress: (label) =>
      process.stderr.isTTY ? terminalProgress(process.stderr, label, now) : logProgress(log, label, now),
    codeVersion: packageVersion(),
    threads,
  };
}

/** The exchange's time; undefined when it does not answer, and then nothing else is asked of it. */
async function askTime(exchange: ExchangeRest, log: Log): Promise<number | undefined> {
  try {
    return await exchange.time();
  } catch (error) {
    log.warn(`${errorText(error)}; the job goes on without the exchange, by the local clock`);
    return undefined;
  }
}

/** On Cloud Run the task of the execution, which a retry shares with the try before it; elsewhere this process. */
function thisOwner({ CLOUD_RUN_EXECUTION = '', CLOUD_RUN_TASK_INDEX = '' }: NodeJS.ProcessEnv): Owner {
  return {
    host: hostname(),
    process: process.pid,
    task: CLOUD_RUN_EXECUTION && `${CLOUD_RUN_EXECUTION}/${CLOUD_RUN_TASK_INDEX}`,
  };
}

/** A task runs once at a time, so the same task's earlier try is gone; a process of this host is asked for. */
function isGone(owner: Owner): boolean {
  const { host, task } = thisOwner(process.env);
  if (owner.task !== '') return owner.task === task;
  if (owner.host !== host) return false;
  try {
    process.kill(owner.process, 0);
    return false;
  } catch (error) {
    return errorCode(error) === 'ESRCH';
  }
}
