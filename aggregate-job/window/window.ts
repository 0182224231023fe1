import { type Bars, emptyBars, type Places } from '../../shared/bars/bars.ts';
import { MINUTE_MS } from '../../shared/time.ts';
import { type BookGaps, bookGaps } from '../proof/book-gaps.ts';
import { type Segment, segmentsOf } from '../proof/segments.ts';
import { type DepthRows, depthRows } from '../rows/depth-rows.ts';
import { clearRows, growScale } from '../rows/scaled-rows.ts';
import { type TradeRows, tradeRows } from '../rows/trade-rows.ts';
import { createInflater, type Inflater } from '../scan/inflate.ts';
import { type Rejected, RejectedRows } from '../scan/rejected.ts';
import { type ChunkReading, chunkSteps, type WindowChunk } from '../scan/scan-chunk.ts';
import { runSteps, type Steps } from '../scan/steps.ts';
import { addDepth, addTrades, type BookCounts } from './accumulate.ts';
import { findFalls } from './falls.ts';
import { DAMAGED_RANK, type OrderedTrades, orderDepth, orderTrades, verifier } from './order.ts';

/** Windows of a quarter of an hour: no usual chunk spans two, and one window's rows take little memory. */
export const WINDOW_MS = 15 * MINUTE_MS;

/** A stretch of one symbol-day: `[startMs, endMs)` counts from the day's start, in whole seconds. */
export type WindowTask = {
  dayStartMs: number;
  startMs: number;
  endMs: number;
  chunks: WindowChunk[];
  /** Ids whose row in this window lost against one in another window. */
  lostIds: ReadonlySet<number>;
  /** Ids that other windows hold too: the result says whose row stayed. */
  sharedIds: ReadonlySet<number>;
  /** Where ids are counted anew inside the window; undefined where that is not known and the window is to be searched for it. */
  laterEpochs?: readonly LaterEpoch[] | undefined;
};

/** A counting of ids that begins inside a window, with lost and shared ids of its own. */
export type LaterEpoch = Pick<WindowTask, 'lostIds' | 'sharedIds'> & { fromMs: number };

/** Memory for the texts and rows of a window; who scans one window after the other uses the same again. */
export type WindowMemory = { trades: TradeRows; depth: DepthRows; inflater: Inflater };

export function windowMemory(): WindowMemory {
  return { trades: tradeRows(), depth: depthRows(), inflater: createInflater() };
}

/** Everything the day needs to know of a window. Its bars are of one second, at `scale`. */
export type WindowResult = {
  bars: Bars;
  scale: Places;
  /** Most places seen, trailing zeros not counted. */
  places: Places;
  /** Times at which ids are counted anew, or may be where the task did not say. */
  falls: number[];
  /** Runs of ids, up to the first of those times and from each of them on. */
  segments: Segment[][];
  trades: { duplicates: number; conflicts: number; withoutQuantity: number; repaired: number };
  book: BookCounts & { duplicates: number; oneSided: number; gaps: BookGaps };
  chunks: ChunkReading[];
  rejected: Rejected;
  /** Rows that belong to other windows, by index of the chunk. */
  strays: { chunk: number; times: number[] }[];
  /** Rank of the row that stayed, by shared id; a map for each list of segments. */
  ranks: Map<number, number>[];
};

/** Reads the chunks of a window and builds its bars: a pure function of its task. Its memory may be lent. */
export function scanWindow(task: WindowTask, memory = windowMemory()): WindowResult {
  return runSteps(windowSteps(task, memory));
}

/** The same step by step; its memory is in use until the last one. */
export function* windowSteps(
  task: WindowTask,
  { trades, depth, inflater }: WindowMemory,
): Steps<WindowResult> {
  clearRows(trades);
  clearRows(depth);
  const rejections = new RejectedRows();
  const strays = new Strays(task.endMs - task.startMs);
  const chunks: ChunkReading[] = [];
  for (const [source, chunk] of task.chunks.entries()) {
    const target = { dayStartMs: task.dayStartMs, windowStart: task.startMs, windowEnd: task.endMs, source };
    const output = { trades, depth, rejections, stray: (time: number) => strays.add(source, time) };
    chunks.push(yield* chunkSteps(chunk, target, output, inflater));
    yield;
  }
  const scale = alignScales(trades, depth);
  const bars = emptyBars((task.endMs - task.startMs) / 1000);
  const ranks = task.chunks.map(({ rank }, i) => rank + (chunks[i]?.damage === null ? 0 : DAMAGED_RANK));
  const epochs = epochsOf(task, trades, ranks);
  yield;
  const sum = (count: (epoch: EpochTrades) => number) =>
    epochs.reduce((total, epoch) => total + count(epoch), 0);
  return {
    bars,
    scale,
    places: {
      price: Math.max(trades.places.price, depth.places.price),
      quantity: Math.max(trades.places.quantity, depth.places.quantity),
    },
    falls: epochs.slice(1).map(({ fromMs }) => fromMs),
    segments: epochs.map(({ order }) => segmentsOf(trades, order, verifier(trades, ranks))),
    trades: {
      duplicates: sum(({ duplicates }) => duplicates),
      conflicts: sum(({ conflicts }) => conflicts),
      repaired: sum(({ repaired }) => repaired),
      withoutQuantity: sum(({ order }) => addTrades(bars, trades, order, task.startMs)),
    },
    book: readBook(bars, depth, ranks, task.startMs),
    chunks,
    rejected: rejections.rejected(),
    strays: strays.list(),
    ranks: epochs.map(({ sharedIds, order }) => new Map(sharedRanks(sharedIds, trades, order, ranks))),
  };
}

type EpochTrades = LaterEpoch & OrderedTrades;

/** The trades of a window in the order that counts, those of each counting of ids by themselves. */
function epochsOf(task: WindowTask, trades: TradeRows, ranks: number[]): EpochTrades[] {
  const { startMs: fromMs, lostIds, sharedIds, laterEpochs } = task;
  const first = { fromMs, lostIds, sharedIds };
  if (laterEpochs && laterEpochs.length > 0) return splitTrades([first, ...laterEpochs], task, trades, ranks);
  const whole = orderTrades(trades, ranks, { shared: sharedIds, lost: lostIds });
  const falls = laterEpochs ? [] : findFalls(trades, whole, verifier(trades, ranks));
  if (falls.length === 0) return [{ ...first, ...whole }];
  const found = falls.map((fallMs) => ({ ...first, fromMs: fallMs }));
  return splitTrades([first, ...found], task, trades, ranks);
}

function splitTrades(
  epochs: readonly LaterEpoch[],
  { endMs }: WindowTask,
  trades: TradeRows,
  ranks: number[],
): EpochTrades[] {
  const all = Uint32Array.from({ length: trades.count }, (_, row) => row);
  return epochs.map((epoch, i) => {
    const untilMs = epochs[i + 1]?.fromMs ?? endMs;
    const rows = all.filter((row) => {
      const time = trades.time[row] ?? 0;
      return time >= epoch.fromMs && time < untilMs;
    });
    return {
      ...epoch,
      ...orderTrades(trades, ranks, { shared: epoch.sharedIds, lost: epoch.lostIds }, rows),
    };
  });
}

function readBook(bars: Bars, depth: DepthRows, ranks: number[], startMs: number): WindowResult['book'] {
  const { order, duplicates } = orderDepth(depth, ranks);
  const hasOneSided = depth.oneSided.subarray(0, depth.count).includes(1);
  const twoSided = hasOneSided ? order.filter((row) => depth.oneSided[row] === 0) : order;
  const counts = addDepth(bars, depth, twoSided, startMs);
  return { ...counts, duplicates, oneSided: order.length - twoSided.length, gaps: bookGaps(depth, twoSided) };
}

/** Brings the integers of trades and snapshots to one scale. */
function alignScales(trades: TradeRows, depth: DepthRows): Places {
  for (const name of ['price', 'quantity'] as const) {
    const places = Math.max(trades.scale[name], depth.scale[name]);
    if (trades.scale[name] < places) growScale(trades, name, places);
    if (depth.scale[name] < places) growScale(depth, name, places);
  }
  return { ...trades.scale };
}

function* sharedRanks(
  shared: ReadonlySet<number>,
  rows: TradeRows,
  order: Uint32Array,
  ranks: number[],
): Generator<[number, number]> {
  if (shared.size === 0) return;
  for (const row of order) {
    const id = rows.id[row] ?? -1;
    if (shared.has(id)) yield [id, ranks[rows.source[row] ?? 0] ?? 0];
  }
}

/** Remembers, for each chunk, one time in each other window that it has rows of. */
class Strays {
  readonly #windowMs: number;
  readonly #byChunk = new Map<number, Map<number, number>>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(chunk: number, time: number): void {
    const windows = this.#byChunk.get(chunk) ?? new Map<number, number>();
    windows.set(Math.floor(time / this.#windowMs), time);
    this.#byChunk.set(chunk, windows);
  }

  list(): { chunk: number; times: number[] }[] {
    return [...this.#byChunk].map(([chunk, windows]) => ({ chunk, times: [...windows.values()] }));
  }
}
