import { Worker } from 'node:worker_threads';
import type { BarsPart } from '../bars/bar-text.ts';
import type { WindowResult, WindowTask } from '../scan/window.ts';

/** What a worker is asked. */
export type Task = { window: WindowTask } | { part: BarsPart };
/** What it answers, in the order it was asked; before that, once, that it has started. */
export type Answer = { result: WindowResult } | { text: Uint8Array } | { error: Error };

export type Ready = 'ready';

type Waiting = { resolve(answer: Answer): void; reject(error: Error): void };

/** Another thread. Tasks can be handed over at once; those of a thread that is not ready wait for that. */
export class WorkerThread {
  readonly #waiting: Waiting[] = [];
  /** Shared memory that no task uses now. */
  readonly #free: SharedArrayBuffer[] = [];
  #isReady = false;
  #worker: Worker | undefined = this.#start();

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Tasks it has not answered yet. */
  get queued(): number {
    return this.#waiting.length;
  }

  async scan(task: WindowTask): Promise<WindowResult> {
    const memory = this.#memoryOf(task);
    const answer = await this.#ask({ window: packed(task, memory) });
    this.#free.push(memory);
    if ('result' in answer) return answer.result;
    throw 'error' in answer ? answer.error : new Error('scan window: the worker wrote text');
  }

  async write(part: BarsPart): Promise<Uint8Array> {
    const answer = await this.#ask({ part });
    if ('text' in answer) return answer.text;
    throw 'error' in answer ? answer.error : new Error('write bars: the worker scanned a window');
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #ask(task: Task): Promise<Answer> {
    const worker = this.#worker ?? this.#start();
    this.#worker = worker;
    worker.postMessage(task);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url));
    worker.on('message', (answer: Answer | Ready) => {
      if (answer === 'ready') this.#isReady = true;
      else this.#waiting.shift()?.resolve(answer);
    });
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', (code) => this.#fail(new Error(`the worker ended with code ${code}`)));
    return worker;
  }

  /** A worker that died, for want of memory say, takes the tasks it had with it; the next one gets a new worker. */
  #fail(error: Error): void {
    this.#worker = undefined;
    this.#isReady = false;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** Shared memory is used again: to map new pages and to collect old ones costs more than to copy a chunk. */
  #memoryOf({ chunks }: WindowTask): SharedArrayBuffer {
    const bytes = chunks.reduce((sum, { stored }) => sum + stored.bytes.length, 0);
    const free = this.#free.pop();
    return free && free.byteLength >= bytes ? free : new SharedArrayBuffer(Math.ceil(bytes * 1.25));
  }
}

/**
 * The task with all its chunks in one shared memory: posting a chunk by itself would copy whatever memory it is a part of. Nothing is
 * transferred, here or back: once a thread has given one buffer away, V8 checks every access to every array in it.
 */
function packed(task: WindowTask, memory: SharedArrayBuffer): WindowTask {
  const shared = Buffer.from(memory);
  let end = 0;
  const chunks = task.chunks.map((chunk) => {
    const start = end;
    end += chunk.stored.bytes.copy(shared, start);
    return { ...chunk, stored: { ...chunk.stored, bytes: shared.subarray(start, end) } };
  });
  return { ...task, chunks };
}
