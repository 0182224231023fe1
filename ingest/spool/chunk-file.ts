import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '../../shared/errors.ts';
import type { SpareMemory } from './spare-memory.ts';

const EMPTY = Buffer.alloc(0);
const FIRST_BYTES = 4_096;

/** The file of an open chunk. Rows wait in memory until they are written; what could not be written stays there. */
export class ChunkFile {
  readonly path: string;
  readonly #memory: SpareMemory;
  /** What waits lies between {@link #start} and {@link #end}. */
  #bytes: Buffer = EMPTY;
  #start = 0;
  #end = 0;
  #writtenBytes = 0;

  constructor(path: string, memory: SpareMemory) {
    this.path = path;
    this.#memory = memory;
  }

  /** Bytes in the file. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Bytes in memory. */
  get waitingBytes(): number {
    return this.#end - this.#start;
  }

  /** What is not in the file, in order: a view that lasts until the next {@link append}. */
  get unwritten(): Buffer {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Takes a copy of the bytes. */
  append(line: Uint8Array): void {
    if (this.#end + line.length > this.#bytes.length) this.#grow(line.length);
    this.#bytes.set(line, this.#end);
    this.#end += line.length;
  }

  /**
   * Writes what waits. Synchronous: an append to the page cache takes less than handing it to another thread, and a row
   * is then on disk or not, with nothing in between. @throws where the disk refuses; nothing is lost then.
   */
  write(): void {
    if (this.waitingBytes === 0) return;
    const file = openForAppend(this.path);
    try {
      while (this.#start < this.#end) {
        const written = writeSync(file, this.#bytes, this.#start, this.#end - this.#start);
        this.#writtenBytes += written;
        this.#start += written;
      }
      [this.#start, this.#end] = [0, 0];
    } finally {
      closeSync(file);
    }
  }

  /** Makes the folder it lies in. */
  makeFolder(): void {
    mkdirSync(dirname(this.path), { recursive: true });
  }

  remove(): void {
    if (this.#writtenBytes > 0) rmSync(this.path, { force: true });
  }

  /** Its rows are elsewhere by now, and its file was removed. */
  forget(): void {
    this.#memory.give(this.#bytes);
    this.#bytes = EMPTY;
    this.#start = this.#end = this.#writtenBytes = 0;
  }

  /** Room for so many bytes more than wait now, and as much again. */
  #grow(bytes: number): void {
    const waiting = this.unwritten;
    const larger = this.#memory.take(Math.max(FIRST_BYTES, 2 * (waiting.length + bytes)));
    larger.set(waiting);
    this.#memory.give(this.#bytes);
    this.#bytes = larger;
    [this.#start, this.#end] = [0, waiting.length];
  }
}

function openForAppend(path: string): number {
  try {
    return openSync(path, 'a');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'a');
  }
}
