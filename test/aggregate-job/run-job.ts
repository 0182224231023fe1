import { type JobContext, runJob } from '../../aggregate-job/run.ts';
import { BUILD, jobSettings } from '../../aggregate-job/settings.ts';
import { ownThread } from '../../aggregate-job/threads/threads.ts';
import { createLog } from '../../shared/program/log.ts';
import { readSettings } from '../../shared/program/settings.ts';
import type { Store } from '../../shared/store/store.ts';
import { systemClock } from '../../shared/time.ts';

/** Runs the job offline on one store, long after its days have closed. Returns the exit code and the lines it logged. */
export async function runJobOn(
  store: Store,
  flags: string[],
  overrides: Partial<JobContext> = {},
): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const code = await runJob({
    raw: store,
    results: store,
    settings: jobSettings(readSettings(BUILD.settings, ['--store', store.url, '--offline', ...flags], {})),
    rest: undefined,
    nowMs: Date.UTC(2100, 0, 1),
    lease: {
      owner: { host: 'here', process: process.pid, task: '' },
      clock: systemClock,
      isGone: () => false,
    },
    log: createLog('aggregate-job', { write: (line) => void lines.push(line) }),
    threads: ownThread(),
    showProgress: () => ({ step: () => {}, update: () => {}, end: () => {} }),
    codeVersion: 'test',
    ...overrides,
  });
  return { code, lines };
}

/** Name and bytes of every object, as a listing and reads give them. */
export async function contentOf(store: Store): Promise<Map<string, Buffer>> {
  const content = new Map<string, Buffer>();
  for await (const { name } of store.list('')) {
    const object = await store.read(name);
    if (!object) throw new Error(`read ${name}: listed, but not there`);
    content.set(name, object.bytes);
  }
  return content;
}
