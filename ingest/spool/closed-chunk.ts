import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../shared/errors.ts';
import { packChunk } from '../../shared/lake/pack.ts';
import { unlessAbsent } from '../../shared/store/folder/files.ts';
import { type ChunkFile, makeFoldersOf } from './chunk-file.ts';
import { UNREADABLE } from './run-files.ts';
import { type ChunkFacts, type WaitingChunk, writeWhole } from './waiting-chunk.ts';

/**
 * A chunk of this run. Rows are in its file or still in memory, then compressed in memory; {@link writeRows} and
 * {@link persist} put them on the disk. What is stored before that costs no disk at all.
 */
export class ClosedChunk implements WaitingChunk {
  readonly facts: ChunkFacts;
  readonly isLeftOver = false;
  readonly #file: ChunkFile;
  readonly #onLost: (rows: number, folder: string) => void;
  #compressed: Buffer | undefined;
  /** The compressed file, where there is one. */
  #persisted: { folder: string; path: string; bytes: number } | undefined;
  #persisting: Promise<void> = Promise.resolve();
  #isCompressing = false;
  #isGone = false;

  constructor(facts: ChunkFacts, file: ChunkFile, onLost: (rows: number, folder: string) => void) {
    this.facts = facts;
    this.#file = file;
    this.#onLost = onLost;
  }

  get isCompressed(): boolean {
    return this.#compressed !== undefined || this.#persisted !== undefined;
  }

  get spoolBytes(): number {
    return this.#file.writtenBytes + (this.#persisted?.bytes ?? 0);
  }

  get memoryBytes(): number {
    return (this.#compressed?.length ?? 0) + (this.isCompressed ? 0 : this.#file.waitingBytes);
  }

  unsavedRows(folder: string | undefined): number {
    if (this.#persisted) return 0;
    return this.#file.isOutside(folder) ? this.facts.rows : this.#file.waitingRows;
  }

  async compress(): Promise<boolean> {
    if (this.isCompressed) return true;
    this.#isCompressing = true;
    try {
      const text = await this.#rows();
      // Without a row it would say that nothing happened.
      if (this.#file.rows === 0 && this.#file.hasLost) return false;
      this.#compressed = await packChunk(text);
      return true;
    } finally {
      this.#isCompressing = false;
    }
  }

  async bytes(): Promise<Buffer> {
    if (this.#compressed || !this.#persisted) return this.#compressed ?? Buffer.alloc(0);
    return readFile(this.#persisted.path);
  }

  writeRows(folder: string): void {
    if (this.#isGone || this.#persisted || this.#isCompressing) return;
    // All of it is in memory still, and is put into the new folder compressed.
    if (this.#compressed && this.#file.isOutside(folder)) return;
    this.#file.write(folder);
  }

  persist(folder: string | undefined): Promise<void> {
    if (folder === undefined) return Promise.resolve();
    this.#persisting = this.#persisting.catch(() => {}).then(() => this.#persist(folder));
    return this.#persisting;
  }

  async remove(): Promise<void> {
    this.#isGone = true;
    await this.#persisting.catch(() => {}); // else it would leave behind what it writes just now
    await this.#removePlain();
    if (this.#persisted) await rm(this.#persisted.path, { force: true });
  }

  async setAside(): Promise<void> {
    this.#isGone = true;
    const path = this.#persisted?.path ?? this.#file.path;
    const isKept =
      path !== undefined &&
      (await unlessAbsent(() => rename(path, `${path}${UNREADABLE}`).then(() => true))) === true;
    const rows = isKept ? this.#file.waitingRows : this.facts.rows;
    if (rows > 0) this.#onLost(rows, this.#persisted?.folder ?? '');
  }

  async #persist(folder: string): Promise<void> {
    if (!this.#compressed || this.#isGone || this.#persisted) return;
    const bytes = this.#compressed;
    const name = `${this.facts.name}.gz`;
    makeFoldersOf(folder, name);
    const path = join(folder, name);
    await writeWhole(path, bytes);
    this.#persisted = { folder, path, bytes: bytes.length };
    this.#compressed = undefined;
    await this.#removePlain();
  }

  async #removePlain(): Promise<void> {
    const { path } = this.#file;
    if (path !== undefined) await rm(path, { force: true });
    this.#file.forget();
  }

  /** More may be written while the file is read, so only what was in it by now is taken from there. */
  async #rows(): Promise<Buffer> {
    const { path, writtenBytes, unwritten } = this.#file;
    if (path === undefined || writtenBytes === 0) return unwritten;
    try {
      const written = await readFile(path);
      return Buffer.concat([written.subarray(0, writtenBytes), unwritten]);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      this.#file.lose();
      return this.#file.unwritten;
    }
  }
}
