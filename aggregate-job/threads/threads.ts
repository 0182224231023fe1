import { setImmediate } from 'node:timers/promises';
import { type BarsPart, barRows } from '../../shared/bars/bar-text.ts';
import { createLimit } from '../../shared/concurrency.ts';
import { claimedBytes } from '../scan/chunk.ts';
import type { Steps } from '../scan/steps.ts';
import { type WindowResult, type WindowTask, windowMemory, windowSteps } from '../window/window.ts';
import { WorkerThread } from './worker-thread.ts';

/** Who scans windows and writes text. What cannot be done rejects with the reason. */
export type Threads = {
  count: number;
  /** So many windows handed over at once keep all of them busy. */
  windowsAtOnce: number;
  scan(task: WindowTask): Promise<WindowResult>;
  /** Writes bars, one part in each thread; `parts` are at most {@link count}. */
  write(parts: readonly BarsPart[]): Promise<Uint8Array[]>;
  close(): Promise<void>;
};

/** This thread alone, which does other things between the steps of a window: its memory is one window's at a time. */
export function ownThread(): Threads {
  const memory = windowMemory();
  const oneAtOnce = createLimit(1);
  return {
    count: 1,
    windowsAtOnce: 4,
    scan: (task) => oneAtOnce(() => runWithPauses(windowSteps(task, memory))),
    write: async (parts) => parts.map(barRows),
    close: async () => {},
  };
}

/** Windows handed to a worker: one that it scans and one that waits, so that it need not wait for this thread. */
const QUEUED_WINDOWS = 2;

/** A quarter of an hour of several recorders of the busiest symbols has less text than this. */
const LARGE_BYTES = 64 * 2 ** 20;

/** True for a window that takes so much memory that no thread should keep it. */
function isLarge({ chunks }: WindowTask): boolean {
  return chunks.reduce((bytes, { stored }) => bytes + claimedBytes(stored), 0) > LARGE_BYTES;
}

async function scanAlone(task: WindowTask): Promise<WindowResult> {
  const worker = new WorkerThread();
  try {
    return await worker.scan(task);
  } finally {
    await worker.close();
  }
}

type WaitingWindow = { task: WindowTask; resolve(result: WindowResult): void; reject(error: unknown): void };

async function runWithPauses<T>(steps: Steps<T>): Promise<T> {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    await setImmediate();
  }
}

/**
 * `count` threads, this one included: it takes the windows that the others, kept busy first, have no time for, and all of them until
 * the others have started. So a small day does not wait for them, and a single core has no other thread at all. Large windows are
 * scanned one after the other, each in a thread of its own, whose memory ends with it.
 */
export function startThreads(count: number): Threads {
  const own = ownThread();
  let isOwnBusy = false;
  const waiting: WaitingWindow[] = [];
  const workers = Array.from({ length: count - 1 }, () => new WorkerThread(() => handOut()));
  const scanHere = async (task: WindowTask): Promise<WindowResult> => {
    isOwnBusy = true;
    return own.scan(task).finally(() => {
      isOwnBusy = false;
    });
  };
  const free = (): Pick<Threads, 'scan'> | undefined =>
    workers.find(({ isReady, queued }) => isReady && queued < QUEUED_WINDOWS) ??
    (isOwnBusy ? undefined : { scan: scanHere });
  const handOut = (): void => {
    for (let thread = free(); thread; thread = free()) {
      const next = waiting.shift();
      if (!next) return;
      thread.scan(next.task).then(next.resolve, next.reject).finally(handOut);
    }
  };
  const scan = (task: WindowTask): Promise<WindowResult> =>
    new Promise((resolve, reject) => {
      waiting.push({ task, resolve, reject });
      handOut();
    });
  const oneLarge = createLimit(1);
  return {
    count,
    windowsAtOnce: 4 * count,
    scan: (task) => (isLarge(task) ? oneLarge(() => scanAlone(task)) : scan(task)),
    async write([first, ...rest]) {
      const write = (part: BarsPart, i: number) =>
        workers[i]?.isReady ? workers[i].write(part) : barRows(part);
      const others = rest.map(write); // before this thread is busy itself
      return first ? Promise.all([barRows(first), ...others]) : [];
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}
