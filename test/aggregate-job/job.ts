import type { Task } from '../../aggregate-job/plan/task.ts';
import { runJob } from '../../aggregate-job/run.ts';
import { readJobSettings } from '../../aggregate-job/settings.ts';
import { createLog } from '../../shared/log.ts';
import { logProgress } from '../../shared/progress.ts';
import type { Store } from '../../shared/store/store.ts';
import { systemClock } from '../../shared/time.ts';

export type LogLine = { [key: string]: unknown };

/** Runs the job offline in this process, with one store for raw and results, and returns its exit code and the lines it logged. */
export async function runOffline(
  store: Store,
  argv: string[],
  { now, task }: { now: string; task?: Task },
): Promise<{ code: number; lines: LogLine[] }> {
  const lines: LogLine[] = [];
  const log = createLog('aggregate-job', { write: (line) => void lines.push(JSON.parse(line)) });
  const code = await runJob({
    raw: store,
    results: store,
    settings: readJobSettings(['--store', store.url, '--offline', ...argv], {}),
    rest: undefined,
    nowMs: Date.parse(now),
    lease: {
      owner: { host: 'test', process: 1, task: task ? `${task.execution}/${task.index}` : '' },
      clock: systemClock,
      isGone: () => false,
    },
    log,
    showProgress: (label) => logProgress(log, label, () => 0),
    codeVersion: '0.0.0',
    task,
  });
  return { code, lines };
}
