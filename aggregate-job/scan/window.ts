import { addDepth, addTrades, type BookCounts } from '../bars/accumulate.ts';
import { type Bars, emptyBars, type Places } from '../bars/bars.ts';
import { epochParts, type Segment, segmentsOf } from '../proof/segments.ts';
import { type BookGaps, bookGaps } from './book-gaps.ts';
import { type DepthRows, depthRows } from './depth-rows.ts';
import { createInflater, type Inflater } from './inflate.ts';
import { orderDepth, orderTrades } from './order.ts';
import { type Rejected, RejectedRows } from './rejected.ts';
import { clearRows, growScale } from './scaled-rows.ts';
import { type ChunkReading, chunkSteps, type WindowChunk } from './scan-chunk.ts';
import { runSteps, type Steps } from './steps.ts';
import { type TradeRows, tradeRows } from './trade-rows.ts';

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
};

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
  /** Runs of ids; more than one list where ids restarted. */
  segments: Segment[][];
  trades: { duplicates: number; conflicts: number; withoutQuantity: number; repaired: number };
  book: BookCounts & { duplicates: number; oneSided: number; gaps: BookGaps };
  chunks: ChunkReading[];
  rejected: Rejected;
  /** Rows that belong to other windows, by index of the chunk. */
  strays: { chunk: number; times: number[] }[];
  /** Rank of the row that stayed, by shared id. */
  ranks: Map<number, number>;
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
  const ranks = task.chunks.map(({ rank }) => rank);
  const kept = orderTrades(trades, ranks, { shared: task.sharedIds, lost: task.lostIds });
  yield;
  const parts = epochParts(trades, kept.order);
  const withoutQuantity = parts.reduce((sum, part) => sum + addTrades(bars, trades, part, task.startMs), 0);
  yield;
  return {
    bars,
    scale,
    places: {
      price: Math.max(trades.places.price, depth.places.price),
      quantity: Math.max(trades.places.quantity, depth.places.quantity),
    },
    segments: parts.map((part) => segmentsOf(trades, part)),
    trades: {
      duplicates: kept.duplicates,
      conflicts: kept.conflicts,
      repaired: kept.repaired,
      withoutQuantity,
    },
    book: readBook(bars, depth, ranks, task.startMs),
    chunks,
    rejected: rejections.rejected(),
    strays: strays.list(),
    ranks: new Map(sharedRanks(task.sharedIds, trades, kept.order, ranks)),
  };
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
