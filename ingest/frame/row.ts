import type { RawKind } from '../../shared/lake/object-names.ts';

/** One row of a raw chunk, and what the recorder needs to know of it. Times in ms since 1970, UTC. */
export type Row = {
  /** The stream's name as the frame gives it, e.g. `btcusdt@aggTrade`. */
  stream: string;
  symbol: string;
  kind: RawKind;
  /** `T`: decides the row's day and minute. */
  timeMs: number;
  /** `E`: when the exchange sent it. */
  eventMs: number;
  /** Aggregate trade id, or the book's last update id. */
  id: number;
  /** The last single trade's id; of a snapshot its last update id. */
  lastId: number;
  /** The CSV line with its line end. Its memory is used again for the connection's next frame. */
  line: Buffer;
};
