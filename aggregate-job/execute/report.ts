import type { Log } from '../../shared/program/log.ts';
import { terminalProgress } from '../../shared/program/progress.ts';
import type { Report } from './follow.ts';
import type { Execution, TaskEnd } from './run-api.ts';

type Terminal = { write(text: string): unknown; columns?: number };

/** A bar of ended tasks, and a line above it for each task that ends. */
export function terminalReport(terminal: Terminal, label: string, now: () => number): Report {
  const bar = terminalProgress(terminal, label, now);
  let isBegun = false;
  return {
    ended: (task) => terminal.write(`\r\u001b[K${taskText(task)}\n`),
    progress(execution) {
      if (!isBegun) bar.step('tasks', execution.tasks);
      isBegun = true;
      bar.update(endedCount(execution));
      if (execution.isOver) bar.end({ succeeded: execution.succeeded, failed: execution.failed });
    },
  };
}

/** One JSON line for each task that ends and each change of the counts. */
export function logReport(log: Log): Report {
  let told = '';
  return {
    ended: (task) => log[task.isSuccess ? 'info' : 'error'](task, taskText(task)),
    progress(execution) {
      const { name, ...figures } = execution;
      if (JSON.stringify(figures) !== told)
        log.info(figures, `${endedCount(execution)} of ${execution.tasks} tasks have ended`);
      told = JSON.stringify(figures);
    },
  };
}

function endedCount({ succeeded, failed, cancelled }: Execution): number {
  return succeeded + failed + cancelled;
}

function taskText({ index, isSuccess, tries, reason, logUrl }: TaskEnd): string {
  const count = tries > 1 ? ` after ${tries} tries` : '';
  return isSuccess
    ? `task ${index}: done${count}`
    : `task ${index}: failed${count}: ${reason}  ${logUrl}`.trimEnd();
}
