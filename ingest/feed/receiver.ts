import type { Log } from '../../shared/program/log.ts';
import { HOUR_MS, MINUTE_MS } from '../../shared/time.ts';
import { Unreadable } from '../frame/fields.ts';
import { createFrameReader } from '../frame/read-frame.ts';
import type { Row } from '../frame/row.ts';
import type { Tally } from '../health/tally.ts';
import type { ExchangeClock } from '../minutes/exchange-clock.ts';
import type { FeedMinutes } from '../minutes/feed-minutes.ts';
import type { OddFrame } from '../odd/odd-frames.ts';

/** A trade is told within seconds: times further apart than this are damage, and would put the row into a wrong day. */
const MAX_TIMES_APART_MS = HOUR_MS;
const LOGGED_TEXT_BYTES = 1_024;
/** A format that changed would else fill the log by the gigabyte; every frame is counted. */
const LOGGED_A_MINUTE = 1_000;

/**
 * Takes what one connection delivers. A frame that cannot be read is kept, logged, and never ends the recording. `receivedMs` is
 * the wall clock's time, which the row keeps; `localMs` is that of the monotonic clock.
 */
export type Receiver = (bytes: Buffer, isBinary: boolean, receivedMs: number, localMs: number) => void;

export type ReceiverDependencies = {
  tally: Tally;
  log: Log;
  onRow(row: Row): void;
  /** Takes a copy of a frame that is no row. */
  onOdd(frame: OddFrame): void;
};

export function createReceiver(
  minutes: FeedMinutes,
  clock: ExchangeClock,
  { tally, log, onRow, onOdd }: ReceiverDependencies,
): Receiver {
  const opened = new Set(minutes.streams.map(({ name }) => name));
  const readFrame = createFrameReader(minutes.streams);
  const mayLog = createLimit(log);
  const keep = (bytes: Buffer, isBinary: boolean, reason: string, receivedMs: number): void => {
    const symbol = minutes.stream(streamOf(bytes) ?? '')?.symbol;
    onOdd({ bytes, isBinary, reason, symbol, receivedMs });
  };
  const setAside = (bytes: Buffer, stream: string, receivedMs: number, localMs: number): void => {
    const reason = 'T and E are more than an hour apart';
    tally.setAside++;
    keep(bytes, false, reason, receivedMs);
    if (mayLog(localMs)) log.warn({ stream, text: textOf(bytes) }, `set row aside: ${reason}`);
  };
  const unreadable = (
    bytes: Buffer,
    isBinary: boolean,
    reason: string,
    receivedMs: number,
    localMs: number,
  ): void => {
    tally.unreadable++;
    keep(bytes, isBinary, reason, receivedMs);
    if (!mayLog(localMs)) return;
    log.warn({ reason, bytes: bytes.length, text: textOf(bytes) }, `read frame: ${reason}`);
  };
  return (bytes, isBinary, receivedMs, localMs) => {
    if (isBinary) return unreadable(bytes, true, 'binary frame', receivedMs, localMs);
    const row = readFrame(bytes, receivedMs);
    if (row instanceof Unreadable) return unreadable(bytes, false, row.message, receivedMs, localMs);
    const stream = minutes.stream(row.stream);
    if (!stream && opened.has(row.stream)) return; // it was let go, and its connection is about to be replaced
    if (stream?.symbol !== row.symbol)
      return unreadable(bytes, false, 'stream not asked for', receivedMs, localMs);
    if (Math.abs(row.timeMs - row.eventMs) > MAX_TIMES_APART_MS)
      return setAside(bytes, row.stream, receivedMs, localMs);
    clock.saw(row.eventMs, localMs);
    minutes.add(row);
    tally.rows[row.kind]++;
    onRow(row);
  };
}

/** Whether one more frame may be logged in this minute. Tells once when no more are. */
function createLimit(log: Log): (nowMs: number) => boolean {
  let minute = 0;
  let logged = 0;
  return (nowMs) => {
    const minuteNow = Math.floor(nowMs / MINUTE_MS);
    if (minuteNow !== minute) [minute, logged] = [minuteNow, 0];
    if (++logged === LOGGED_A_MINUTE)
      log.error('too many frames that cannot be read: the rest of this minute is only counted');
    return logged < LOGGED_A_MINUTE;
  };
}

/** At most 1 kB; a character cut in two is left out. */
function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8', 0, LOGGED_TEXT_BYTES);
  return bytes.length > LOGGED_TEXT_BYTES ? text.replace(/\uFFFD$/, '') : text;
}

/** Behind the first brace; escapes are for JSON to read. */
const STREAM = /^\{\s*"stream"\s*:\s*("(?:[^"\\]|\\.)*")/;
const STREAM_BYTES = 1_024;

/** The stream a frame says it is of, also where the rest of it is torn; undefined where it does not say. */
function streamOf(bytes: Buffer): string | undefined {
  try {
    const name = STREAM.exec(bytes.toString('utf8', 0, STREAM_BYTES))?.[1];
    const stream: unknown = name === undefined ? JSON.parse(bytes.toString())?.stream : JSON.parse(name);
    return typeof stream === 'string' ? stream : undefined;
  } catch {
    return undefined;
  }
}
