import type { Log } from '../../shared/program/log.ts';
import { HOUR_MS, MINUTE_MS } from '../../shared/time.ts';
import { Unreadable } from '../frame/fields.ts';
import { createFrameReader } from '../frame/read-frame.ts';
import type { Row } from '../frame/row.ts';
import type { Tally } from '../health/tally.ts';
import type { ExchangeClock } from '../minutes/exchange-clock.ts';
import type { FeedMinutes } from '../minutes/feed-minutes.ts';

/** A trade is told within seconds: times further apart than this are damage, and would put the row into a wrong day. */
const MAX_TIMES_APART_MS = HOUR_MS;
const LOGGED_TEXT_BYTES = 1_024;
/** A format that changed would else fill the log by the gigabyte; every frame is counted. */
const LOGGED_A_MINUTE = 1_000;

/**
 * Takes what one connection delivers. A frame that cannot be read is logged with its text and never ends the recording. `receivedMs` is
 * the wall clock's time, which the row keeps; `localMs` is that of the monotonic clock.
 */
export type Receiver = (bytes: Buffer, isBinary: boolean, receivedMs: number, localMs: number) => void;

export function createReceiver(
  minutes: FeedMinutes,
  clock: ExchangeClock,
  { tally, log, onRow }: { tally: Tally; log: Log; onRow: (row: Row) => void },
): Receiver {
  const readFrame = createFrameReader(minutes.streams);
  const mayLog = createLimit(log);
  const unreadable = (bytes: Buffer, reason: string, localMs: number): void => {
    tally.unreadable++;
    if (!mayLog(localMs)) return;
    log.warn({ reason, bytes: bytes.length, text: textOf(bytes) }, `read frame: ${reason}`);
  };
  return (bytes, isBinary, receivedMs, localMs) => {
    if (isBinary) return unreadable(bytes, 'binary frame', localMs);
    const row = readFrame(bytes, receivedMs);
    if (row instanceof Unreadable) return unreadable(bytes, row.message, localMs);
    if (minutes.stream(row.stream)?.symbol !== row.symbol) {
      return unreadable(bytes, 'stream not asked for', localMs);
    }
    if (Math.abs(row.timeMs - row.eventMs) > MAX_TIMES_APART_MS) {
      tally.setAside++;
      if (!mayLog(localMs)) return;
      log.warn(
        { stream: row.stream, text: textOf(bytes) },
        'set row aside: T and E are more than an hour apart',
      );
      return;
    }
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
