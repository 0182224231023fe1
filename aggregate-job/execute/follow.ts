import { doing } from '../../shared/errors.ts';
import { type RetryPolicy, retry } from '../../shared/retry.ts';
import { type Clock, MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import type { Execution, RunApi, TaskEnd } from './run-api.ts';
import { mayPass } from './status.ts';

/** Where an execution's progress is shown. */
export type Report = {
  progress(execution: Execution): void;
  ended(task: TaskEnd): void;
};

export type FollowContext = { api: RunApi; clock: Clock; random: () => number; report: Report };

const LOOK_EVERY_MS = 5 * SECOND_MS;
const PATIENCE: RetryPolicy = {
  firstDelayMs: SECOND_MS,
  maxDelayMs: 30 * SECOND_MS,
  totalMs: 15 * MINUTE_MS,
};

/**
 * Follows an execution to its end; each task's end is told once. Whatever happens here, the execution goes on.
 * @throws the signal's reason when it is aborted.
 */
export async function follow(name: string, context: FollowContext, signal: AbortSignal): Promise<Execution> {
  const { api, clock, report } = context;
  const told = new Set<number>();
  for (;;) {
    const execution = await look(name, () => api.execution(name), context, signal);
    if (execution.succeeded + execution.failed + execution.cancelled > told.size || execution.isOver) {
      for (const task of await look(name, () => api.endedTasks(name), context, signal)) {
        if (!told.has(task.index)) report.ended(task);
        told.add(task.index);
      }
    }
    report.progress(execution);
    if (execution.isOver) return execution;
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}

async function look<T>(
  name: string,
  call: () => Promise<T>,
  { clock, random }: FollowContext,
  signal: AbortSignal,
): Promise<T> {
  const tries = (): Promise<T> =>
    retry(
      () => untilAborted(call(), signal),
      PATIENCE,
      (error) => (mayPass(error) ? 0 : undefined),
      { clock, random, signal },
    );
  return doing('follow', name, tries).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : error;
  });
}

/** A call's result, or the signal's reason at once. */
function untilAborted<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    call.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
