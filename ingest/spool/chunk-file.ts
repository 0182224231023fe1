import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '../../shared/errors.ts';

const EMPTY = Buffer.alloc(0);

/** The file of an open chunk. Rows wait in memory until they are written; what could not be written stays there. */
export class ChunkFile {
  readonly path: string;
  #waiting: string[] = [];
  #unwritten: Buffer = EMPTY;
  #waitingBytes = 0;
  #writtenBytes = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Bytes in the file. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Bytes in memory. */
  get waitingBytes(): number {
    return this.#waitingBytes + this.#unwritten.length;
  }

  /** What is not in the file, in order. */
  get unwritten(): Buffer {
    this.#gather();
    return this.#unwritten;
  }

  append(line: string): void {
    this.#waiting.push(line);
    this.#waitingBytes += line.length; // a chunk is ASCII
  }

  /**
   * Writes what waits. Synchronous: an append to the page cache takes less than handing it to another thread, and a row
   * is then on disk or not, with nothing in between. @throws where the disk refuses; nothing is lost then.
   */
  write(): void {
    if (this.waitingBytes === 0) return;
    this.#gather();
    const file = openForAppend(this.path);
    try {
      while (this.#unwritten.length > 0) {
        const written = writeSync(file, this.#unwritten);
        this.#writtenBytes += written;
        this.#unwritten = this.#unwritten.subarray(written);
      }
      this.#unwritten = EMPTY; // an empty part of a buffer would keep all of it
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

  /** The file was removed by someone else. */
  forgetWritten(): void {
    this.#writtenBytes = 0;
  }

  #gather(): void {
    if (this.#waiting.length === 0) return;
    this.#unwritten = Buffer.concat([this.#unwritten, Buffer.from(this.#waiting.join(''))]);
    this.#waiting = [];
    this.#waitingBytes = 0;
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
