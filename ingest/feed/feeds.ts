import type { RawKind } from '../../shared/object-names.ts';
import { ROUTES, type Stream, streamsOf } from '../stream.ts';
import { Feed, type FeedDependencies, type FeedOptions } from './feed.ts';
import { shardSymbols } from './shards.ts';

/** All connections of the recorder: every symbol on both routes. */
export class Feeds {
  readonly #options: FeedOptions;
  readonly #deps: FeedDependencies;
  #shards: { symbols: readonly string[]; feeds: readonly Feed[] }[] = [];

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
      if (!isSame) for (const feed of shard.feeds) feed.setStreams(streamsOf(symbols, feed.route));
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
