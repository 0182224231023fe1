import type { Log } from '../shared/log.ts';
import { HOUR_MS } from '../shared/time.ts';
import { Unreadable } from './frame/fields.ts';
import { readFrame } from './frame/read-frame.ts';
import type { Row } from './frame/row.ts';
import type { ExchangeClock } from './minutes/exchange-clock.ts';
import type { FeedMinutes } from './minutes/feed-minutes.ts';
import type { Tally } from './tally.ts';

/** A trade is told within seconds: times further apart than this are damage, and would put the row into a wrong day. */
const MAX_TIMES_APART_MS = HOUR_MS;
const LOGGED_TEXT_BYTES = 1_024;

/** Takes what one connection delivers. A frame that cannot be read is logged with its text and never ends the recording. */
export type Receiver = (bytes: Buffer, isBinary: boolean, receivedMs: number) => void;

export function createReceiver(
  minutes: FeedMinutes,
  clock: ExchangeClock,
  { tally, log, onRow }: { tally: Tally; log: Log; onRow: (row: Row) => void },
): Receiver {
  const setAside = (bytes: Buffer, reason: string): void => {
    tally.unreadable++;
    log.warn({ reason, bytes: bytes.length, text: textOf(bytes) }, `read frame: ${reason}`);
  };
  return (bytes, isBinary, receivedMs) => {
    if (isBinary) return setAside(bytes, 'binary frame');
    const row = readFrame(bytes, receivedMs);
    if (row instanceof Unreadable) return setAside(bytes, row.message);
    if (minutes.stream(row.stream)?.symbol !== row.symbol) return setAside(bytes, 'stream not asked for');
    if (Math.abs(row.timeMs - row.eventMs) > MAX_TIMES_APART_MS) {
      tally.setAside++;
      log.warn(
        { stream: row.stream, text: textOf(bytes) },
        'set row aside: T and E are more than an hour apart',
      );
      return;
    }
    clock.saw(row.eventMs, receivedMs);
    minutes.add(row);
    tally.rows[row.kind]++;
    onRow(row);
  };
}

/** At most 1 kB; a character cut in two is left out. */
function textOf(bytes: Buffer): string {
  const text = bytes.toString('utf8', 0, LOGGED_TEXT_BYTES);
  return bytes.length > LOGGED_TEXT_BYTES ? text.replace(/\uFFFD$/, '') : text;
}
