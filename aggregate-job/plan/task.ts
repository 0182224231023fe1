import { UsageError } from '../../shared/errors.ts';

/** One of the tasks that share an execution of the job; they are counted from 0. */
export type Task = { execution: string; index: number; count: number };

/**
 * The task that Cloud Run says we are; undefined where the job runs by itself.
 * https://cloud.google.com/run/docs/container-contract#jobs-env-vars
 * @throws UsageError when it says only half of it.
 */
export function readTask(env: NodeJS.ProcessEnv): Task | undefined {
  const execution = env.CLOUD_RUN_EXECUTION;
  if (execution === undefined || execution === '') return undefined;
  if (!/^[a-z0-9-]+$/.test(execution))
    throw new UsageError(`CLOUD_RUN_EXECUTION ${execution}: not the name of an execution`);
  const count = wholeNumber(env, 'CLOUD_RUN_TASK_COUNT');
  const index = wholeNumber(env, 'CLOUD_RUN_TASK_INDEX');
  if (index < count) return { execution, index, count };
  throw new UsageError(`CLOUD_RUN_TASK_INDEX ${index}: there are only ${count} tasks`);
}

function wholeNumber(env: NodeJS.ProcessEnv, name: string): number {
  const text = env[name] ?? '';
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageError(`${name} ${text}: not a whole number`);
}
