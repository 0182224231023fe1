import { errorText } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { backoffMs } from '../../shared/retry.ts';
import type { Store } from '../../shared/store/store.ts';
import { type Clock, MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import type { Tally } from '../tally.ts';
import type { ClosedChunk } from './closed-chunk.ts';

const COMPRESSED_AT_ONCE = 2;
const STORED_AT_ONCE = 16;
const PATIENCE = { firstDelayMs: SECOND_MS / 2, maxDelayMs: 8 * SECOND_MS };
const REMINDER_MS = MINUTE_MS;

type Dependencies = { store: Store; tally: Tally; log: Log; clock: Clock; random: () => number };

/** The closed chunks that are not stored yet: each is compressed, stored when it is due, then removed from the spool. */
export class Backlog {
  readonly #deps: Dependencies;
  readonly #onChange: () => void;
  /** All of them, in the order in which they were closed. */
  readonly #chunks = new Set<ClosedChunk>();
  readonly #toCompress: ClosedChunk[] = [];
  /** Compressed, and nobody works on them. */
  readonly #toStore = new Set<ClosedChunk>();
  #compressing = 0;
  #storing = 0;
  #exchangeMs = 0;
  #isHurried = false;
  #failure: { sinceMs: number; toldMs: number } | undefined;
  #finished: (() => void)[] = [];
  readonly #wakeUp = new AbortController();

  /** `onChange` is called whenever a chunk has left. */
  constructor(deps: Dependencies, onChange: () => void) {
    this.#deps = deps;
    this.#onChange = onChange;
  }

  /** Chunks not stored yet. */
  get size(): number {
    return this.#chunks.size;
  }

  /** True while the last try to store failed. */
  get isFailing(): boolean {
    return this.#failure !== undefined;
  }

  /** Since when, by the local clock, the oldest chunk waits. */
  get waitsSinceMs(): number | undefined {
    const [oldest] = this.#chunks;
    return oldest?.facts.closedAtMs;
  }

  get spoolBytes(): number {
    return sum(this.#chunks, ({ spoolBytes }) => spoolBytes);
  }

  get memoryBytes(): number {
    return sum(this.#chunks, ({ memoryBytes }) => memoryBytes);
  }

  add(chunk: ClosedChunk): void {
    this.#chunks.add(chunk);
    // A source that runs faster than time closes many chunks between two ticks.
    this.#exchangeMs = Math.max(this.#exchangeMs, chunk.facts.endMs);
    if (chunk.isCompressed) this.#toStore.add(chunk);
    else this.#toCompress.push(chunk);
    this.#start();
  }

  /** Time has passed, on the exchange's clock too where it is known. */
  tick(exchangeMs: number | undefined): void {
    this.#exchangeMs = exchangeMs ?? this.#exchangeMs;
    this.#start();
  }

  /** From now on everything is due, and tries follow each other quickly. */
  hurry(): void {
    this.#isHurried = true;
    this.#wakeUp.abort();
    this.#start();
  }

  get chunks(): Iterable<ClosedChunk> {
    return this.#chunks;
  }

  /** Puts compressed bytes on the disk that are only in memory. @throws where the disk refuses, after trying with every chunk */
  async persist(): Promise<void> {
    const failures: unknown[] = [];
    for (const chunk of this.#chunks) await chunk.persist().catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  /** Resolves when everything is stored. */
  async finished(): Promise<void> {
    if (this.size > 0) await new Promise<void>((resolve) => this.#finished.push(resolve));
  }

  /** Gives up the oldest snapshots that wait to be stored; undefined where there are none. */
  async shedDepth(): Promise<ClosedChunk | undefined> {
    for (const chunk of this.#toStore) {
      if (chunk.facts.kind !== 'depth') continue;
      this.#toStore.delete(chunk);
      await this.#leave(chunk);
      return chunk;
    }
    return undefined;
  }

  #start(): void {
    while (this.#compressing < COMPRESSED_AT_ONCE) {
      const chunk = this.#toCompress.shift();
      if (!chunk) break;
      void this.#compress(chunk);
    }
    if (this.#storing >= STORED_AT_ONCE) return;
    for (const chunk of this.#toStore) {
      if (this.#isDue(chunk)) void this.#store(chunk);
      if (this.#storing >= STORED_AT_ONCE) return;
    }
  }

  #isDue({ facts: { due } }: ClosedChunk): boolean {
    return this.#isHurried || this.#exchangeMs >= due.exchangeMs || this.#deps.clock.now() >= due.localMs;
  }

  async #compress(chunk: ClosedChunk): Promise<void> {
    this.#compressing++;
    try {
      if (await chunk.compress()) this.#toStore.add(chunk);
      else await this.#leave(chunk);
    } catch (error) {
      this.#deps.log.error({ error, chunk: chunk.objectName(0) }, `compress chunk: ${errorText(error)}`);
      await this.#pause(0);
      this.#toCompress.push(chunk);
    }
    this.#compressing--;
    this.#start();
  }

  async #store(chunk: ClosedChunk): Promise<void> {
    this.#toStore.delete(chunk);
    this.#storing++;
    for (let attempt = 0; !(await this.#tryToStore(chunk)); attempt++) await this.#pause(attempt);
    await this.#leave(chunk);
    this.#storing--;
    this.#start();
  }

  async #tryToStore(chunk: ClosedChunk): Promise<boolean> {
    const { store, tally } = this.#deps;
    try {
      const bytes = await chunk.bytes();
      // A name that is taken holds other rows: nothing is overwritten, the next number is free.
      for (let extra = 0; !(await store.create(chunk.objectName(extra), bytes)); ) extra++;
      tally.chunks++;
      tally.chunkBytes += bytes.length;
      this.#succeeded();
      return true;
    } catch (error) {
      tally.storeFailures++;
      this.#failed(error);
      return false;
    }
  }

  async #leave(chunk: ClosedChunk): Promise<void> {
    await chunk
      .remove()
      .catch((error) =>
        this.#deps.log.error({ error }, `remove stored chunk from the spool: ${errorText(error)}`),
      );
    this.#chunks.delete(chunk);
    this.#onChange();
    if (this.size === 0) for (const resolve of this.#finished.splice(0)) resolve();
  }

  #pause(attempt: number): Promise<void> {
    const { clock, random } = this.#deps;
    const policy = this.#isHurried ? { firstDelayMs: 250, maxDelayMs: 250 } : PATIENCE;
    const signal = this.#isHurried ? undefined : this.#wakeUp.signal;
    return clock.sleep(backoffMs(policy, attempt, random), signal).catch(() => {});
  }

  /** One line when storing begins to fail, and one a minute while it does. */
  #failed(error: unknown): void {
    const nowMs = this.#deps.clock.now();
    this.#failure ??= { sinceMs: nowMs, toldMs: Number.NEGATIVE_INFINITY };
    if (nowMs - this.#failure.toldMs < REMINDER_MS) return;
    this.#failure.toldMs = nowMs;
    this.#deps.log.error(
      { error, waiting: this.size, spoolBytes: this.spoolBytes, failingForMs: nowMs - this.#failure.sinceMs },
      `store chunks: ${errorText(error)}; recording goes on into the spool`,
    );
  }

  #succeeded(): void {
    if (!this.#failure) return;
    const failedForMs = this.#deps.clock.now() - this.#failure.sinceMs;
    this.#failure = undefined;
    this.#deps.log.info({ failedForMs, waiting: this.size }, 'storing chunks again');
  }
}

function sum(chunks: Iterable<ClosedChunk>, of: (chunk: ClosedChunk) => number): number {
  let total = 0;
  for (const chunk of chunks) total += of(chunk);
  return total;
}
