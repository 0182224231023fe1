import { MAX_ROW_BYTES } from '../../shared/limits.ts';
import { readDepthFrame } from './depth-frame.ts';
import { readDepth } from './depth-row.ts';
import { Unreadable } from './fields.ts';
import { Heads } from './heads.ts';
import type { Row } from './row.ts';
import type { Stream } from './stream.ts';
import { readTradeFrame } from './trade-frame.ts';
import { readTrade } from './trade-row.ts';

/** Reads one combined-stream frame into a row; the reason in words where it is none. The row's line lasts until the next frame. */
export type FrameReader = (frame: Buffer, receivedMs: number) => Row | Unreadable;

/** What a row may have that its frame has not: signs around the sides, its receive time and line end. */
const MORE_BYTES = 64;
const FIRST_ROW_BYTES = 8_192;
/** A number outside of text that JSON allows and the exchange never writes; inside of text it costs a second look. */
const UNUSUAL_NUMBER = /[:,[]\s*(?:-|\d+[.eE])/;
const WHOLE = /^(?:0|[1-9]\d*)$/;

/**
 * Reads the frames of one connection. Those of `streams` take the fast path; any other frame, and one that is not written as the
 * exchange writes it, is judged by {@link parseFrame}. Both give the same row.
 */
export function createFrameReader(streams: readonly Stream[]): FrameReader {
  const heads = new Heads(streams);
  let row = Buffer.allocUnsafeSlow(FIRST_ROW_BYTES);
  let ending = { receivedMs: Number.NaN, bytes: Buffer.alloc(0) };
  const read = (frame: Buffer, receivedMs: number): Row | Unreadable => {
    const head = heads.find(frame);
    if (!head) return parseFrame(frame, receivedMs);
    if (frame.length + MORE_BYTES > row.length) row = Buffer.allocUnsafeSlow(2 * frame.length + MORE_BYTES);
    if (receivedMs !== ending.receivedMs)
      ending = { receivedMs, bytes: Buffer.from(`,${receivedMs}\n`, 'latin1') };
    const readFast = head.kind === 'depth' ? readDepthFrame : readTradeFrame;
    return readFast(frame, head, row, ending.bytes) ?? parseFrame(frame, receivedMs);
  };
  return (frame, receivedMs) => {
    if (frame.length + MORE_BYTES <= MAX_ROW_BYTES) return read(frame, receivedMs);
    const row = read(frame, receivedMs);
    const isTooLong = !(row instanceof Unreadable) && row.line.length - 1 > MAX_ROW_BYTES;
    return isTooLong ? new Unreadable(`a row of more than ${MAX_ROW_BYTES} bytes`) : row;
  };
}

/**
 * Reads a frame by JSON.parse. Every field that is kept is checked; keys that are not known are ignored, and keys differ only
 * by case.
 */
function parseFrame(frame: Buffer, receivedMs: number): Row | Unreadable {
  try {
    return readEvent(parse(frame), receivedMs);
  } catch (error) {
    if (error instanceof Unreadable) return error;
    throw error;
  }
}

function parse(frame: Buffer): unknown {
  const text = frame.toString('utf8');
  try {
    return UNUSUAL_NUMBER.test(text) ? JSON.parse(text, plainNumber) : JSON.parse(text);
  } catch {
    throw new Unreadable('not JSON');
  }
}

/** `1.0e0` is no id, though JSON.parse makes 1 of it. Looking at the source of each value takes ten times as long as parsing. */
function plainNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value !== 'number' || WHOLE.test(context?.source ?? '') ? value : Number.NaN;
}

function readEvent(frame: unknown, receivedMs: number): Row {
  if (!isRecord(frame) || typeof frame.stream !== 'string' || !isRecord(frame.data)) {
    throw new Unreadable('not a frame of a stream');
  }
  const { stream, data } = frame;
  // Only the stream's name tells a snapshot of the best levels from a change of the book: both are a depthUpdate.
  if (stream.endsWith('@aggTrade') && data.e === 'aggTrade') return readTrade(stream, data, receivedMs);
  if (stream.endsWith('@depth20@100ms') && data.e === 'depthUpdate')
    return readDepth(stream, data, receivedMs);
  throw new Unreadable('unknown stream or event');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
