import { crc32 } from 'node:zlib';
import { DEPTH_HEADER } from '../../shared/lake/depth.ts';
import type { RawKind } from '../../shared/lake/object-names.ts';
import { TRADE_HEADER } from '../../shared/lake/trade.ts';
import { MAX_ROW_BYTES, MAX_WINDOW_SNAPSHOTS, MAX_WINDOW_TRADES } from '../../shared/limits.ts';
import { type DepthRows, pushDepth } from '../rows/depth-rows.ts';
import { pushTrade, type TradeRows } from '../rows/trade-rows.ts';
import { type StoredChunk, unpackChunk, withLineFeed } from './chunk.ts';
import type { Inflater } from './inflate.ts';
import { BadRow, readDepthRow, readTradeRow } from './read-row.ts';
import { scanDepth } from './scan-depth.ts';
import { type ScanEvents, type ScanTarget, scanTrades } from './scan-trades.ts';
import { runSteps, type Steps } from './steps.ts';

/** One chunk as a window reads it. */
export type WindowChunk = {
  /** Name inside the symbol-day, `trades/12-04_a_0.csv.gz`, for messages. */
  name: string;
  /** Null for an object that is not named like a chunk: it gives no rows. */
  kind: RawKind | null;
  stored: StoredChunk;
  /** Of several rows with one id that of the chunk with the lowest rank stays; 0 is the `repair` writer's. */
  rank: number;
  /** False for a chunk of another window that also has rows of this one: its faults are told there. */
  isHome: boolean;
};

/** What was read of a chunk, as the archive needs it. */
export type ChunkReading = {
  /** Rows in it, bad ones included. */
  rows: number;
  /** Size and CRC-32 of its text; of the object itself where it is damaged. */
  size: number;
  crc32: number;
  /** CRC-32 of what the archive holds of it: the deflate stream, or the damaged object. */
  packedCrc32: number;
  damage: string | null;
};

/** A row, or with line 0 a whole chunk, that was not taken. `id` where it could be read. */
export type Rejection = { name: string; line: number; reason: string; id?: number };

/** Where a chunk's rows go and what is told of them. */
export type ScanOutput = {
  trades: TradeRows;
  depth: DepthRows;
  rejections: { push(rejection: Rejection): unknown };
  /** Told of each row that belongs to another window: its time, ms since the day's start. */
  stray(time: number): void;
};

/** Text read in one step: a row that is rejected takes some microseconds and may be two bytes long. */
const STEP_BYTES = 1 << 17;
const LINE_FEED = 0x0a;

/** Reads one chunk into the rows of its kind. Bad rows are told, good ones kept; nothing throws. */
export function scanChunk(
  chunk: WindowChunk,
  target: ScanTarget,
  output: ScanOutput,
  inflater?: Inflater,
): ChunkReading {
  return runSteps(chunkSteps(chunk, target, output, inflater));
}

/** The same step by step. */
export function* chunkSteps(
  chunk: WindowChunk,
  target: ScanTarget,
  output: ScanOutput,
  inflater?: Inflater,
): Steps<ChunkReading> {
  const reject = (line: number, reason: string, id?: number): void => {
    if (chunk.isHome)
      output.rejections.push({ name: chunk.name, line, reason, ...(id === undefined ? {} : { id }) });
  };
  // told of a guest too: its other rows may well have been taken
  const refuse = (reason: string): unknown => output.rejections.push({ name: chunk.name, line: 0, reason });
  const unpacked = chunk.kind
    ? unpackChunk(chunk.stored, inflater)
    : { damage: 'not named like a chunk', text: Buffer.alloc(0) };
  const damage = 'damage' in unpacked ? unpacked.damage : null;
  if (damage !== null) reject(0, damage);
  const rows =
    chunk.kind === null
      ? 0
      : yield* scanText(unpacked.text, damage !== null, chunk.kind, target, output, reject, refuse);
  const { bytes } = chunk.stored;
  if ('damage' in unpacked)
    return { rows, size: bytes.length, crc32: crc32(bytes), packedCrc32: crc32(bytes), damage };
  return {
    rows,
    size: unpacked.text.length,
    crc32: unpacked.crc32,
    packedCrc32: crc32(unpacked.deflated),
    damage,
  };
}

const TOO_LONG = `row of more than ${MAX_ROW_BYTES / 2 ** 20} MiB`;

type Reject = (line: number, reason: string, id?: number) => void;

function* scanText(
  text: Buffer,
  isCut: boolean,
  kind: RawKind,
  target: ScanTarget,
  output: ScanOutput,
  reject: Reject,
  refuse: (reason: string) => void,
): Steps<number> {
  const header = kind === 'trades' ? TRADE_HEADER : DEPTH_HEADER;
  if (isCut && header.startsWith(text.toString('latin1', 0, header.length + 1))) return 0; // cut inside its header: the damage says it all
  const body = bodyStart(text, header);
  if (body === undefined) {
    reject(0, 'another header');
    return 0;
  }
  if (body === text.length) return 0;
  const ended = endedText(text, isCut, reject);
  const [taken, most] =
    kind === 'trades' ? [output.trades, MAX_WINDOW_TRADES] : [output.depth, MAX_WINDOW_SNAPSHOTS];
  if (hasMoreLines(ended, body, most - taken.count)) {
    refuse(`more than ${most} rows in a quarter of an hour`);
    return countLines(ended) - 1;
  }
  let rows = 0;
  const events: ScanEvents = {
    stray: output.stray,
    odd(start, end, line) {
      if (end - start > MAX_ROW_BYTES) reject(rows + line, TOO_LONG);
      else readOdd(ended.toString('utf8', start, end), rows + line, kind, target, output, reject);
    },
  };
  for (let from = body; from < ended.length; ) {
    const end = ended.indexOf(LINE_FEED, Math.min(from + STEP_BYTES, ended.length) - 1) + 1;
    const part = ended.subarray(0, end);
    rows +=
      kind === 'trades'
        ? scanTrades(part, from, target, output.trades, events)
        : scanDepth(part, from, target, output.depth, events);
    from = end;
    yield;
  }
  return rows;
}

/** The byte behind the header line; undefined when the text starts with another one. */
function bodyStart(text: Buffer, header: string): number | undefined {
  if (text.toString('latin1', 0, header.length) !== header) return undefined;
  const rest = text.toString('latin1', header.length, header.length + 2);
  if (rest === '' || rest === '\r') return text.length;
  if (rest === '\r\n') return header.length + 2;
  return rest.startsWith('\n') ? header.length + 1 : undefined;
}

/** The text with a final line end. The unfinished last line of a cut text could be a good row with digits missing: it is left out. */
function endedText(text: Buffer, isCut: boolean, reject: Reject): Buffer {
  if (text.at(-1) === LINE_FEED) return text;
  if (!isCut) return withLineFeed(text);
  const whole = text.subarray(0, text.lastIndexOf(0x0a) + 1);
  reject(countLines(whole) + 1, 'cut row');
  return whole;
}

/** Few chunks are so large that their lines have to be counted. */
function hasMoreLines(text: Buffer, body: number, most: number): boolean {
  return text.length - body > most && countLines(text) - 1 > most;
}

function countLines(text: Buffer): number {
  let lines = 0;
  for (let at = text.indexOf(0x0a); at >= 0; at = text.indexOf(0x0a, at + 1)) lines++;
  return lines;
}

function readOdd(
  line: string,
  number: number,
  kind: RawKind,
  target: ScanTarget,
  output: ScanOutput,
  reject: Reject,
): void {
  try {
    if (kind === 'trades') {
      const row = readTradeRow(line, target.dayStartMs);
      if (isInside(row.time, target)) pushTrade(output.trades, row, target.source);
      else output.stray(row.time);
    } else {
      const row = readDepthRow(line, target.dayStartMs);
      if (isInside(row.time, target)) pushDepth(output.depth, row, target.source);
      else output.stray(row.time);
    }
  } catch (error) {
    if (!(error instanceof BadRow)) throw error;
    const reason = line.includes('\0') ? 'NUL byte' : error.message; // which says more than what it broke
    reject(number, reason, error.id);
  }
}

function isInside(time: number, { windowStart, windowEnd }: ScanTarget): boolean {
  return time >= windowStart && time < windowEnd;
}
