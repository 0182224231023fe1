import type { Log } from '../../shared/log.ts';
import { retry } from '../../shared/retry.ts';
import type { Store } from '../../shared/store/store.ts';
import { type Clock, SECOND_MS } from '../../shared/time.ts';
import type { ClosedMinute } from '../minutes/stream-minutes.ts';
import type { Tally } from '../tally.ts';
import { chunkName, compress, headerOf } from './chunk.ts';

const AT_ONCE = 8;
const PATIENCE = {
  firstDelayMs: SECOND_MS / 2,
  maxDelayMs: 32 * SECOND_MS,
  totalMs: Number.POSITIVE_INFINITY,
};

type Dependencies = {
  store: Store;
  writer: string;
  tally: Tally;
  log: Log;
  clock: Clock;
  random: () => number;
};

/** Stores closed minutes, a few at once, in the order they came, and tries until it succeeds. */
export class Uploader {
  readonly #deps: Dependencies;
  readonly #onStored: () => void;
  readonly #queue: ClosedMinute[] = [];
  #active = 0;
  #idle: (() => void)[] = [];

  /** `onStored` is called whenever there is one chunk less to store. */
  constructor(deps: Dependencies, onStored: () => void) {
    this.#deps = deps;
    this.#onStored = onStored;
  }

  /** Chunks not stored yet. */
  get waiting(): number {
    return this.#queue.length + this.#active;
  }

  add(minute: ClosedMinute): void {
    this.#queue.push(minute);
    this.#startNext();
  }

  /** Resolves when everything is stored. */
  async finished(): Promise<void> {
    if (this.waiting > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #startNext(): void {
    while (this.#active < AT_ONCE) {
      const minute = this.#queue.shift();
      if (!minute) break;
      this.#active++;
      void this.#store(minute).then(() => this.#stored());
    }
  }

  #stored(): void {
    this.#active--;
    this.#startNext();
    this.#onStored();
    if (this.waiting === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #store({ stream, startMs, n, rows }: ClosedMinute): Promise<void> {
    const { store, writer, tally, log } = this.#deps;
    const body = await compress(Buffer.from(headerOf(stream.kind) + rows.join('')));
    const create = async (): Promise<void> => {
      let number = n;
      // A name that is taken holds other rows: nothing is overwritten, the next number is free.
      while (!(await store.create(chunkName(stream, startMs, writer, number), body))) number++;
    };
    await retry(create, PATIENCE, (error) => this.#failed(error, log), this.#deps);
    tally.chunks++;
    tally.chunkBytes += body.length;
  }

  #failed(error: unknown, log: Log): number {
    this.#deps.tally.storeFailures++;
    log.error({ error }, 'store chunk: will be tried again');
    return 0;
  }
}
