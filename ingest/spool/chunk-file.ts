import { closeSync, constants, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../shared/errors.ts';
import type { SpareMemory } from './spare-memory.ts';

const EMPTY = Buffer.alloc(0);
const FIRST_BYTES = 4_096;
const LINE_END = 0x0a;

/**
 * The file of an open chunk. Rows wait in memory until they are written; what could not be written stays there. A file that
 * is gone, alone or with its folder, takes the rows that were in it along, and begins anew.
 */
export class ChunkFile {
  /** In the folder of the run. */
  readonly name: string;
  readonly #header: Buffer;
  readonly #memory: SpareMemory;
  readonly #onLost: (rows: number, folder: string) => void;
  /** The folder that holds what is written; undefined while nothing is. */
  #folder: string | undefined;
  /** What waits lies between {@link #start} and {@link #end}. */
  #bytes: Buffer = EMPTY;
  #start = 0;
  #end = 0;
  #writtenBytes = 0;
  #rows = 0;
  /** The last byte written is not the end of a row. */
  #isCut = false;
  #hasLost = false;

  /** `onLost` is told the rows that are gone with a file, and the folder it was in. */
  constructor(
    { name, header }: { name: string; header: string },
    memory: SpareMemory,
    onLost: (rows: number, folder: string) => void,
  ) {
    this.name = name;
    this.#header = Buffer.from(header);
    this.#memory = memory;
    this.#onLost = onLost;
    this.#put(this.#header);
  }

  /** Rows, written or not. */
  get rows(): number {
    return this.#rows;
  }

  /** True when rows are missing here that came in its time. */
  get hasLost(): boolean {
    return this.#hasLost;
  }

  /** Bytes in the file. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Bytes in memory. */
  get waitingBytes(): number {
    return this.#end - this.#start;
  }

  /** Rows that are not in the file, whole. */
  get waitingRows(): number {
    let lines = 0;
    for (const byte of this.unwritten) if (byte === LINE_END) lines++;
    return this.#writtenBytes === 0 && this.#header.length > 0 && lines > 0 ? lines - 1 : lines;
  }

  /** What is not in the file, in order: a view that lasts until the next {@link append}. */
  get unwritten(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Where the file lies; undefined while nothing is written. */
  get path(): string | undefined {
    return this.#folder === undefined ? undefined : join(this.#folder, this.name);
  }

  /** True where rows are written, and not into this folder. */
  isOutside(folder: string | undefined): boolean {
    return this.#folder !== undefined && this.#folder !== folder;
  }

  /** Takes a copy of a row. */
  append(line: Uint8Array): void {
    this.#rows++;
    this.#put(line);
  }

  /**
   * Writes what waits into the run's folder. Synchronous: an append to the page cache takes less than handing it to another
   * thread, and a row is then on disk or not, with nothing in between. @throws where the disk refuses; nothing is lost then.
   */
  write(folder: string): void {
    if (this.isOutside(folder)) this.lose();
    if (this.waitingBytes === 0) return;
    const file = this.#openIn(folder);
    this.#folder = folder;
    try {
      while (this.#start < this.#end) {
        const written = writeSync(file, this.#bytes, this.#start, this.#end - this.#start);
        this.#writtenBytes += written;
        this.#start += written;
        this.#isCut = this.#bytes[this.#start - 1] !== LINE_END;
      }
      [this.#start, this.#end] = [0, 0];
    } finally {
      closeSync(file);
    }
  }

  /** The file is gone: what waits becomes a chunk of its own, with a header, and without the rest of a row that was cut. */
  lose(): void {
    const folder = this.#folder ?? '';
    this.#folder = undefined;
    if (this.#writtenBytes === 0) return; // nothing was in it
    const waiting = this.unwritten;
    const whole = this.#isCut ? waiting.subarray(waiting.indexOf(LINE_END) + 1) : waiting;
    const rowsBefore = this.#rows;
    // Not given back: a chunk may be compressed from it at this moment.
    [this.#bytes, this.#start, this.#end] = [EMPTY, 0, 0];
    [this.#writtenBytes, this.#isCut] = [0, false];
    this.#put(this.#header);
    this.#put(whole);
    this.#rows = this.waitingRows;
    this.#hasLost = true;
    this.#onLost(rowsBefore - this.#rows, folder);
  }

  remove(): void {
    if (this.path !== undefined) rmSync(this.path, { force: true });
  }

  /** Its rows are elsewhere by now, and its file was removed. */
  forget(): void {
    this.#memory.give(this.#bytes);
    this.#bytes = EMPTY;
    this.#start = this.#end = this.#writtenBytes = this.#rows = 0;
    this.#folder = undefined;
  }

  #put(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#bytes.length) this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Room for so many bytes more than wait now, in memory of the next size class: full memory doubles. */
  #grow(bytes: number): void {
    const waiting = this.unwritten;
    const larger = this.#memory.take(Math.max(FIRST_BYTES, waiting.length + bytes));
    larger.set(waiting);
    this.#memory.give(this.#bytes);
    this.#bytes = larger;
    [this.#start, this.#end] = [0, waiting.length];
  }

  /** A file that was written to is never made again: one that is gone would come back without what was in it. */
  #openIn(folder: string): number {
    const path = join(folder, this.name);
    const flags = constants.O_WRONLY | constants.O_APPEND;
    try {
      return openSync(path, this.#writtenBytes > 0 ? flags : flags | constants.O_CREAT);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
    if (this.#writtenBytes > 0) this.lose();
    makeFoldersOf(folder, this.name);
    return openSync(path, flags | constants.O_CREAT);
  }
}

/** Makes the folders that a file needs inside of the run's. @throws where that is gone: only whoever owns a run may make it */
export function makeFoldersOf(run: string, name: string): void {
  const [, ...parts] = name.split('/').reverse();
  let folder = run;
  for (const part of parts.reverse()) {
    folder = join(folder, part);
    try {
      mkdirSync(folder);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}
