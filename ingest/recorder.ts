import type { Log } from '../shared/log.ts';
import type { Store } from '../shared/store/store.ts';
import { type Clock, MINUTE_MS } from '../shared/time.ts';
import { Uploader } from './chunk/uploader.ts';
import { ExchangeClock } from './minutes/exchange-clock.ts';
import { FeedMinutes } from './minutes/feed-minutes.ts';
import { createReceiver } from './receiver.ts';
import { type Connection, openConnection } from './socket/connection.ts';
import { type FrameTaker, keepConnected } from './socket/keep-connected.ts';
import type { Status, StatusFigures } from './status.ts';
import { ROUTES, type Route, type Stream, streamsOf, streamsUrl } from './stream.ts';
import { createTally, type Tally } from './tally.ts';

export type RecorderOptions = {
  symbols: readonly string[];
  writer: string;
  wsUrl: string;
  chunkMinutes: number;
};

export type RecorderDependencies = {
  store: Store;
  clock: Clock;
  random: () => number;
  log: Log;
  status: Status;
};

const TICK_MS = 250;
/** Chunks that may wait to be stored before a source that runs faster than time is held up. */
const MAX_WAITING_CHUNKS = 128;
/** Only a replay gets this far ahead of the local clock; the live exchange must never be held up. */
const AHEAD_OF_TIME_MS = 2 * MINUTE_MS;

/** Records until `signal` is aborted, then stores every open minute. Resolves with what was done. */
export async function record(
  options: RecorderOptions,
  deps: RecorderDependencies,
  signal: AbortSignal,
): Promise<Tally> {
  const recorder = new Recorder(options, deps);
  await recorder.run(signal);
  return recorder.tally;
}

/** The streams of one route and their minutes. */
type Feed = { route: Route; streams: Stream[]; minutes: FeedMinutes };

class Recorder {
  readonly tally = createTally();
  readonly #options: RecorderOptions;
  readonly #deps: RecorderDependencies;
  readonly #uploader: Uploader;
  readonly #feeds: Feed[];
  readonly #connections = new Set<Connection>();
  #isHeldUp = false;
  #firstEvent: { exchangeMs: number; localMs: number } | undefined;

  constructor(options: RecorderOptions, deps: RecorderDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#uploader = new Uploader({ ...deps, writer: options.writer, tally: this.tally }, () => this.#pace());
    this.#feeds = ROUTES.map((route) => {
      const streams = streamsOf(options.symbols, route);
      const slotMs = options.chunkMinutes * MINUTE_MS;
      return {
        route,
        streams,
        minutes: new FeedMinutes(streams, slotMs, (minute) => this.#uploader.add(minute)),
      };
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { status, log } = this.#deps;
    log.info({ ...this.#options }, 'recording begins');
    const timers = [
      setInterval(() => this.#tick(), TICK_MS),
      setInterval(() => status.show(this.#figures()), status.everyMs),
    ];
    await Promise.all(this.#feeds.map((feed) => this.#keepFed(feed, signal)));
    for (const { minutes } of this.#feeds) minutes.closeAll();
    await this.#uploader.finished();
    for (const timer of timers) clearInterval(timer);
    status.end(this.#figures());
  }

  #keepFed({ route, streams, minutes }: Feed, signal: AbortSignal): Promise<void> {
    const url = streamsUrl(this.#options.wsUrl, route, streams);
    const log = this.#deps.log.child({ route });
    return keepConnected(
      {
        connect: (listener) => openConnection(url, listener),
        onOpen: (connection) => this.#takeFrames(connection, minutes, log),
        onReconnect: () => this.tally.reconnects++,
      },
      { ...this.#deps, log, signal },
    );
  }

  #takeFrames(connection: Connection, minutes: FeedMinutes, log: Log): FrameTaker {
    const { clock } = this.#deps;
    const exchangeClock = new ExchangeClock(clock.now());
    const receive = createReceiver(minutes, exchangeClock, { tally: this.tally, log });
    minutes.opened(exchangeClock);
    this.#connections.add(connection);
    return {
      onFrame: (bytes, isBinary) => {
        receive(bytes, isBinary, clock.now());
        if (this.#uploader.waiting > MAX_WAITING_CHUNKS) this.#pace();
      },
      onEnd: () => {
        this.#connections.delete(connection);
        minutes.ended(exchangeClock);
      },
    };
  }

  #tick(): void {
    if (this.#isHeldUp) return;
    for (const { minutes } of this.#feeds) minutes.tick(this.#deps.clock.now(), 2 * TICK_MS);
  }

  /** A source that runs faster than time waits while chunks are stored; the live exchange is never made to wait. */
  #pace(): void {
    const isHeldUp =
      this.#uploader.waiting > (this.#isHeldUp ? MAX_WAITING_CHUNKS / 2 : MAX_WAITING_CHUNKS) &&
      this.#isAheadOfTime();
    if (isHeldUp === this.#isHeldUp) return;
    this.#isHeldUp = isHeldUp;
    for (const connection of this.#connections) isHeldUp ? connection.pause() : connection.resume();
  }

  #isAheadOfTime(): boolean {
    const exchangeMs = this.#exchangeMs();
    if (exchangeMs === undefined) return false;
    const localMs = this.#deps.clock.now();
    this.#firstEvent ??= { exchangeMs, localMs };
    return exchangeMs - this.#firstEvent.exchangeMs > localMs - this.#firstEvent.localMs + AHEAD_OF_TIME_MS;
  }

  #exchangeMs(): number | undefined {
    const times = this.#feeds.flatMap(({ minutes }) => minutes.nowMs ?? []);
    return times.length > 0 ? Math.max(...times) : undefined;
  }

  #figures(): StatusFigures {
    return {
      ...this.tally,
      exchangeMs: this.#exchangeMs(),
      openMinutes: this.#feeds.reduce((count, { minutes }) => count + minutes.openCount, 0),
      waitingChunks: this.#uploader.waiting,
    };
  }
}
