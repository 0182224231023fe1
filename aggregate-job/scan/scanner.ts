import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { scanWindow, type WindowResult, type WindowTask, windowMemory } from './window.ts';

/** Who scans windows. A window that cannot be scanned rejects with the reason. */
export type Scanner = {
  /** So many windows handed over at once keep it busy. */
  atOnce: number;
  scan(task: WindowTask): Promise<WindowResult>;
  close(): Promise<void>;
};

/** Scans in this thread: for small days, which are done before a worker has started. */
export function inlineScanner(): Scanner {
  const memory = windowMemory();
  return { atOnce: 4, scan: async (task) => scanWindow(task, memory), close: async () => {} };
}

/**
 * Scans in `threads` threads, this one included: it takes the windows that the others, kept busy first, have no time for. So what
 * a thread costs before it scans (starting, compiling) is paid for one thread less, and a single core has no other thread at all.
 */
export function threadScanner(threads: number): Scanner {
  const own = inlineScanner();
  const workers = Array.from({ length: threads - 1 }, () => new ScanWorker());
  const waiting: WaitingTask[] = [];
  let isHandingOut = false;
  const handOut = async (): Promise<void> => {
    isHandingOut = true;
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const worker = workers.find(({ queued }) => queued < QUEUED_WINDOWS) ?? own;
      worker.scan(next.task).then(next.resolve, next.reject);
      await setImmediate(); // a worker's answer may be there by now
    }
    isHandingOut = false;
  };
  return {
    atOnce: 4 * threads,
    scan: (task) =>
      new Promise((resolve, reject) => {
        waiting.push({ task, resolve, reject });
        if (!isHandingOut) void handOut();
      }),
    async close() {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

/** Windows handed to a worker: one that it scans and one that waits, so that it need not wait for this thread. */
const QUEUED_WINDOWS = 2;

type WaitingTask = { task: WindowTask } & Waiting;

/** What a worker answers, in the order it was asked. */
export type ScanAnswer = { result: WindowResult } | { error: Error };

type Waiting = { resolve(result: WindowResult): void; reject(error: Error): void };

class ScanWorker {
  readonly #waiting: Waiting[] = [];
  #worker: Worker | undefined = this.#start();

  get queued(): number {
    return this.#waiting.length;
  }

  scan(task: WindowTask): Promise<WindowResult> {
    const worker = this.#worker ?? this.#start();
    this.#worker = worker;
    worker.postMessage(packed(task));
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url));
    worker.on('message', (answer: ScanAnswer) => {
      const asked = this.#waiting.shift();
      if ('error' in answer) asked?.reject(answer.error);
      else asked?.resolve(answer.result);
    });
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', (code) => this.#fail(new Error(`scan window: the worker ended with code ${code}`)));
    return worker;
  }

  /** A worker that died, for want of memory say, takes the windows it had with it; the next one gets a new worker. */
  #fail(error: Error): void {
    this.#worker = undefined;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/**
 * The task with all its chunks in one shared buffer: posting a chunk by itself would copy whatever memory it is a part of. Nothing is
 * transferred, here or back: once a thread has given one buffer away, V8 checks every access to every array in it.
 */
function packed(task: WindowTask): WindowTask {
  const bytes = task.chunks.reduce((sum, { stored }) => sum + stored.bytes.length, 0);
  const shared = Buffer.from(new SharedArrayBuffer(bytes));
  let end = 0;
  const chunks = task.chunks.map((chunk) => {
    const start = end;
    end += chunk.stored.bytes.copy(shared, start);
    return { ...chunk, stored: { ...chunk.stored, bytes: shared.subarray(start, end) } };
  });
  return { ...task, chunks };
}
