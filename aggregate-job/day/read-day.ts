import { createLimit, type Limit, mapAll, mapInOrder } from '../../shared/concurrency.ts';
import { DAY_MS, MINUTE_MS } from '../../shared/time.ts';
import { atOnce, type DayInput, rankInputs } from '../archive/inputs.ts';
import { type Epoch, epochAt, findRestarts, joinEpochs, type SharedIds, sharedIds } from '../proof/epochs.ts';
import type { Segment } from '../proof/segments.ts';
import type { ChunkReading, WindowChunk } from '../scan/scan-chunk.ts';
import type { Threads } from '../threads/threads.ts';
import { type LaterEpoch, WINDOW_MS, type WindowResult } from '../window/window.ts';

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
  await day.settleEpochs();
  await day.settleSharedIds();
  return day.reading();
}

type Plan = {
  home: DayInput[];
  guests: DayInput[];
  /** The countings of ids with rows in the window, in the order of time; undefined until all windows are read. */
  epochs: LaterEpoch[] | undefined;
};

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
  #restarts: number[] = [];

  constructor(inputs: DayInput[], options: ReadOptions) {
    this.#options = options;
    this.#read = createLimit(options.readsAtOnce);
    this.#ranks = rankInputs(inputs);
    this.#plans = Array.from({ length: WINDOWS }, () => ({
      home: [],
      guests: [],
      epochs: undefined,
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

  /** Finds out where ids are counted anew, and reads those windows again that took them apart otherwise. */
  async settleEpochs(): Promise<void> {
    this.#restarts = findRestarts(this.#segments());
    const again: number[] = [];
    for (const [window, plan] of this.#plans.entries()) {
      const startMs = window * WINDOW_MS;
      const starts = this.#restarts.filter((ms) => ms > startMs && ms < startMs + WINDOW_MS);
      plan.epochs = [startMs, ...starts].map((fromMs) => epochFrom(fromMs));
      const { falls = [] } = this.#results[window] ?? {};
      if (falls.join() !== starts.join()) again.push(window);
    }
    await this.#scan(again);
  }

  /** Where two windows hold the same id (two writers saw it at different times), keeps the row that ranks first. */
  async settleSharedIds(): Promise<void> {
    const shared = sharedIds(this.#epochs(), WINDOW_MS);
    for (const { window, epoch, ids } of shared) this.#epoch(window, epoch).sharedIds = ids;
    await this.#scan(new Set(shared.map(({ window }) => window)));
    const losers = new Set<number>();
    for (const sameEpoch of Map.groupBy(shared, ({ epoch }) => epoch).values()) {
      const winners = this.#winners(sameEpoch);
      for (const { window, epoch, ids } of sameEpoch) {
        const lost = [...ids].filter((id) => winners.get(id)?.window !== window);
        this.#epoch(window, epoch).lostIds = new Set(lost);
        if (lost.length > 0) losers.add(window);
      }
    }
    await this.#scan(losers);
  }

  /** Which window has the row that stays, by id. */
  #winners(shared: SharedIds[]): Map<number, { window: number; rank: number }> {
    const winners = new Map<number, { window: number; rank: number }>();
    for (const { window, epoch } of shared) {
      const ranks = this.#results[window]?.ranks[this.#indexIn(window, epoch)] ?? [];
      for (const [id, rank] of ranks) {
        const best = winners.get(id);
        if (!best || rank < best.rank) winners.set(id, { window, rank });
      }
    }
    return winners;
  }

  reading(): DayReading {
    return { windows: this.#results, epochs: this.#epochs(), readings: this.#readings };
  }

  #epochs(): Epoch[] {
    return joinEpochs(this.#segments(), this.#restarts);
  }

  #segments(): Segment[][][] {
    return this.#results.map((result) => result?.segments ?? []);
  }

  /** What a window is told of one epoch of the day. */
  #epoch(window: number, epoch: number): LaterEpoch {
    const found = this.#plan(window).epochs?.[this.#indexIn(window, epoch)];
    if (!found) throw new RangeError(`plan window ${window}: it has no rows of epoch ${epoch}`);
    return found;
  }

  #indexIn(window: number, epoch: number): number {
    return epoch - epochAt(this.#restarts, window * WINDOW_MS);
  }

  #plan(window: number): Plan {
    const plan = this.#plans[window];
    if (!plan) throw new RangeError(`plan window ${window}: a day has ${WINDOWS}`);
    return plan;
  }

  /** Scans windows, a few at once; while some are scanned, the next ones are fetched. */
  async #scan(windows: Iterable<number>): Promise<void> {
    const largest = Math.max(1, ...this.#plans.map(({ home, guests }) => bytesOf([...home, ...guests])));
    for await (const _ of mapInOrder(
      windows,
      atOnce(this.#options.threads.windowsAtOnce, largest),
      (window) => this.#scanOne(window),
    ))
      this.#options.onProgress(this.#readings.size);
  }

  async #scanOne(window: number): Promise<void> {
    const { home, guests, epochs } = this.#plan(window);
    if (home.length + guests.length === 0) return;
    const inputs = [...home, ...guests];
    const [{ lostIds, sharedIds } = epochFrom(0), ...laterEpochs] = epochs ?? [];
    const result = await this.#options.threads.scan({
      dayStartMs: this.#options.dayStartMs,
      startMs: window * WINDOW_MS,
      endMs: (window + 1) * WINDOW_MS,
      chunks: await this.#load(inputs, home.length),
      lostIds,
      sharedIds,
      laterEpochs: epochs && laterEpochs,
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

const bytesOf = (inputs: DayInput[]): number => inputs.reduce((sum, { bytes }) => sum + bytes, 0);

/** Nothing is known yet of the ids that other windows hold. */
function epochFrom(fromMs: number): LaterEpoch {
  return { fromMs, lostIds: new Set(), sharedIds: new Set() };
}
