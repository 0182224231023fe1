import type { RawKind } from '../../shared/lake/object-names.ts';

/** What the recorder has done since its start; everyone adds to it, the status and the metrics read it. */
export type Tally = {
  rows: Record<RawKind, number>;
  /** Frames that are no row of a stream we asked for. */
  unreadable: number;
  /** Rows whose `T` and `E` are more than an hour apart. */
  setAside: number;
  /** Both kinds of odd frames: those that were kept, the bytes of their lines, and those there was no room for. */
  odd: { kept: number; bytes: number; dropped: number };
  /** Connections opened in place of another, by the reason. */
  reconnects: Record<ReconnectReason, number>;
  /** Holes in the aggregate trade ids as they came, and the ids they hold. */
  gaps: { count: number; ids: number };
  /** Rows given up because the spool was full; of chunks that a dead run left only the chunks are known. */
  shed: Record<RawKind, number>;
  shedChunks: number;
  chunks: number;
  chunkBytes: number;
  /** Tries to store a chunk that failed. */
  storeFailures: number;
  /** Writes to the spool that the disk refused. */
  spoolFailures: number;
  /** Times this run's folder in the spool was deleted or taken by another recorder. */
  lostFolders: number;
  /** Rows that were neither in the store nor on the disk any more: their file was deleted, or the process had to end. */
  lostRows: number;
  /** Chunks of dead runs that could not be read and were set aside, and compressed ones that are damaged. */
  unreadableChunks: number;
  damagedChunks: number;
};

/** Why a connection was opened in place of another: it ended, was refused, fell silent, grew old, or has other streams. */
export type ReconnectReason = 'closed' | 'error' | 'refused' | 'silent' | 'age' | 'streams';

export function createTally(): Tally {
  return {
    rows: { trades: 0, depth: 0 },
    unreadable: 0,
    setAside: 0,
    odd: { kept: 0, bytes: 0, dropped: 0 },
    reconnects: { closed: 0, error: 0, refused: 0, silent: 0, age: 0, streams: 0 },
    gaps: { count: 0, ids: 0 },
    shed: { trades: 0, depth: 0 },
    shedChunks: 0,
    chunks: 0,
    chunkBytes: 0,
    storeFailures: 0,
    spoolFailures: 0,
    lostFolders: 0,
    lostRows: 0,
    unreadableChunks: 0,
    damagedChunks: 0,
  };
}
