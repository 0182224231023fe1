import { Worker } from 'node:worker_threads';
import { scanWindow, type WindowResult, type WindowTask, windowRows } from './window.ts';

/** Who scans windows. A window that cannot be scanned rejects with the reason. */
export type Scanner = {
  /** So many windows handed over at once keep it busy. */
  atOnce: number;
  scan(task: WindowTask): Promise<WindowResult>;
  close(): Promise<void>;
};

/** Scans in this thread: for small days, which are done before a worker has started. */
export function inlineScanner(): Scanner {
  const rows = windowRows();
  return { atOnce: 2, scan: async (task) => scanWindow(task, rows), close: async () => {} };
}

/** Scans in `count` threads. They start at once and while they do, windows can be handed over. */
export function workerScanner(count: number): Scanner {
  const workers = Array.from({ length: count }, () => new ScanWorker());
  return {
    atOnce: 2 * count,
    scan(task) {
      const idlest = workers.reduce((a, b) => (b.waiting < a.waiting ? b : a));
      return idlest.scan(task);
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

/** What a worker answers, in the order it was asked. */
export type ScanAnswer = { result: WindowResult } | { error: Error };

type Waiting = { resolve(result: WindowResult): void; reject(error: Error): void };

class ScanWorker {
  readonly #waiting: Waiting[] = [];
  #worker: Worker | undefined = this.#start();

  get waiting(): number {
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
