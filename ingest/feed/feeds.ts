import type { RawKind } from '../../shared/lake/object-names.ts';
import { ROUTES, type Route, type Stream, streamsOf } from '../frame/stream.ts';
import { Feed, type FeedDependencies, type FeedOptions } from './feed.ts';
import { shardSymbols } from './shards.ts';

/** Into so many connections the streams of one are split where none of them can be opened: the exchange may refuse whatever is asked. */
const MAX_PARTS_UNPROVEN = 16;

/** Symbols that belong together, and what carries them: a feed for each route, several where streams cannot be opened. */
type Shard = { symbols: readonly string[]; feeds: Feed[] };

/** All connections of the recorder: every symbol on both routes. */
export class Feeds {
  readonly #options: FeedOptions;
  readonly #deps: FeedDependencies;
  #shards: Shard[] = [];

  constructor(options: FeedOptions, deps: FeedDependencies) {
    this.#options = options;
    this.#deps = deps;
  }

  get symbols(): readonly string[] {
    return this.#shards.flatMap(({ symbols }) => symbols);
  }

  get openMinutes(): number {
    return this.#feeds.reduce((count, { minutes }) => count + minutes.openCount, 0);
  }

  get disconnected(): number {
    return this.#feeds.filter(({ streams, isConnected }) => streams.length > 0 && !isConnected).length;
  }

  get staleStreams(): string[] {
    return this.#feeds.flatMap(({ staleStreams }) => staleStreams);
  }

  get quietTrades(): Stream[] {
    return this.#feeds.flatMap(({ quietTrades }) => quietTrades);
  }

  /** The exchange's time, ms, on the connection that is furthest; undefined before the first event. */
  get exchangeMs(): number | undefined {
    const times = this.#feeds.flatMap(({ minutes }) => minutes.nowMs ?? []);
    return times.length > 0 ? Math.max(...times) : undefined;
  }

  /** Records these symbols from now on; connections whose symbols stay are left alone. */
  setSymbols(symbols: readonly string[]): void {
    const before = this.#shards;
    this.#shards = shardSymbols(
      symbols,
      before.map((shard) => shard.symbols),
    ).map((symbols, i) => {
      const shard = before[i];
      if (!shard) return { symbols, feeds: ROUTES.map((route) => this.#createFeed(symbols, route)) };
      const isSame = symbols.join() === shard.symbols.join();
      if (!isSame) for (const route of ROUTES) share(streamsOf(symbols, route), feedsOf(shard, route));
      return { symbols, feeds: shard.feeds };
    });
  }

  /** The exchange has trades of the symbol that did not come. */
  missed(symbol: string): void {
    for (const { symbols, feeds } of this.#shards) {
      if (!symbols.includes(symbol)) continue;
      for (const feed of feeds) {
        const stream = feed.streams.find((stream) => stream.symbol === symbol && stream.kind === 'trades');
        if (stream) feed.missed(stream.name);
      }
    }
  }

  silentMs(kind: RawKind): number {
    const ages = this.#feeds.map((feed) => feed.silentMs(kind)).filter(Number.isFinite);
    return ages.length > 0 ? Math.min(...ages) : 0;
  }

  tick(maxStepMs: number): void {
    for (const feed of this.#feeds) feed.tick(maxStepMs);
    for (const shard of this.#shards) for (const route of ROUTES) splitRefused(shard, route);
  }

  hold(isHeld: boolean): void {
    for (const feed of this.#feeds) feed.hold(isHeld);
  }

  /** Stops reading and closes every open minute. */
  stop(): void {
    for (const feed of this.#feeds) feed.stop();
    for (const { minutes } of this.#feeds) minutes.closeAll();
  }

  get #feeds(): Feed[] {
    return this.#shards.flatMap(({ feeds }) => feeds);
  }

  #createFeed(symbols: readonly string[], route: (typeof ROUTES)[number]): Feed {
    return new Feed(route, streamsOf(symbols, route), this.#options, this.#deps);
  }
}

const feedsOf = ({ feeds }: Shard, route: Route): Feed[] => feeds.filter((feed) => feed.route === route);

/** Lets feeds of one route carry these streams: each stays where it is, and the first feed takes what is new. */
function share(streams: readonly Stream[], feeds: readonly Feed[]): void {
  const wanted = new Map(streams.map((stream) => [stream.name, stream]));
  const kept = feeds.map((feed) => feed.streams.filter(({ name }) => wanted.delete(name)));
  for (const [i, feed] of feeds.entries()) {
    const next = [...(kept[i] ?? []), ...(i === 0 ? wanted.values() : [])];
    if (next.length !== feed.streams.length || next.length !== kept[i]?.length) feed.setStreams(next);
  }
}

function splitRefused(shard: Shard, route: Route): void {
  for (const feed of feedsOf(shard, route)) {
    const parts = feedsOf(shard, route);
    if (parts.length >= MAX_PARTS_UNPROVEN && !parts.some(({ isConnected }) => isConnected)) return;
    const other = feed.splitOff();
    if (other) shard.feeds.push(other);
  }
}
