import { ExchangeError } from '../../shared/exchange/request.ts';
import { type Clock, HOUR_MS } from '../../shared/time.ts';
import type { Rest } from './rest.ts';

export type TradeCheckOptions = {
  /** At least so long between two calls. */
  everyMs: number;
  /** A trade the exchange has told over REST may be under way over the socket for so long. */
  patienceMs: number;
};

/** A trade stream that was quiet for a while, and the last single trade that came over it. */
export type QuietStream = { symbol: string; lastId: number | undefined };

/**
 * Tells a quiet market from a dead stream: the exchange is asked for the newest trade id of every symbol, one call for
 * all, and a stream that has not reached its symbol's id some seconds later is dead.
 */
export class TradeCheck {
  readonly #rest: Rest;
  readonly #clock: Clock;
  readonly #options: TradeCheckOptions;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #askAgainAtMs = Number.NEGATIVE_INFINITY;
  #newest: ReadonlyMap<string, number> | undefined;
  /** What the exchange said of streams that had delivered nothing yet. */
  readonly #baseline = new Map<string, number>();

  constructor(rest: Rest, clock: Clock, options: TradeCheckOptions) {
    this.#rest = rest;
    this.#clock = clock;
    this.#options = options;
  }

  /** Asks the exchange where that is due; the symbols of streams that missed trades. @throws where it cannot be asked. */
  async dead(quiet: readonly QuietStream[]): Promise<string[]> {
    const nowMs = this.#clock.monotonicMs();
    const { everyMs, patienceMs } = this.#options;
    if (this.#newest && nowMs - this.#askedAtMs >= patienceMs) {
      const newest = this.#newest;
      this.#newest = undefined;
      return quiet
        .filter((stream) => this.#isDead(stream, newest.get(stream.symbol)))
        .map(({ symbol }) => symbol);
    }
    if (!this.#newest && quiet.length > 0 && nowMs >= this.#askAgainAtMs) {
      this.#askedAtMs = nowMs;
      this.#askAgainAtMs = nowMs + everyMs;
      this.#newest = await this.#ask();
    }
    return [];
  }

  /** Where the exchange asks to stay away it is tried again each hour, so that each hour tells of it. */
  async #ask(): Promise<ReadonlyMap<string, number>> {
    try {
      return await this.#rest.lastTradeIds();
    } catch (error) {
      const askedMs = error instanceof ExchangeError ? error.retryAfterMs : 0;
      this.#askAgainAtMs = Math.max(this.#askAgainAtMs, this.#askedAtMs + Math.min(HOUR_MS, askedMs));
      throw error;
    }
  }

  #isDead({ symbol, lastId }: QuietStream, newest: number | undefined): boolean {
    if (newest === undefined) return false;
    if (lastId !== undefined) return newest > lastId;
    const before = this.#baseline.get(symbol);
    this.#baseline.set(symbol, newest);
    return before !== undefined && newest > before;
  }
}
