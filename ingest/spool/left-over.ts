import { readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { errorText } from '../../shared/errors.ts';
import { nextObjectName } from '../../shared/lake/object-names.ts';
import { packChunk } from '../../shared/lake/pack.ts';
import { MAX_CHUNK_BYTES } from '../../shared/limits.ts';
import { unlessAbsent } from '../../shared/store/folder/files.ts';
import type { AdoptedRun } from './adoption.ts';
import { UNREADABLE } from './run-files.ts';
import { type ChunkFacts, type WaitingChunk, writeWhole } from './waiting-chunk.ts';

const gunzipAsync = promisify(gunzip);

/** Who is told that a chunk has left the spool, and of a compressed file that is damaged. */
export type LeftOverListener = { onLeft(): void; onDamaged(name: string, problem: string): void };

/** The chunks of a dead run. A plain file beside its compressed one is the same chunk: the run died between the two. */
export async function leftOversOf(
  { folder, files }: AdoptedRun,
  nowMs: number,
  listener: LeftOverListener,
): Promise<LeftOver[]> {
  const names = new Set(files.map((file) => file.replace(/\.gz$/, '')));
  const found: LeftOver[] = [];
  for (const name of names) {
    if (nextObjectName(name, 0) === undefined) continue; // not a chunk's: set aside with the run
    const [plain, packed] = await Promise.all(
      ['', '.gz'].map((end) => unlessAbsent(() => stat(join(folder, `${name}${end}`)))),
    );
    found.push(
      new LeftOver({ folder, name, plainBytes: plain?.size, packedBytes: packed?.size }, nowMs, listener),
    );
  }
  return found;
}

type Files = {
  folder: string;
  name: string;
  plainBytes: number | undefined;
  packedBytes: number | undefined;
};

/** A chunk that a dead run left, plain or compressed. It lies where that run put it until it is stored. */
export class LeftOver implements WaitingChunk {
  readonly facts: ChunkFacts;
  readonly isLeftOver = true;
  readonly #path: string;
  readonly #listener: LeftOverListener;
  #plainBytes: number | undefined;
  #packedBytes: number | undefined;
  #isReady = false;
  #isGone = false;
  #compressed: Buffer | undefined;
  #persisting: Promise<void> = Promise.resolve();

  constructor({ folder, name, plainBytes, packedBytes }: Files, nowMs: number, listener: LeftOverListener) {
    const [, , , kind = ''] = name.split('/');
    const due = { exchangeMs: 0, localMs: nowMs };
    this.facts = { kind, name, rows: 0, closedAtMs: nowMs, endMs: 0, due };
    this.#path = join(folder, name);
    this.#plainBytes = plainBytes;
    this.#packedBytes = packedBytes;
    this.#listener = listener;
  }

  get isCompressed(): boolean {
    return this.#isReady;
  }

  get spoolBytes(): number {
    return (this.#plainBytes ?? 0) + (this.#packedBytes ?? 0);
  }

  get memoryBytes(): number {
    return this.#compressed?.length ?? 0;
  }

  unsavedRows(): number {
    return 0;
  }

  /** False for a chunk without a row: nobody knows how long its run had listened. */
  async compress(): Promise<boolean> {
    this.#isReady = await this.#makeReady();
    return this.#isReady;
  }

  bytes(): Promise<Buffer> {
    return this.#compressed ? Promise.resolve(this.#compressed) : readFile(this.#packedPath);
  }

  writeRows(): void {}

  persist(): Promise<void> {
    this.#persisting = this.#persisting.catch(() => {}).then(() => this.#persist());
    return this.#persisting;
  }

  async remove(): Promise<void> {
    this.#isGone = true;
    await this.#persisting.catch(() => {});
    await this.#removePlain();
    if (this.#packedBytes !== undefined) await rm(this.#packedPath, { force: true });
    this.#listener.onLeft();
  }

  async setAside(): Promise<void> {
    this.#isGone = true;
    try {
      for (const path of [this.#path, this.#packedPath]) await aside(path);
    } finally {
      this.#listener.onLeft();
    }
  }

  get #packedPath(): string {
    return `${this.#path}.gz`;
  }

  async #makeReady(): Promise<boolean> {
    if (this.#packedBytes !== undefined) {
      const problem = await problemOf(this.#packedPath);
      if (problem === undefined) return true; // it holds all that a plain one beside it does
      if (this.#plainBytes === undefined && this.#packedBytes === 0) throw new Error('the file is empty');
      this.#listener.onDamaged(`${this.facts.name}.gz`, problem);
      if (this.#plainBytes === undefined) return true; // its first rows can be read still
      await aside(this.#packedPath);
      this.#packedBytes = undefined;
    }
    const text = wholeLines(await readFile(this.#path));
    const headerEnd = this.facts.name.endsWith('.csv') ? text.indexOf('\n') + 1 : 0;
    if (text.length === headerEnd) return false;
    this.#compressed = await packChunk(text);
    return true;
  }

  async #persist(): Promise<void> {
    const bytes = this.#compressed;
    if (!bytes || this.#isGone || this.#packedBytes !== undefined) return;
    await writeWhole(this.#packedPath, bytes);
    this.#packedBytes = bytes.length;
    this.#compressed = undefined;
    await this.#removePlain();
  }

  async #removePlain(): Promise<void> {
    if (this.#plainBytes !== undefined) await rm(this.#path, { force: true });
    this.#plainBytes = undefined;
  }
}

async function aside(path: string): Promise<void> {
  await unlessAbsent(() => rename(path, `${path}${UNREADABLE}`));
}

/** What is wrong with a compressed file; undefined where it is whole. @throws where it cannot be read */
async function problemOf(path: string): Promise<string | undefined> {
  const bytes = await readFile(path);
  try {
    await gunzipAsync(bytes, { maxOutputLength: MAX_CHUNK_BYTES });
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}

/** A run that died may have left its last line unfinished. */
function wholeLines(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
}
