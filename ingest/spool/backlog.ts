import { errorCode, errorText } from '../../shared/errors.ts';
import { nextObjectName } from '../../shared/lake/object-names.ts';
import type { Log } from '../../shared/program/log.ts';
import type { WriteOnlyStore } from '../../shared/program/open-later.ts';
import { backoffMs } from '../../shared/retry.ts';
import { type Clock, MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import type { Tally } from '../health/tally.ts';
import type { WaitingChunk } from './waiting-chunk.ts';

const COMPRESSED_AT_ONCE = 2;
const STORED_AT_ONCE = 16;
/** Leftovers are safe on the disk: compressed and not stored they may take so much memory, the rest is for rows. */
const LEFT_OVER_MEMORY_BYTES = 16_777_216;
const PATIENCE = { firstDelayMs: SECOND_MS / 2, maxDelayMs: 8 * SECOND_MS };
const REMINDER_MS = MINUTE_MS;
/** A file that cannot be read for one of these reasons can be read later. */
const PASSING = /^(EMFILE|ENFILE|ENOMEM|EAGAIN|EINTR|Z_MEM_ERROR|ERR_MEMORY_ALLOCATION_FAILED)$/;

/** `monotonicMs` is of a clock that nobody sets. */
export type BacklogDependencies = {
  store: WriteOnlyStore;
  tally: Tally;
  log: Log;
  clock: Clock;
  monotonicMs: () => number;
  random: () => number;
};

/** The closed chunks that are not stored yet: each is compressed, stored when it is due, then removed from the spool. */
export class Backlog {
  readonly #deps: BacklogDependencies;
  readonly #onChange: () => void;
  /** All of them, in the order in which they were closed. */
  readonly #chunks = new Set<WaitingChunk>();
  readonly #toCompress: WaitingChunk[] = [];
  readonly #leftOvers: WaitingChunk[] = [];
  /** Compressed, and nobody works on them. */
  readonly #toStore = new Set<WaitingChunk>();
  #compressing = 0;
  #storing = 0;
  #exchangeMs = 0;
  /** As of the last {@link tick}, and what was compressed and stored since. */
  #leftOverMemoryBytes = 0;
  #isHurried = false;
  #failure: { sinceMs: number; toldMs: number } | undefined;
  #finished: (() => void)[] = [];
  readonly #wakeUp = new AbortController();

  /** `onChange` is called whenever a chunk has left. */
  constructor(deps: BacklogDependencies, onChange: () => void) {
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

  /** Since when the oldest chunk waits, by the monotonic clock. */
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

  add(chunk: WaitingChunk): void {
    this.#chunks.add(chunk);
    // A source that runs faster than time closes many chunks between two ticks.
    this.#exchangeMs = Math.max(this.#exchangeMs, chunk.facts.endMs);
    (chunk.isLeftOver ? this.#leftOvers : this.#toCompress).push(chunk);
    this.#start();
  }

  /** Time has passed, on the exchange's clock too where it is known. */
  tick(exchangeMs: number | undefined): void {
    this.#exchangeMs = exchangeMs ?? this.#exchangeMs;
    this.#leftOverMemoryBytes = sum(this.#chunks, (chunk) => (chunk.isLeftOver ? chunk.memoryBytes : 0));
    this.#start();
  }

  /** From now on everything is due, and tries follow each other quickly. */
  hurry(): void {
    this.#isHurried = true;
    this.#wakeUp.abort();
    this.#start();
  }

  get chunks(): Iterable<WaitingChunk> {
    return this.#chunks;
  }

  /** Puts compressed bytes on the disk that are only in memory. @throws where the disk refuses, after trying with every chunk */
  async persist(folder: string | undefined): Promise<void> {
    const failures: unknown[] = [];
    for (const chunk of this.#chunks) await chunk.persist(folder).catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  /** Rows that would be lost if this process ended now. */
  unsavedRows(folder: string | undefined): number {
    return sum(this.#chunks, (chunk) => chunk.unsavedRows(folder));
  }

  /** Resolves when everything is stored. */
  async finished(): Promise<void> {
    if (this.size > 0) await new Promise<void>((resolve) => this.#finished.push(resolve));
  }

  /** Gives up the oldest snapshots that wait to be stored; undefined where there are none. */
  async shedDepth(): Promise<WaitingChunk | undefined> {
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
      const chunk = this.#toCompress.shift() ?? this.#nextLeftOver();
      if (!chunk) break;
      void this.#compress(chunk);
    }
    if (this.#storing >= STORED_AT_ONCE) return;
    for (const chunk of this.#toStore) {
      if (this.#isDue(chunk)) void this.#store(chunk);
      if (this.#storing >= STORED_AT_ONCE) return;
    }
  }

  #isDue({ facts: { due } }: WaitingChunk): boolean {
    return this.#isHurried || this.#exchangeMs >= due.exchangeMs || this.#deps.monotonicMs() >= due.localMs;
  }

  #nextLeftOver(): WaitingChunk | undefined {
    return this.#leftOverMemoryBytes < LEFT_OVER_MEMORY_BYTES ? this.#leftOvers.shift() : undefined;
  }

  async #compress(chunk: WaitingChunk): Promise<void> {
    this.#compressing++;
    try {
      const isReady = await chunk.compress();
      if (chunk.isLeftOver) this.#leftOverMemoryBytes += chunk.memoryBytes;
      if (isReady) this.#toStore.add(chunk);
      else await this.#leave(chunk);
    } catch (error) {
      await this.#unreadable(chunk, error);
    }
    this.#compressing--;
    this.#start();
  }

  /** Tries again what may pass; anything else is set aside, once, or it would be tried for ever and hold up the end. */
  async #unreadable(chunk: WaitingChunk, error: unknown): Promise<void> {
    const { log, tally } = this.#deps;
    const { name } = chunk.facts;
    if (PASSING.test(errorCode(error) ?? '')) {
      log.error({ error, chunk: name }, `compress chunk ${name}: ${errorText(error)}`);
      await this.#pause(0);
      (chunk.isLeftOver ? this.#leftOvers : this.#toCompress).push(chunk);
      return;
    }
    tally.unreadableChunks++;
    log.error({ error, chunk: name }, `read chunk ${name}: ${errorText(error)}; its file is set aside`);
    await chunk
      .setAside()
      .catch((error) => log.error({ error, chunk: name }, `set chunk ${name} aside: ${errorText(error)}`));
    this.#left(chunk);
  }

  async #store(chunk: WaitingChunk): Promise<void> {
    this.#toStore.delete(chunk);
    this.#storing++;
    const bytes = await this.#read(chunk);
    if (bytes) {
      for (let attempt = 0; !(await this.#tryToStore(chunk, bytes)); attempt++) await this.#pause(attempt);
      await this.#leave(chunk);
    }
    this.#storing--;
    this.#start();
  }

  async #read(chunk: WaitingChunk): Promise<Buffer | undefined> {
    try {
      return await chunk.bytes();
    } catch (error) {
      await this.#unreadable(chunk, error);
      return undefined;
    }
  }

  async #tryToStore({ facts: { name } }: WaitingChunk, bytes: Buffer): Promise<boolean> {
    const { store, tally } = this.#deps;
    try {
      // A name that is taken holds other rows: nothing is overwritten, the next number is free.
      for (let extra = 0; !(await store.create(objectName(name, extra), bytes)); ) extra++;
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

  async #leave(chunk: WaitingChunk): Promise<void> {
    await chunk
      .remove()
      .catch((error) =>
        this.#deps.log.error({ error }, `remove stored chunk from the spool: ${errorText(error)}`),
      );
    this.#left(chunk);
  }

  #left(chunk: WaitingChunk): void {
    this.#chunks.delete(chunk);
    if (chunk.isLeftOver) this.#leftOverMemoryBytes -= chunk.memoryBytes;
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
    const nowMs = this.#deps.monotonicMs();
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
    const failedForMs = this.#deps.monotonicMs() - this.#failure.sinceMs;
    this.#failure = undefined;
    this.#deps.log.info({ failedForMs, waiting: this.size }, 'storing chunks again');
  }
}

function sum(chunks: Iterable<WaitingChunk>, of: (chunk: WaitingChunk) => number): number {
  let total = 0;
  for (const chunk of chunks) total += of(chunk);
  return total;
}

function objectName(name: string, extra: number): string {
  const object = nextObjectName(name, extra);
  if (object === undefined) throw new Error(`store ${name}: no chunk has such a name`);
  return object;
}
