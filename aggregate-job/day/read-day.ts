import { createLimit, type Limit, mapAll, mapInOrder } from '../../shared/concurrency.ts';
import { DAY_MS, MINUTE_MS } from '../../shared/time.ts';
import { type Epoch, joinEpochs, sharedIds } from '../proof/epochs.ts';
import type { ChunkReading, WindowChunk } from '../scan/scan-chunk.ts';
import type { WindowResult } from '../scan/window.ts';
import type { Threads } from '../threads/threads.ts';
import { type DayInput, rankInputs } from './inputs.ts';

/** Windows of a quarter of an hour: no usual chunk spans two, and one window's rows take little memory. */
export const WINDOW_MS = 15 * MINUTE_MS;
const WINDOWS = DAY_MS / WINDOW_MS;

/** Everything read of a symbol-day. */
export type DayReading = {
  /** By window; undefined where no chunk has rows of it. */
  windows: (WindowResult | undefined)[];
  epochs: Epoch[];
  /** What was read of each input. */
  readings: Map<DayInput, ChunkReading>;
};

/** How the inputs are fetched and who scans them. */
export type ReadOptions = {
  dayStartMs: number;
  readsAtOnce: number;
  onProgress(inputsRead: number): void;
  threads: Threads;
};

/** Reads all inputs of a day window by window, so that memory holds the rows of a few windows at a time. */
export async function readDay(inputs: DayInput[], options: ReadOptions): Promise<DayReading> {
  const day = new Day(inputs, options);
  await day.scanAll();
  await day.scanStrays();
  await day.settleSharedIds();
  return day.reading();
}

type Plan = { home: DayInput[]; guests: DayInput[]; lostIds: Set<number>; sharedIds: Set<number> };

/**
 * The windows of a day and what each has to read. A window is scanned again when rows of it turn up in chunks of other windows, and when
 * one of its ids turns up in another window: only all windows together tell which row stays.
 */
class Day {
  readonly #options: ReadOptions;
  /** Of all windows together: while some are scanned, the others have all reads for themselves. */
  readonly #read: Limit;
  readonly #ranks: Map<DayInput, number>;
  readonly #plans: Plan[];
  readonly #results: (WindowResult | undefined)[] = new Array(WINDOWS).fill(undefined);
  readonly #readings = new Map<DayInput, ChunkReading>();

  constructor(inputs: DayInput[], options: ReadOptions) {
    this.#options = options;
    this.#read = createLimit(options.readsAtOnce);
    this.#ranks = rankInputs(inputs);
    this.#plans = Array.from({ length: WINDOWS }, () => ({
      home: [],
      guests: [],
      lostIds: new Set(),
      sharedIds: new Set(),
    }));
    for (const input of inputs)
      this.#plan(Math.floor(((input.chunk?.minute ?? 0) * MINUTE_MS) / WINDOW_MS)).home.push(input);
  }

  /** Reads every window once. */
  async scanAll(): Promise<void> {
    await this.#scan(this.#plans.keys());
  }

  /** Reads those windows again that have rows in chunks of other windows. */
  async scanStrays(): Promise<void> {
    const again = new Set<number>();
    for (const [window, result] of this.#results.entries()) {
      for (const { chunk, times } of result?.strays ?? []) {
        for (const time of times) {
          const target = Math.floor(time / WINDOW_MS);
          const input = this.#plan(window).home[chunk];
          if (input) this.#plan(target).guests.push(input);
          again.add(target);
        }
      }
    }
    await this.#scan(again);
  }

  /** Where two windows hold the same id (two writers saw it at different times), keeps the row that ranks first. */
  async settleSharedIds(): Promise<void> {
    const shared = sharedIds(this.#epochs(), WINDOW_MS);
    for (const { window, ids } of shared) this.#plan(window).sharedIds = ids;
    await this.#scan(shared.map(({ window }) => window));
    const winners = new Map<number, { window: number; rank: number }>();
    for (const { window } of shared) {
      for (const [id, rank] of this.#results[window]?.ranks ?? []) {
        const best = winners.get(id);
        if (!best || rank < best.rank) winners.set(id, { window, rank });
      }
    }
    for (const { window, ids } of shared) {
      const lost = [...ids].filter((id) => winners.get(id)?.window !== window);
      this.#plan(window).lostIds = new Set(lost);
    }
    const losers = shared.filter(({ window }) => this.#plan(window).lostIds.size > 0);
    await this.#scan(losers.map(({ window }) => window));
  }

  reading(): DayReading {
    return { windows: this.#results, epochs: this.#epochs(), readings: this.#readings };
  }

  #epochs(): Epoch[] {
    return joinEpochs(this.#results.map((result) => result?.segments ?? []));
  }

  #plan(window: number): Plan {
    const plan = this.#plans[window];
    if (!plan) throw new RangeError(`plan window ${window}: a day has ${WINDOWS}`);
    return plan;
  }

  /** Scans windows, a few at once; while some are scanned, the next ones are fetched. */
  async #scan(windows: Iterable<number>): Promise<void> {
    for await (const _ of mapInOrder(windows, this.#options.threads.windowsAtOnce, (window) =>
      this.#scanOne(window),
    ))
      this.#options.onProgress(this.#readings.size);
  }

  async #scanOne(window: number): Promise<void> {
    const { home, guests, lostIds, sharedIds } = this.#plan(window);
    if (home.length + guests.length === 0) return;
    const inputs = [...home, ...guests];
    const result = await this.#options.threads.scan({
      dayStartMs: this.#options.dayStartMs,
      startMs: window * WINDOW_MS,
      endMs: (window + 1) * WINDOW_MS,
      chunks: await this.#load(inputs, home.length),
      lostIds,
      sharedIds,
    });
    this.#results[window] = result;
    for (const [index, input] of home.entries()) {
      const reading = result.chunks[index];
      if (reading) this.#readings.set(input, reading);
    }
  }

  async #load(inputs: DayInput[], homeCount: number): Promise<WindowChunk[]> {
    const stored = await mapAll(inputs, inputs.length, (input) => this.#read(() => input.load()));
    return stored.map((chunk, i) => {
      const input = inputs[i];
      return {
        name: input?.name ?? '',
        kind: input?.chunk?.kind ?? null,
        stored: chunk,
        rank: (input && this.#ranks.get(input)) ?? 0,
        isHome: i < homeCount,
      };
    });
  }
}
