import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { nextObjectName } from '../../shared/object-names.ts';
import { compress } from '../chunk/chunk.ts';
import type { ChunkFile } from './chunk-file.ts';

/** Which minute of which stream a chunk holds, and when it is to be stored. */
export type ChunkFacts = {
  /** `trades`, `depth` or another kind: only snapshots are given up when there is no room. */
  kind: string;
  /** Its object without the `.gz`, which is also its file in the folder of its run. */
  name: string;
  rows: number;
  closedAtMs: number;
  /** The end of its time, by the exchange's clock; 0 where it does not matter. */
  endMs: number;
  /** By the exchange's clock and, at the latest, by the local one. */
  due: { exchangeMs: number; localMs: number };
};

/**
 * A chunk that takes no more rows, on its way into the store. Rows are in its file or still in memory, then compressed
 * in memory; {@link writeRows} and {@link persist} put them on the disk. What is stored before that costs no disk at all.
 */
export class ClosedChunk {
  readonly facts: ChunkFacts;
  readonly #path: string;
  readonly #file: ChunkFile | undefined;
  /** Bytes of the plain file, where that is not of this run. */
  #leftOverBytes: number;
  #compressed: Buffer | undefined;
  #compressedFileBytes = 0;
  #persisting: Promise<void> = Promise.resolve();
  #isGone = false;

  private constructor(facts: ChunkFacts, path: string, file: ChunkFile | undefined, leftOverBytes: number) {
    this.facts = facts;
    this.#path = path;
    this.#file = file;
    this.#leftOverBytes = leftOverBytes;
  }

  static ofFile(facts: ChunkFacts, file: ChunkFile): ClosedChunk {
    return new ClosedChunk(facts, file.path, file, 0);
  }

  /** A chunk file that a dead run left, plain or compressed; undefined for any other file. */
  static ofLeftOver(path: string, bytes: number, nowMs: number): ClosedChunk | undefined {
    const [, name = '', kind = ''] = /\/(raw\/[^/]+\/[^/]+\/([^/]+)\/[^/]+?)(?:\.gz)?$/.exec(path) ?? [];
    if (nextObjectName(name, 0) === undefined) return undefined;
    const due = { exchangeMs: 0, localMs: nowMs };
    const facts = { kind, name, rows: 0, closedAtMs: nowMs, endMs: 0, due };
    const isCompressed = path.endsWith('.gz');
    const found = new ClosedChunk(facts, path.replace(/\.gz$/, ''), undefined, isCompressed ? 0 : bytes);
    if (isCompressed) found.#compressedFileBytes = bytes;
    return found;
  }

  /** The object it becomes; `extra` where that name turned out to be taken. */
  objectName(extra: number): string {
    return nextObjectName(this.facts.name, extra) ?? this.facts.name;
  }

  get isCompressed(): boolean {
    return this.#compressed !== undefined || this.#compressedFileBytes > 0;
  }

  get spoolBytes(): number {
    return this.#plainFileBytes + this.#compressedFileBytes;
  }

  get memoryBytes(): number {
    return (this.#compressed?.length ?? 0) + (this.isCompressed ? 0 : (this.#file?.waitingBytes ?? 0));
  }

  /** Compresses the rows. False for a chunk of a dead run without a row: nobody knows how long that run had listened. */
  async compress(): Promise<boolean> {
    const text = this.#file ? await this.#rows(this.#file) : wholeLines(await readFile(this.#path));
    const headerEnd = this.facts.name.endsWith('.csv') ? text.indexOf('\n') + 1 : 0;
    if (!this.#file && text.length === headerEnd) return false;
    this.#compressed = await compress(text);
    return true;
  }

  /** The compressed bytes. */
  bytes(): Promise<Buffer> {
    return this.#compressed ? Promise.resolve(this.#compressed) : readFile(`${this.#path}.gz`);
  }

  /** Writes rows that are only in memory into the plain file. Synchronous. @throws where the disk refuses; nothing is lost then. */
  writeRows(): void {
    if (!this.#isGone && this.#compressedFileBytes === 0) this.#file?.write();
  }

  /** Puts the compressed bytes on the disk, in place of the plain file. @throws where the disk refuses; nothing is lost then. */
  persist(): Promise<void> {
    if (this.#isGone) return Promise.resolve();
    this.#persisting = this.#persist();
    return this.#persisting;
  }

  /** Removes whatever the spool holds of it. */
  async remove(): Promise<void> {
    this.#isGone = true;
    await this.#persisting.catch(() => {}); // else it would leave behind what it writes just now
    await this.#removePlain();
    if (this.#compressedFileBytes > 0) await rm(`${this.#path}.gz`, { force: true });
  }

  async #persist(): Promise<void> {
    if (!this.#compressed || this.#compressedFileBytes > 0) return;
    const bytes = this.#compressed;
    const part = `${this.#path}.part`;
    this.#file?.makeFolder();
    try {
      await writeFile(part, bytes);
      await rename(part, `${this.#path}.gz`);
    } catch (error) {
      await rm(part, { force: true }).catch(() => {});
      throw error;
    }
    this.#compressedFileBytes = bytes.length;
    this.#compressed = undefined;
    await this.#removePlain();
  }

  get #plainFileBytes(): number {
    return this.#file?.writtenBytes ?? this.#leftOverBytes;
  }

  async #removePlain(): Promise<void> {
    if (this.#file?.writtenBytes !== 0) await rm(this.#path, { force: true });
    this.#file?.forget();
    this.#leftOverBytes = 0;
  }

  /** More may be written while the file is read, so only what was in it by now is taken from there. */
  async #rows({ path, writtenBytes, unwritten }: ChunkFile): Promise<Buffer> {
    if (writtenBytes === 0) return unwritten;
    const written = await readFile(path);
    return Buffer.concat([written.subarray(0, writtenBytes), unwritten]);
  }
}

/** A run that died may have left its last line unfinished. */
function wholeLines(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
}
