import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Store } from '../../shared/store/store.ts';
import { type Clock, MINUTE_MS } from '../../shared/time.ts';
import { chunkName, headerOf } from '../chunk/chunk.ts';
import type { MinuteRows, MinuteSink } from '../minutes/stream-minutes.ts';
import type { Stream } from '../stream.ts';
import type { Tally } from '../tally.ts';
import { Backlog } from './backlog.ts';
import { ChunkFile } from './chunk-file.ts';
import { ClosedChunk } from './closed-chunk.ts';
import { SpareMemory } from './spare-memory.ts';
import { spreadMs } from './spread.ts';

/** Rows that could not be written (a full disk) may take so much memory; trades get half as much again. */
const MAX_MEMORY_BYTES = 67_108_864;
const REMINDER_MS = MINUTE_MS;

export type SpoolOptions = {
  /** This run's folder. */
  run: string;
  writer: string;
  maxBytes: number;
};

type Dependencies = { store: Store; tally: Tally; log: Log; clock: Clock; random: () => number };

/** A chunk of any kind: its rows are under `header` (or nothing), its object is `name` and `.gz`. */
export type ChunkSpec = { kind: string; symbol: string; name: string; header: string };

type OpenChunk = {
  spec: ChunkSpec;
  file: ChunkFile;
  rows: number;
  hasShed: boolean;
};

/** Where rows are before they are in the store: on the local disk, at most half a second after they came. */
export class Spool implements MinuteSink {
  readonly backlog: Backlog;
  readonly #options: SpoolOptions;
  readonly #deps: Dependencies;
  readonly #open = new Set<OpenChunk>();
  readonly #memory = new SpareMemory();
  /** As of the last {@link write}, and what was taken since. */
  #spoolBytes = 0;
  #memoryBytes = 0;
  #isShedding = false;
  #toldFailureMs = Number.NEGATIVE_INFINITY;
  #toldSheddingMs = Number.NEGATIVE_INFINITY;

  constructor(options: SpoolOptions, deps: Dependencies, onChange: () => void) {
    this.#options = options;
    this.#deps = deps;
    this.backlog = new Backlog(deps, onChange);
  }

  /** Bytes on the disk. */
  get bytes(): number {
    return this.#spoolBytes;
  }

  open(stream: Stream, startMs: number, n: number): MinuteRows {
    const { kind, symbol } = stream;
    const name = chunkName(stream, startMs, this.#options.writer, n).replace(/\.gz$/, '');
    return this.openChunk({ kind, symbol, name, header: headerOf(kind) });
  }

  /** Opens a chunk of any kind. */
  openChunk(spec: ChunkSpec): MinuteRows {
    const file = new ChunkFile(join(this.#options.run, spec.name), this.#memory);
    const chunk = { spec, file, rows: 0, hasShed: false };
    chunk.file.append(Buffer.from(spec.header));
    this.#open.add(chunk);
    return {
      append: (line) => {
        if (this.#isShedding && this.#sheds(spec.kind)) {
          chunk.hasShed = true;
          return;
        }
        chunk.rows++;
        chunk.file.append(line);
        this.#memoryBytes += line.length;
      },
      close: (endMs) => this.#close(chunk, endMs),
    };
  }

  /** Takes over the chunk files of dead runs. */
  async adopt(paths: readonly string[]): Promise<void> {
    const { log, clock } = this.#deps;
    for (const path of paths) {
      const chunk = ClosedChunk.ofLeftOver(path, (await stat(path)).size, clock.now());
      if (chunk) this.backlog.add(chunk);
    }
    if (paths.length > 0) log.info({ chunks: paths.length }, 'found chunks of a run that died, storing them');
  }

  /**
   * Writes the rows that came since the last call, and sheds where the spool has grown too large. Synchronous, so that
   * nothing that is slow (the store, compression) can come between a row and the disk.
   */
  write(): void {
    for (const { file } of this.#open) this.#try(() => file.write());
    for (const chunk of this.backlog.chunks) this.#try(() => chunk.writeRows());
    this.#measure();
    void this.#makeRoom();
  }

  /** Puts compressed chunks on the disk, which saves most of its space. */
  async persist(): Promise<void> {
    await this.backlog.persist().catch((error) => this.#failed(error));
  }

  #close(chunk: OpenChunk, endMs: number): void {
    const { spec, file, rows } = chunk;
    this.#open.delete(chunk);
    // Without a row it would say that nothing happened.
    if (rows === 0 && chunk.hasShed) {
      file.remove();
      return;
    }
    const nowMs = this.#deps.clock.now();
    const delayMs = spreadMs(spec.symbol);
    const facts = {
      kind: spec.kind,
      name: spec.name,
      rows,
      closedAtMs: nowMs,
      endMs,
      due: { exchangeMs: endMs + delayMs, localMs: nowMs + delayMs },
    };
    this.backlog.add(ClosedChunk.ofFile(facts, file));
  }

  #try(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** A disk that refuses ends nothing: the rows stay in memory and are written, or stored from there, later. */
  #failed(error: unknown): void {
    this.#deps.tally.spoolFailures++;
    const nowMs = this.#deps.clock.now();
    if (nowMs - this.#toldFailureMs < REMINDER_MS) return;
    this.#toldFailureMs = nowMs;
    this.#deps.log.error({ error }, `write spool: ${errorText(error)}; rows stay in memory`);
  }

  #measure(): void {
    let spoolBytes = this.backlog.spoolBytes;
    let memoryBytes = this.backlog.memoryBytes;
    for (const { file } of this.#open) {
      spoolBytes += file.writtenBytes;
      memoryBytes += file.waitingBytes;
    }
    this.#spoolBytes = spoolBytes;
    this.#memoryBytes = memoryBytes;
  }

  /** Only called when nothing can be given up any more: what comes is shed, and trades only when they need it too. */
  #sheds(kind: string): boolean {
    if (kind !== 'depth' && !this.#isOutOfRoom()) return false;
    this.#deps.tally.shed[kind === 'depth' ? 'depth' : 'trades']++;
    this.#tellShedding();
    return true;
  }

  #isOutOfRoom(): boolean {
    const roomForTrades = Math.max(1_048_576, this.#options.maxBytes / 64);
    const { maxBytes } = this.#options;
    return this.#spoolBytes >= maxBytes + roomForTrades || this.#memoryBytes >= MAX_MEMORY_BYTES * 1.5;
  }

  /** Snapshots go first, oldest first, since the job can fetch trades again. */
  async #makeRoom(): Promise<void> {
    let isFull = this.#spoolBytes >= this.#options.maxBytes;
    while (isFull) {
      const chunk = await this.backlog.shedDepth();
      if (!chunk) break;
      this.#spoolBytes -= chunk.spoolBytes;
      this.#deps.tally.shed.depth += chunk.facts.rows;
      this.#deps.tally.shedChunks++;
      this.#tellShedding();
      isFull = this.#spoolBytes >= this.#options.maxBytes;
    }
    this.#isShedding = isFull || this.#memoryBytes >= MAX_MEMORY_BYTES;
  }

  #tellShedding(): void {
    const nowMs = this.#deps.clock.now();
    if (nowMs - this.#toldSheddingMs < REMINDER_MS) return;
    this.#toldSheddingMs = nowMs;
    const { shed } = this.#deps.tally;
    this.#deps.log.error(
      { spoolBytes: this.#spoolBytes, shed },
      'the spool is full: rows are shed, depth first',
    );
  }
}
