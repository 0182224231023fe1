import { readDepthFrame } from './depth-frame.ts';
import { readDepth } from './depth-row.ts';
import { Unreadable } from './fields.ts';
import type { Row } from './row.ts';
import { readTrade } from './trade-row.ts';

/**
 * Reads one combined-stream frame into a row of a raw chunk; the reason in words where it is none. Every field that
 * is kept is checked; keys that are not known are ignored, and keys differ only by case.
 */
export function readFrame(bytes: Buffer, receivedMs: number): Row | Unreadable {
  const row = readDepthFrame(bytes, receivedMs);
  if (row) return row;
  try {
    return readEvent(parse(bytes), receivedMs);
  } catch (error) {
    if (error instanceof Unreadable) return error;
    throw error;
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Unreadable('not JSON');
  }
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
