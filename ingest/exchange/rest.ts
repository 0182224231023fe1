import { ExchangeError } from '../../shared/exchange/request.ts';
import { type ExchangeRest, exchangeRest } from '../../shared/exchange/rest.ts';
import type { Clock } from '../../shared/time.ts';

/** What the recorder asks of the exchange over REST. */
export type Rest = Pick<ExchangeRest, 'symbols' | 'lastTradeIds'>;

const ONCE = { firstDelayMs: 1, maxDelayMs: 1, totalMs: 0 };

/**
 * Asks once and leaves asking again to the caller, for months: an exchange that was away may be back. Only where it said
 * how long to stay away is it not asked before that; ignoring this earns a ban that would hit the sockets too.
 */
export function createRest(baseUrl: string, clock: Clock, random: () => number): Rest {
  let askAgainAtMs = 0;
  const ask = async <T>(question: (rest: ExchangeRest) => Promise<T>): Promise<T> => {
    const waitMs = askAgainAtMs - clock.monotonicMs();
    if (waitMs > 0) {
      const message = `the exchange asked to wait another ${waitMs} ms`;
      throw new ExchangeError('limited', message, { retryAfterMs: waitMs });
    }
    try {
      return await question(exchangeRest({ baseUrl, clock, random, weightShare: 1, policy: ONCE }));
    } catch (error) {
      if (error instanceof ExchangeError) askAgainAtMs = clock.monotonicMs() + error.retryAfterMs;
      throw error;
    }
  };
  return {
    symbols: () => ask((rest) => rest.symbols()),
    lastTradeIds: () => ask((rest) => rest.lastTradeIds()),
  };
}
