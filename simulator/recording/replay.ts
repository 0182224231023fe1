import type { Frame, Source } from '../source/source.ts';
import { type Recording, readRecording } from './read.ts';
import { tapeOfEvents } from './tape.ts';

/** A source that plays recorded files again, all of them merged by exchange time. They are held in memory. */
export function openReplay(paths: readonly string[]): Source {
  const recordings = paths.map(readRecording);
  const trades = Map.groupBy(
    recordings.flatMap(({ trades }) => trades),
    ({ s }) => s,
  );
  const books = new Map([...trades].map(([symbol, events]) => [symbol, tapeOfEvents(symbol, events)]));
  const times = recordings.flatMap(({ frames }) => frames.map(({ eventMs }) => eventMs));
  return {
    instruments: [...books.values()].map(({ instrument }) => instrument),
    streams: [...new Set(recordings.flatMap(({ frames }) => frames.map(({ stream }) => stream)))],
    startMs: times.reduce((least, timeMs) => Math.min(least, timeMs), Number.POSITIVE_INFINITY),
    endMs: times.reduce((most, timeMs) => Math.max(most, timeMs), 0) + 1,
    frames: () => merge(recordings),
    tape: (symbol) => books.get(symbol)?.tape,
  };
}

/**
 * Frames of one file keep their order of receipt, whatever their times. Between files the exchange's event time decides,
 * not the receive time: files may come from recorders whose clocks differ, while the exchange has one clock.
 */
function* merge(recordings: readonly Recording[]): Generator<Frame> {
  const readers = recordings.map(framesOf);
  const heads: (Frame | undefined)[] = readers.map((reader) => reader.next().value);
  while (true) {
    let first = -1;
    for (let i = 0; i < heads.length; i++) {
      const head = heads[i];
      if (head && (first < 0 || head.atMs < (heads[first]?.atMs ?? 0))) first = i;
    }
    const frame = heads[first];
    if (!frame) return;
    yield frame;
    heads[first] = readers[first]?.next().value;
  }
}

/** A file's frames; the time of sending is the latest event time so far, since a few events arrive after younger ones. */
function* framesOf({ bytes, frames }: Recording): Generator<Frame, undefined> {
  let atMs = 0;
  for (const { stream, eventMs, start, end } of frames) {
    atMs = Math.max(atMs, eventMs);
    yield { stream, atMs, text: bytes.toString('utf8', start, end) };
  }
}
