import type { RawKind } from '../shared/object-names.ts';

/** What the recorder has done since its start; everyone adds to it, the status and the metrics read it. */
export type Tally = {
  rows: Record<RawKind, number>;
  /** Frames that are no row of a stream we asked for. */
  unreadable: number;
  /** Rows whose `T` and `E` are more than an hour apart. */
  setAside: number;
  /** Connections that had to be opened again. */
  reconnects: number;
  chunks: number;
  chunkBytes: number;
  /** Tries to store a chunk that failed. */
  storeFailures: number;
};

export function createTally(): Tally {
  return {
    rows: { trades: 0, depth: 0 },
    unreadable: 0,
    setAside: 0,
    reconnects: 0,
    chunks: 0,
    chunkBytes: 0,
    storeFailures: 0,
  };
}
