import { errorText } from '../shared/errors.ts';
import type { Log } from '../shared/program/log.ts';
import type { WriteOnlyStore } from '../shared/program/open-later.ts';
import { addDays, type Clock, dateOf, HOUR_MS, MINUTE_MS, SECOND_MS } from '../shared/time.ts';
import { lookUpSymbols, REGION_REFUSED } from './exchange/lookup.ts';
import { createRest, type Rest } from './exchange/rest.ts';
import { chooseSymbols, type SymbolChoice } from './exchange/symbols.ts';
import { TradeCheck } from './exchange/trade-check.ts';
import { Feeds } from './feed/feeds.ts';
import { TradeIds } from './feed/trade-ids.ts';
import type { Figures } from './health/figures.ts';
import { startHealthServer } from './health/server.ts';
import type { Status } from './health/status.ts';
import { createTally, type Tally } from './health/tally.ts';
import { OddFrames } from './odd/odd-frames.ts';
import { Pace } from './pace.ts';
import { Schedule } from './schedule.ts';
import { openConnection } from './socket/connection.ts';
import { Adoption } from './spool/adoption.ts';
import { openRunFolder, type RunFolder, removeEmptyDays } from './spool/run-folder.ts';
import { Spool } from './spool/spool.ts';

export type RecorderOptions = {
  choice: SymbolChoice;
  writer: string;
  wsUrl: string;
  /** Undefined: the exchange is not asked for anything. */
  restUrl: string | undefined;
  chunkMinutes: number;
  spool: string;
  spoolMaxBytes: number;
  staleAfterMs: number;
  connectionMaxMs: number;
  /** Where to answer /livez, /healthz and /metrics; undefined: nowhere. */
  port: number | undefined;
  host: string;
};

export type RecorderDependencies = {
  store: WriteOnlyStore;
  clock: Clock;
  /** Of a clock that nobody sets. */
  monotonicMs: () => number;
  random: () => number;
  log: Log;
  status: Status;
};

const TICK_MS = 250;
const SPOOL_EVERY_MS = 500;
const TOUCH_EVERY_MS = 10 * SECOND_MS;
const ADOPT_EVERY_MS = 30 * SECOND_MS;
/** The platform kills 10 s after SIGTERM. */
const SHUTDOWN_MS = 6_500;

/**
 * Records until `signal` is aborted, then stores what it has, for a few seconds; what is left by then stays in the spool.
 * Resolves with the last figures. @throws UsageError for a symbol the exchange does not have; Error when it refuses us for good
 */
export async function record(
  options: RecorderOptions,
  deps: RecorderDependencies,
  signal: AbortSignal,
): Promise<Figures> {
  const { log, store } = deps;
  const { spool, writer } = options;
  const tally = createTally();
  const run = await openRunFolder({ spool, writer, storeUrl: store.url }, { log, tally });
  const adoption = await Adoption.of(spool, store.url, deps);
  try {
    return await new Recorder(options, deps, { tally, run, adoption }).record(signal);
  } finally {
    await adoption.release();
    await run.release().catch((error) => log.error({ error }, `give up run folder: ${errorText(error)}`));
  }
}

type Parts = { tally: Tally; run: RunFolder; adoption: Adoption };

class Recorder {
  readonly #options: RecorderOptions;
  readonly #deps: RecorderDependencies;
  readonly #run: RunFolder;
  readonly #adoption: Adoption;
  readonly #tally: Tally;
  readonly #ids: TradeIds;
  readonly #pace: Pace;
  readonly #spool: Spool;
  readonly #odd: OddFrames;
  readonly #feeds: Feeds;
  readonly #rest: Rest | undefined;
  readonly #refused = new AbortController();
  #isHeld = false;

  constructor(options: RecorderOptions, deps: RecorderDependencies, { tally, run, adoption }: Parts) {
    this.#options = options;
    this.#deps = deps;
    this.#run = run;
    this.#adoption = adoption;
    this.#tally = tally;
    this.#ids = new TradeIds(tally);
    this.#pace = new Pace(deps.clock);
    this.#rest =
      options.restUrl === undefined ? undefined : createRest(options.restUrl, deps.clock, deps.random);
    const { writer, spoolMaxBytes: maxBytes } = options;
    this.#spool = new Spool({ run, writer, maxBytes }, { ...deps, tally: this.#tally }, () =>
      this.#keepPace(),
    );
    const slotMs = options.chunkMinutes * MINUTE_MS;
    const open = this.#spool.openChunk.bind(this.#spool);
    this.#odd = new OddFrames({ writer, slotMs }, { log: deps.log, tally: this.#tally, open });
    this.#feeds = new Feeds(
      { ...options, slotMs },
      {
        ...deps,
        tally: this.#tally,
        sink: this.#spool,
        connect: openConnection,
        onRow: (row) => row.kind === 'trades' && this.#ids.saw(row),
        onOdd: (frame) => this.#odd.add(frame),
        onRefused: () => this.#refused.abort(),
      },
    );
  }

  async record(stop: AbortSignal): Promise<Figures> {
    const { log, status } = this.#deps;
    const { port, host } = this.#options;
    const schedule = new Schedule(log);
    const health =
      port === undefined ? undefined : await startHealthServer({ port, host }, () => this.#figures(), log);
    const adopting = this.#adopt();
    this.#storeBySchedule(schedule);
    try {
      await this.#listen(schedule, AbortSignal.any([stop, this.#refused.signal]), health?.port);
      if (this.#refused.signal.aborted) throw new Error(REGION_REFUSED);
    } finally {
      await this.#storeTheRest(adopting);
      schedule.stop();
      await health?.close();
      if (this.#feeds.symbols.length > 0) status.end(this.#figures());
    }
    return this.#figures();
  }

  #storeBySchedule(schedule: Schedule): void {
    const { status } = this.#deps;
    schedule.every(TICK_MS, 'tick', () => this.#tick());
    schedule.every(SPOOL_EVERY_MS, 'write spool', () => this.#spool.write());
    schedule.every(SPOOL_EVERY_MS, 'compress spool', () => this.#spool.persist());
    schedule.every(TOUCH_EVERY_MS, 'touch spool', () => this.#touch());
    schedule.every(ADOPT_EVERY_MS, 'look for spools of dead runs', () => this.#adopt());
    schedule.every(HOUR_MS, 'clean spool', () => this.#clean());
    schedule.every(status.everyMs, 'show status', () => status.show(this.#figures()));
  }

  async #listen(schedule: Schedule, stop: AbortSignal, port: number | undefined): Promise<void> {
    const symbols = await lookUpSymbols(this.#options.choice, this.#rest, this.#deps, stop);
    if (stop.aborted) return;
    this.#deps.log.info({ ...this.#options, port, symbols: symbols.length }, 'recording begins');
    this.#feeds.setSymbols(symbols);
    this.#feeds.tick(0);
    const rest = this.#rest;
    if (rest) {
      const { staleAfterMs } = this.#options;
      const patienceMs = Math.min(5 * SECOND_MS, staleAfterMs);
      const check = new TradeCheck(rest, this.#deps.clock, { everyMs: staleAfterMs / 2, patienceMs });
      schedule.every(SECOND_MS, 'check trades', () => this.#checkTrades(check));
      if ('quoteAsset' in this.#options.choice) {
        schedule.every(HOUR_MS, 'look up symbols', () => this.#refreshSymbols(rest));
      }
    }
    await new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
  }

  async #refreshSymbols(rest: Rest): Promise<void> {
    const before = new Set(this.#feeds.symbols);
    const symbols = chooseSymbols(this.#options.choice, await rest.symbols());
    const added = symbols.filter((symbol) => !before.delete(symbol));
    if (added.length === 0 && before.size === 0) return;
    this.#deps.log.info({ added, removed: [...before] }, 'the exchange lists other symbols');
    this.#feeds.setSymbols(symbols);
  }

  async #checkTrades(check: TradeCheck): Promise<void> {
    const quiet = this.#feeds.quietTrades.map(({ symbol }) => ({ symbol, lastId: this.#ids.lastId(symbol) }));
    for (const symbol of await check.dead(quiet)) this.#feeds.missed(symbol);
  }

  /** Never rejects: what lies in the spool from before must not stop what comes now. */
  async #adopt(): Promise<void> {
    for (const run of await this.#adoption.look()) {
      await this.#spool
        .adopt(run, () => void this.#adoption.finish(run))
        .catch((error) => this.#deps.log.error({ error }, `adopt ${run.folder}: ${errorText(error)}`));
    }
  }

  async #touch(): Promise<void> {
    await this.#adoption.touch();
    this.#run.touch();
  }

  /** Late rows may still open a minute of the day before. */
  async #clean(): Promise<void> {
    const { exchangeMs } = this.#feeds;
    const { path } = this.#run;
    if (exchangeMs === undefined || path === undefined) return;
    await removeEmptyDays(path, addDays(dateOf(exchangeMs), -1));
  }

  #tick(): void {
    this.#feeds.tick(2 * TICK_MS);
    this.#odd.tick(this.#deps.clock.now());
    this.#spool.backlog.tick(this.#feeds.exchangeMs);
    this.#keepPace();
  }

  #keepPace(): void {
    const { backlog } = this.#spool;
    const maxWaiting = Math.max(128, 8 * this.#feeds.symbols.length);
    const waiting = backlog.isFailing ? 0 : backlog.size;
    const isHeld = this.#pace.isHeld(waiting, maxWaiting, this.#feeds.exchangeMs);
    if (isHeld !== this.#isHeld) this.#feeds.hold(isHeld);
    this.#isHeld = isHeld;
  }

  async #storeTheRest(adopting: Promise<void>): Promise<void> {
    const { backlog } = this.#spool;
    const { clock } = this.#deps;
    this.#feeds.stop();
    this.#odd.closeAll();
    backlog.hurry();
    this.#spool.write();
    const enough = new AbortController();
    const stored = adopting.then(() => backlog.finished());
    await Promise.race([stored, clock.sleep(SHUTDOWN_MS, enough.signal).catch(() => {})]);
    enough.abort();
    this.#spool.write();
    if (backlog.size > 0) this.#tellTheRest();
  }

  /** What is in no file by now ends with this process. */
  #tellTheRest(): void {
    const { log } = this.#deps;
    const { backlog, unsavedRows } = this.#spool;
    log.warn(
      { chunks: backlog.size },
      'chunks are not stored; what the spool holds of them is left for the next start',
    );
    if (unsavedRows === 0) return;
    this.#tally.lostRows += unsavedRows;
    log.error({ rows: unsavedRows }, 'rows are lost: neither the store nor the spool takes them');
  }

  #figures(): Figures {
    const { backlog, bytes } = this.#spool;
    const nowMs = this.#deps.clock.now();
    const localMs = this.#deps.monotonicMs();
    const { exchangeMs, symbols, disconnected, staleStreams, openMinutes } = this.#feeds;
    return {
      ...this.#tally,
      exchangeMs,
      clockOffsetMs: exchangeMs === undefined ? undefined : exchangeMs - nowMs,
      tradeAgeMs: this.#feeds.silentMs('trades'),
      depthAgeMs: this.#feeds.silentMs('depth'),
      symbols: symbols.length,
      disconnected,
      staleStreams,
      openMinutes,
      waitingChunks: backlog.size,
      uploadLagMs: localMs - (backlog.waitsSinceMs ?? localMs),
      isStoreFailing: backlog.isFailing,
      spoolBytes: bytes,
    };
  }
}
