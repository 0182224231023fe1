import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { UsageError } from '../../shared/errors.ts';
import type { AggTradeEvent, StreamFrame } from '../../shared/exchange/wire.ts';

/** A recorded frame: the stream it came on, its event time, and where its text lies in the file. */
export type RecordedFrame = { stream: string; eventMs: number; start: number; end: number };

/** One file of `<receive time, ms> <frame>` lines, unzipped, with its frames in order of receipt. */
export type Recording = { bytes: Buffer; frames: RecordedFrame[]; trades: AggTradeEvent[] };

const NEWLINE = 0x0a;
const SPACE = 0x20;

/** Reads a `.jsonl.gz` file. Its bytes stay in memory, and the frames point into them. */
export function readRecording(path: string): Recording {
  const bytes = readBytes(path);
  const recording: Recording = { bytes, frames: [], trades: [] };
  for (let start = 0, line = 1; start < bytes.length; line++) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    try {
      addFrame(recording, bytes.indexOf(SPACE, start) + 1, end);
    } catch (error) {
      throw new UsageError(`read recording ${path}: line ${line}`, { cause: error });
    }
    start = end + 1;
  }
  return recording;
}

function readBytes(path: string): Buffer {
  try {
    return gunzipSync(readFileSync(path));
  } catch (error) {
    throw new UsageError(`read recording ${path}`, { cause: error });
  }
}

function addFrame(recording: Recording, start: number, end: number): void {
  const frame: StreamFrame<{ e: string; E: number }> = JSON.parse(
    recording.bytes.toString('utf8', start, end),
  );
  recording.frames.push({ stream: frame.stream, eventMs: frame.data.E, start, end });
  if (isTrade(frame.data)) recording.trades.push(frame.data);
}

function isTrade(event: { e: string }): event is AggTradeEvent {
  return event.e === 'aggTrade';
}
