import { rename, rm, writeFile } from 'node:fs/promises';

/** Which chunk waits, and when it is to be stored. */
export type ChunkFacts = {
  /** `trades`, `depth` or another kind: only snapshots are given up when there is no room. */
  kind: string;
  /** Its object without the `.gz`, which is also its file in the folder of its run. */
  name: string;
  rows: number;
  /** By the monotonic clock. */
  closedAtMs: number;
  /** The end of its time, by the exchange's clock; 0 where it does not matter. */
  endMs: number;
  /** By the exchange's clock and, at the latest, by the monotonic one. */
  due: { exchangeMs: number; localMs: number };
};

/** A chunk that takes no more rows, on its way into the store: of this run or left by a dead one. */
export interface WaitingChunk {
  readonly facts: ChunkFacts;
  /** Left by a dead run: it is safe on the disk, so it never takes memory that rows need. */
  readonly isLeftOver: boolean;
  /** Its bytes are ready to be stored. */
  readonly isCompressed: boolean;
  readonly spoolBytes: number;
  readonly memoryBytes: number;
  /** Rows that are neither in the run's folder nor in a leftover's. */
  unsavedRows(folder: string | undefined): number;
  /** Makes its bytes ready. False where there is nothing to store. @throws where it cannot be read */
  compress(): Promise<boolean>;
  /** The compressed bytes. @throws where they cannot be read */
  bytes(): Promise<Buffer>;
  /** Writes rows that are only in memory into the run's folder. Synchronous. @throws where the disk refuses; nothing is lost then */
  writeRows(folder: string): void;
  /** Puts the compressed bytes on the disk, in place of the plain file. @throws where the disk refuses; nothing is lost then */
  persist(folder: string | undefined): Promise<void>;
  /** Removes whatever the spool holds of it: it is stored, empty or given up. */
  remove(): Promise<void>;
  /** Keeps its file under a name that no recorder takes for a chunk. */
  setAside(): Promise<void>;
}

/** Writes a file in one step: it is there whole or not at all. */
export async function writeWhole(path: string, bytes: Buffer): Promise<void> {
  const part = `${path}.part`;
  try {
    await writeFile(part, bytes);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true }).catch(() => {});
    throw error;
  }
}
