import { errorText, UsageError } from '../../shared/errors.ts';
import { type Clock, SECOND_MS } from '../../shared/time.ts';
import type { RunApi, Start } from './run-api.ts';
import { STATUS, statusOf } from './status.ts';

/** Marks an execution as ours. The job itself does not read it. */
export const REQUEST_VARIABLE = 'REQUEST_ID';

/** Answers that say that nothing was started. After any other error an execution may be running. */
const REFUSALS: readonly (number | undefined)[] = [
  STATUS.invalidArgument,
  STATUS.notFound,
  STATUS.permissionDenied,
  STATUS.resourceExhausted,
  STATUS.failedPrecondition,
  STATUS.unauthenticated,
];
const LOOKS = 4;
const LOOK_EVERY_MS = 5 * SECOND_MS;

export type StartContext = { api: RunApi; clock: Clock; requestId: string };

/**
 * Starts an execution and returns its name. The call is made once: where its answer is lost, the execution is looked for by the
 * request's id instead of being started a second time.
 * @throws UsageError where the caller may not, or there is no such job.
 */
export async function startOnce(
  jobName: string,
  { variables, tasks }: Start,
  { api, clock, requestId }: StartContext,
): Promise<string> {
  try {
    return await api.start(jobName, { variables: { ...variables, [REQUEST_VARIABLE]: requestId }, tasks });
  } catch (error) {
    if (REFUSALS.includes(statusOf(error))) throw refusal(jobName, error);
    const found = await lookFor(jobName, { api, clock, requestId });
    if (found !== undefined) return found;
    throw new Error(
      `start ${jobName}: ${errorText(error)}; no execution has appeared, but a late one may. Look with "gcloud run jobs executions list" before you start it again`,
      { cause: error },
    );
  }
}

async function lookFor(
  jobName: string,
  { api, clock, requestId }: StartContext,
): Promise<string | undefined> {
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await clock.sleep(LOOK_EVERY_MS);
    try {
      const [found] = await api.findStarted(jobName, { name: REQUEST_VARIABLE, value: requestId });
      if (found !== undefined) return found;
    } catch {
      // the API is away for looking too; the next look may tell
    }
  }
  return undefined;
}

function refusal(jobName: string, error: unknown): Error {
  const status = statusOf(error);
  if (status === STATUS.permissionDenied || status === STATUS.unauthenticated)
    return new UsageError(
      `start ${jobName}: ${errorText(error)}; run.jobs.run and run.jobs.runWithOverrides are needed`,
    );
  if (status === STATUS.notFound)
    return new UsageError(`start ${jobName}: there is no such job, see --project, --region and --job`);
  return new Error(`start ${jobName}: ${errorText(error)}; nothing was started`, { cause: error });
}
