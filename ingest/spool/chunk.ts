import { DEPTH_HEADER } from '../../shared/lake/depth.ts';
import { chunkObjectName, type RawKind } from '../../shared/lake/object-names.ts';
import { TRADE_HEADER } from '../../shared/lake/trade.ts';
import { dateOf, dayStartMs, MINUTE_MS } from '../../shared/time.ts';
import type { Stream } from '../frame/stream.ts';

const HEADERS: Record<RawKind, string> = { trades: TRADE_HEADER, depth: DEPTH_HEADER };

/** The first line of a chunk, with its line end. */
export const headerOf = (kind: RawKind): string => `${HEADERS[kind]}\n`;

/** The object of a chunk that begins at `startMs`. */
export function chunkName({ symbol, kind }: Stream, startMs: number, writer: string, n: number): string {
  const date = dateOf(startMs);
  const minute = Math.floor((startMs - dayStartMs(date)) / MINUTE_MS);
  return chunkObjectName(symbol, date, { kind, minute, writer, n });
}
