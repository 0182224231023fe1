import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { BarsPart } from '../../shared/bars/bar-text.ts';
import type { WindowResult, WindowTask } from '../window/window.ts';

/** What a worker is asked. */
export type Task = { window: WindowTask } | { part: BarsPart };
/** What it answers, in the order it was asked. */
export type Answer = { result: WindowResult } | { text: Uint8Array } | { error: Error };

/** What it tells before all answers: it has started. */
export type Ready = 'ready';

type Waiting = { resolve(answer: Answer): void; reject(error: Error): void };

/**
 * Another thread. Tasks can be handed over at once; those of a thread that is not ready wait for that. One that dies, for want of memory
 * say, takes the tasks it had with it and is not ready any more.
 */
export class WorkerThread {
  readonly #worker = new Worker(new URL('./worker.ts', import.meta.url), { env: compileCacheOfThis() });
  readonly #waiting: Waiting[] = [];
  /** Shared memory that no task uses now. */
  readonly #free: SharedArrayBuffer[] = [];
  #isReady = false;
  #death: Error | undefined;

  /** `onReady` is told when it has started. */
  constructor(onReady: () => void = () => {}) {
    this.#worker.on('message', (answer: Answer | Ready) => {
      if (answer !== 'ready') this.#waiting.shift()?.resolve(answer);
      else {
        this.#isReady = true;
        onReady();
      }
    });
    this.#worker.on('error', (error) => this.#die(error));
    this.#worker.on('exit', (code) => this.#die(new Error(`the worker ended with code ${code}`)));
  }

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
    await this.#worker.terminate();
  }

  #ask(task: Task): Promise<Answer> {
    if (this.#death) return Promise.reject(this.#death);
    this.#worker.postMessage(task);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #die(error: Error): void {
    this.#isReady = false;
    this.#death ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#death);
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

/** A thread does not take the compile cache over from its parent by itself; of the environment it needs nothing else. */
function compileCacheOfThis(): NodeJS.ProcessEnv {
  const versioned = getCompileCacheDir();
  return versioned === undefined ? {} : { NODE_COMPILE_CACHE: dirname(versioned) };
}
