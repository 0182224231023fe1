import type { Task } from '../../aggregate-job/plan/task.ts';
import { runJob } from '../../aggregate-job/run.ts';
import { BUILD, jobSettings } from '../../aggregate-job/settings.ts';
import { logProgress } from '../../shared/program/progress.ts';
import { readSettings } from '../../shared/program/settings.ts';
import type { Store } from '../../shared/store/store.ts';
import { jobContext } from './job.ts';

export type LogLine = Record<string, unknown>;

/** Runs the job offline with these flags, as a task or by itself. Returns its exit code and all it logged, its steps too. */
export async function runOffline(
  store: Store,
  argv: string[],
  { now, task }: { now: string; task?: Task },
): Promise<{ code: number; lines: LogLine[] }> {
  const lines: LogLine[] = [];
  const settings = jobSettings(
    readSettings(BUILD.settings, ['--store', store.url, '--offline', ...argv], {}),
  );
  const context = jobContext({ store, nowMs: Date.parse(now), settings }, lines);
  const showProgress = (label: string) => logProgress(context.log, label, () => 0);
  return { code: await runJob({ ...context, showProgress, task }), lines };
}
