import { errorText } from '../../shared/errors.ts';
import { MINUTE_MS } from '../../shared/time.ts';
import type { Stream } from '../frame/stream.ts';
import type { MinuteRows, MinuteSink } from '../minutes/stream-minutes.ts';
import type { AdoptedRun } from './adoption.ts';
import { Backlog, type BacklogDependencies } from './backlog.ts';
import { chunkName, headerOf } from './chunk.ts';
import { ChunkFile } from './chunk-file.ts';
import { ClosedChunk } from './closed-chunk.ts';
import { leftOversOf } from './left-over.ts';
import type { RunFolder } from './run-folder.ts';
import { SpareMemory } from './spare-memory.ts';
import { spreadMs } from './spread.ts';

/** Rows that could not be written (a full disk) may take so much memory; trades get half as much again. */
const MAX_MEMORY_BYTES = 67_108_864;
const REMINDER_MS = MINUTE_MS;

export type SpoolOptions = { run: RunFolder; writer: string; maxBytes: number };

/** A chunk of any kind: its rows are under `header` (or nothing), its object is `name` and `.gz`. */
export type ChunkSpec = { kind: string; symbol: string; name: string; header: string };

type OpenChunk = { spec: ChunkSpec; file: ChunkFile; hasShed: boolean };

/** Where rows are before they are in the store: on the local disk, at most half a second after they came. */
export class Spool implements MinuteSink {
  readonly backlog: Backlog;
  readonly #options: SpoolOptions;
  readonly #deps: BacklogDependencies;
  readonly #open = new Set<OpenChunk>();
  readonly #memory = new SpareMemory();
  /** As of the last {@link write}, and what was taken since. */
  #spoolBytes = 0;
  #memoryBytes = 0;
  #isShedding = false;
  #untoldLostRows = 0;
  #toldFailureMs = Number.NEGATIVE_INFINITY;
  #toldSheddingMs = Number.NEGATIVE_INFINITY;

  constructor(options: SpoolOptions, deps: BacklogDependencies, onChange: () => void) {
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
    const file = new ChunkFile(spec, this.#memory, (rows, folder) => this.#lost(rows, folder));
    const chunk = { spec, file, hasShed: false };
    this.#open.add(chunk);
    return {
      append: (line) => {
        if (this.#isShedding && this.#sheds(spec.kind)) {
          chunk.hasShed = true;
          return;
        }
        file.append(line);
        this.#memoryBytes += line.length;
      },
      close: (endMs) => this.#close(chunk, endMs),
    };
  }

  /** Takes over the chunk files of a dead run; `onEmpty` is called when none of them is left. */
  async adopt(run: AdoptedRun, onEmpty: () => void): Promise<void> {
    const { log, monotonicMs, tally } = this.#deps;
    let left = 0;
    const chunks = await leftOversOf(run, monotonicMs(), {
      onLeft: () => --left === 0 && onEmpty(),
      onDamaged: (name, problem) => {
        tally.damagedChunks++;
        log.error({ chunk: name, run: run.folder }, `read chunk ${name}: ${problem}; it is stored as it is`);
      },
    });
    left = chunks.length;
    if (left === 0) return onEmpty();
    log.info({ chunks: left, run: run.folder }, 'found chunks of a run that died, storing them');
    for (const chunk of chunks) this.backlog.add(chunk);
  }

  /**
   * Writes the rows that came since the last call, and sheds where the spool has grown too large. Synchronous, so that
   * nothing that is slow (the store, compression) can come between a row and the disk.
   */
  write(): void {
    const run = this.#readyRun();
    if (run !== undefined) {
      for (const { file } of this.#open) this.#try(() => file.write(run));
      for (const chunk of this.backlog.chunks) this.#try(() => chunk.writeRows(run));
    }
    this.#tellLost();
    this.#measure();
    void this.#makeRoom();
  }

  /** Puts compressed chunks on the disk, which saves most of its space. */
  async persist(): Promise<void> {
    await this.backlog.persist(this.#options.run.path).catch((error) => this.#failed(error));
  }

  /** Rows that would be lost if this process ended now. */
  get unsavedRows(): number {
    return this.backlog.unsavedRows(this.#options.run.path);
  }

  #close(chunk: OpenChunk, endMs: number): void {
    const { spec, file, hasShed } = chunk;
    this.#open.delete(chunk);
    // Without a row it would say that nothing happened.
    if (file.rows === 0 && hasShed) {
      this.#try(() => file.remove());
      return;
    }
    // A file with only a part of its rows, left behind when they are stored, would be taken for another chunk.
    const run = file.writtenBytes > 0 ? this.#readyRun() : undefined;
    if (run !== undefined) this.#try(() => file.write(run));
    const nowMs = this.#deps.monotonicMs();
    const delayMs = spreadMs(spec.symbol);
    const facts = {
      kind: spec.kind,
      name: spec.name,
      rows: file.rows,
      closedAtMs: nowMs,
      endMs,
      due: { exchangeMs: endMs + delayMs, localMs: nowMs + delayMs },
    };
    this.backlog.add(new ClosedChunk(facts, file, (rows, folder) => this.#lost(rows, folder)));
  }

  /** This run's folder; undefined where it is not there and cannot be made. */
  #readyRun(): string | undefined {
    let path: string | undefined;
    this.#try(() => {
      path = this.#options.run.ready();
    });
    return path;
  }

  /** What was in a folder that another recorder took is stored by that one. */
  #lost(rows: number, folder: string): void {
    if (rows === 0 || this.#options.run.wasTaken(folder)) return;
    this.#deps.tally.lostRows += rows;
    this.#untoldLostRows += rows;
  }

  /** In one line: with a folder go the files of hundreds of streams. */
  #tellLost(): void {
    const rows = this.#untoldLostRows;
    this.#untoldLostRows = 0;
    if (rows > 0) this.#deps.log.error({ rows }, 'rows are lost: their files are gone from the spool');
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
    const nowMs = this.#deps.monotonicMs();
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
    const nowMs = this.#deps.monotonicMs();
    if (nowMs - this.#toldSheddingMs < REMINDER_MS) return;
    this.#toldSheddingMs = nowMs;
    const { shed } = this.#deps.tally;
    this.#deps.log.error(
      { spoolBytes: this.#spoolBytes, shed },
      'the spool is full: rows are shed, depth first',
    );
  }
}
