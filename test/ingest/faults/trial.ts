import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { depthStream, tradeStream } from '../../../shared/exchange/wire.ts';
import { openStore } from '../../../shared/program/open-store.ts';
import type { Store } from '../../../shared/store/store.ts';
import { MINUTE_MS, systemClock } from '../../../shared/time.ts';
import { type Exchange, startExchange } from '../../../simulator/exchange.ts';
import type { PlannedFault } from '../../../simulator/faulty/kinds.ts';
import { createFaultyStage, type FaultyStage } from '../../../simulator/faulty/stage.ts';
import { createMarket } from '../../../simulator/market/market.ts';
import { createRandom } from '../../../simulator/market/random.ts';
import type { Source } from '../../../simulator/source/source.ts';
import { temporaryFolder } from '../../shared/temporary-folder.ts';
import { readChunks } from '../chunks.ts';
import { type RecorderProcess, type Surroundings, startRecorder } from './recorder-process.ts';
import { Witness } from './witness.ts';

export type TrialOptions = {
  seed: number;
  /** Simulated time played, and how many times faster than real time. */
  durationMs: number;
  speed?: number;
  tradesPerSecond?: number;
  depthEveryMs?: number;
  symbols?: string[];
  plan?: (source: Source, random: () => number) => PlannedFault[];
};

/** What was delivered, and what of it is not in the chunks or in them without having been sent. */
export type Verdict = {
  delivered: number;
  lost: string[];
  invented: string[];
  rows: number;
  /** Rows that are stored more than once. */
  repeated: string[];
};

/** A simulated exchange, a store and recorders as processes. Ends three seconds into a minute unless it plays longer. */
export class Trial {
  readonly random: () => number;
  readonly source: Source;
  readonly folder: string;
  readonly lake: string;
  readonly exchange: Exchange;
  readonly stage: FaultyStage;
  readonly witness: Witness;
  readonly #remove: () => Promise<void>;

  private constructor(
    parts: Pick<Trial, 'random' | 'source' | 'folder' | 'lake' | 'exchange' | 'stage' | 'witness'>,
    remove: () => Promise<void>,
  ) {
    this.random = parts.random;
    this.source = parts.source;
    this.folder = parts.folder;
    this.lake = parts.lake;
    this.exchange = parts.exchange;
    this.stage = parts.stage;
    this.witness = parts.witness;
    this.#remove = remove;
  }

  static async start(options: TrialOptions): Promise<Trial> {
    const { seed, durationMs, speed = 1, tradesPerSecond = 20, depthEveryMs = 100 } = options;
    const random = createRandom(seed);
    const startMs = Date.parse('2024-07-18T23:59:57Z');
    const symbols = options.symbols ?? ['BTCUSDT', 'ETHUSDT'];
    const endMs = startMs + durationMs;
    const source = createMarket({ seed, symbols, startMs, endMs, tradesPerSecond, depthEveryMs });
    const plan = options.plan?.(source, random) ?? [];
    const stage = createFaultyStage({ random, wall: systemClock, plan });
    const witness = new Witness(stage.faults);
    const exchange = await startExchange({ source, speed, faults: witness.faults });
    const { path: folder, remove } = await temporaryFolder();
    const lake = join(folder, 'lake');
    await mkdir(lake);
    return new Trial({ random, source, folder, lake, exchange, stage, witness }, remove);
  }

  /** Starts a recorder; `more` are further flags. */
  record(more: string[] = [], surroundings: Surroundings = {}): RecorderProcess {
    const { url, wsUrl } = this.exchange;
    const symbols = this.source.instruments.map(({ symbol }) => symbol).join();
    const flags = {
      symbols,
      store: this.lake,
      spool: join(this.folder, 'spool'),
      'ws-url': wsUrl,
      'rest-url': url,
    };
    // A flag may not be given twice: what a test asks for takes the place of the usual.
    const argv = Object.entries({ ...flags, 'stale-after-s': '1' })
      .map(([name, value]) => [`--${name}`, value])
      .filter(([flag = '']) => !more.includes(flag));
    return startRecorder([...argv.flat(), ...more], surroundings);
  }

  /** Resolves when the source has a listener for every stream again, or has ended. */
  async listening(count: number): Promise<void> {
    while (this.witness.openConnections.length < count) await sleep(20);
  }

  /** Kills a recorder at once, and notes which connections died with it. */
  async kill(recorder: RecorderProcess): Promise<void> {
    const before = this.witness.openConnections;
    const atMs = Date.now();
    recorder.kill('SIGKILL');
    await recorder.ended;
    await sleep(50); // the simulator hears of it
    for (const connection of before) if (!connection.isOpen) this.witness.killed(connection, atMs);
  }

  /** Compares the chunks with what was sent and read. @throws where a chunk is damaged or a row is in a wrong minute */
  async verdict(store?: Store): Promise<Verdict> {
    const stored = new Set<string>();
    const repeated: string[] = [];
    let rows = 0;
    for (const chunk of await readChunks(store ?? (await openStore(this.lake, { writable: false })))) {
      for (const row of chunk.rows) {
        const timeMs = Number(row.slice(0, row.indexOf(',')));
        if (Math.floor(timeMs / MINUTE_MS) * MINUTE_MS !== chunk.startMs)
          throw new Error(`row in a wrong minute: ${row}`);
        const key = `${chunk.symbol} ${chunk.kind} ${row}`;
        if (stored.has(key)) repeated.push(key);
        stored.add(key);
        rows++;
      }
    }
    const delivered = this.witness.delivered();
    const sent = this.witness.sent();
    return {
      delivered: delivered.size,
      lost: [...delivered].filter((row) => !stored.has(row)),
      invented: [...stored].filter((row) => !sent.has(row)),
      rows,
      repeated,
    };
  }

  /** The streams of which nothing was read in the last `withinMs` of the source, by the rows' own time. */
  silentAtEnd(withinMs: number): string[] {
    const lastMs = new Map(this.source.streams.map((stream) => [stream, 0]));
    for (const row of this.witness.delivered()) {
      const [symbol = '', kind, fields = ''] = row.split(' ');
      const stream = kind === 'trades' ? tradeStream(symbol) : depthStream(symbol);
      lastMs.set(stream, Math.max(lastMs.get(stream) ?? 0, Number.parseInt(fields, 10)));
    }
    return [...lastMs]
      .filter(([, timeMs]) => timeMs < this.source.endMs - withinMs)
      .map(([stream]) => stream);
  }

  async close(): Promise<void> {
    await this.exchange.close();
    await this.#remove();
  }
}
