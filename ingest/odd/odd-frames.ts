import { isUtf8 } from 'node:buffer';
import { NO_SYMBOL, oddObjectName } from '../../shared/lake/object-names.ts';
import type { Log } from '../../shared/program/log.ts';
import { dateOf, dayStartMs, MINUTE_MS } from '../../shared/time.ts';
import type { Tally } from '../health/tally.ts';
import type { MinuteRows } from '../minutes/stream-minutes.ts';

/** What is kept of a symbol and a day: a format that changed would else fill the bucket. */
const MAX_DAY_BYTES = 64_000_000;
/** Numbers of chunks long gone are forgotten; a name used twice would be refused by the store and counted up there. */
const REMEMBERED_CHUNKS = 10_000;

/** A frame that is no row of a stream we asked for. */
export type OddFrame = {
  bytes: Buffer;
  isBinary: boolean;
  /** Why it is none. */
  reason: string;
  /** Undefined where its stream is not known. */
  symbol: string | undefined;
  /** When it came, by the wall clock. */
  receivedMs: number;
};

/** Opens a chunk without a header; `name` is its object's without the `.gz`. */
export type OpenOddChunk = (chunk: { kind: 'odd'; symbol: string; name: string; header: '' }) => MinuteRows;

type Dependencies = { tally: Tally; log: Log; open: OpenOddChunk };
type OpenChunk = { startMs: number; rows: MinuteRows };

/**
 * Keeps frames that are no rows, whole, in chunks of their own: the log cuts their text, and what was sent when the exchange
 * changed its format would be gone for good. One JSON line a frame, with its text or, where it is none, its bytes.
 */
export class OddFrames {
  readonly #options: { writer: string; slotMs: number };
  readonly #deps: Dependencies;
  readonly #open = new Map<string, OpenChunk>();
  readonly #nextN = new Map<string, number>();
  readonly #days = new Map<string, { date: string; bytes: number; isFull: boolean }>();

  constructor(options: { writer: string; slotMs: number }, deps: Dependencies) {
    this.#options = options;
    this.#deps = deps;
  }

  add(frame: OddFrame): void {
    const { symbol = NO_SYMBOL, receivedMs } = frame;
    const { odd } = this.#deps.tally;
    const line = Buffer.from(`${JSON.stringify(lineOf(frame))}\n`);
    if (!this.#hasRoom(symbol, dateOf(receivedMs), line.length)) {
      odd.dropped++;
      return;
    }
    this.#chunkAt(symbol, receivedMs).rows.append(line);
    odd.kept++;
    odd.bytes += line.length;
  }

  /** Closes chunks whose time is over, and those of a time to come: the clock was set back. */
  tick(nowMs: number): void {
    for (const [symbol, { startMs }] of this.#open)
      if (nowMs >= startMs + this.#options.slotMs || nowMs < startMs) this.#close(symbol);
  }

  closeAll(): void {
    for (const symbol of this.#open.keys()) this.#close(symbol);
  }

  /** Tells once when a day is full. */
  #hasRoom(symbol: string, date: string, bytes: number): boolean {
    let day = this.#days.get(symbol);
    if (day?.date !== date) {
      day = { date, bytes: 0, isFull: false };
      this.#days.set(symbol, day);
    }
    if (!day.isFull && day.bytes + bytes <= MAX_DAY_BYTES) {
      day.bytes += bytes;
      return true;
    }
    if (!day.isFull) {
      const text = `odd frames of ${symbol} take more than ${MAX_DAY_BYTES / 1e6} MB on ${date}: the rest is only counted`;
      this.#deps.log.error({ symbol, date }, text);
    }
    day.isFull = true;
    return false;
  }

  #chunkAt(symbol: string, timeMs: number): OpenChunk {
    const startMs = timeMs - (timeMs % this.#options.slotMs);
    const open = this.#open.get(symbol);
    if (open?.startMs === startMs) return open;
    if (open) this.#close(symbol);
    const chunk = { startMs, rows: this.#openChunk(symbol, startMs) };
    this.#open.set(symbol, chunk);
    return chunk;
  }

  #openChunk(symbol: string, startMs: number): MinuteRows {
    const date = dateOf(startMs);
    const minute = (startMs - dayStartMs(date)) / MINUTE_MS;
    const { writer } = this.#options;
    const n = this.#takeN(`${symbol} ${startMs}`);
    const name = oddObjectName(symbol, date, { minute, writer, n }).replace(/\.gz$/, '');
    return this.#deps.open({ kind: 'odd', symbol, name, header: '' });
  }

  /** It is due at once: its time is that of the wall clock, which the exchange's may be far from. */
  #close(symbol: string): void {
    this.#open.get(symbol)?.rows.close(0);
    this.#open.delete(symbol);
  }

  #takeN(key: string): number {
    const n = this.#nextN.get(key) ?? 0;
    this.#nextN.set(key, n + 1);
    const [oldest] = this.#nextN.keys();
    if (this.#nextN.size > REMEMBERED_CHUNKS && oldest !== undefined) this.#nextN.delete(oldest);
    return n;
  }
}

function lineOf({ bytes, isBinary, reason, receivedMs }: OddFrame): object {
  const content = isUtf8(bytes) ? { text: bytes.toString() } : { base64: bytes.toString('base64') };
  return { received_at: receivedMs, reason, ...(isBinary ? { binary: true } : {}), ...content };
}
