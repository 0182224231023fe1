import { errorText, UsageError } from '../../shared/errors.ts';
import { ExchangeError } from '../../shared/exchange/request.ts';
import type { Log } from '../../shared/program/log.ts';
import { backoffMs } from '../../shared/retry.ts';
import { type Clock, HOUR_MS, SECOND_MS } from '../../shared/time.ts';
import type { Rest } from './rest.ts';
import { chooseSymbols, type SymbolChoice } from './symbols.ts';

/** For a list of symbols recording does not wait longer for an exchange that can be asked but does not answer. */
const FIRST_WORD_MS = 2 * SECOND_MS;
const BACKOFF = { firstDelayMs: SECOND_MS, maxDelayMs: 32 * SECOND_MS };

export const REGION_REFUSED =
  'the exchange refuses this region (HTTP 451): run the recorder elsewhere, for example in Tokyo (asia-northeast1)';

/**
 * The symbols to begin with. A list is recorded even where the exchange cannot be asked whether it has them all; for a
 * quote asset it is asked until it answers or `stop` is aborted. @throws UsageError for a symbol it does not have
 */
export async function lookUpSymbols(
  choice: SymbolChoice,
  rest: Rest | undefined,
  { log, clock, random }: { log: Log; clock: Clock; random: () => number },
  stop: AbortSignal,
): Promise<readonly string[]> {
  for (let attempt = 0; rest && !stop.aborted; attempt++) {
    try {
      const asked = rest.symbols();
      const listed = 'symbols' in choice ? withinFirstWord(asked, clock) : asked;
      return chooseSymbols(choice, await listed);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      if (error instanceof ExchangeError && error.status === 451)
        throw new Error(REGION_REFUSED, { cause: error });
      const askedMs = error instanceof ExchangeError ? error.retryAfterMs : 0;
      // A ban lasts for days: it is told every hour.
      const waitMs = Math.min(HOUR_MS, Math.max(backoffMs(BACKOFF, attempt, random), askedMs));
      log.warn({ error, waitMs: Math.max(waitMs, askedMs) }, `look up symbols: ${errorText(error)}`);
      if ('symbols' in choice) break;
      await clock.sleep(waitMs, stop).catch(() => {});
    }
  }
  return 'symbols' in choice ? choice.symbols : [];
}

async function withinFirstWord<T>(asked: Promise<T>, clock: Clock): Promise<T> {
  const enough = new AbortController();
  const silence = clock.sleep(FIRST_WORD_MS, enough.signal).then(() => {
    throw new Error(`no answer within ${FIRST_WORD_MS / SECOND_MS} s`);
  });
  try {
    return await Promise.race([asked, silence]);
  } finally {
    asked.catch(() => {}); // it may fail when nobody waits any more
    silence.catch(() => {});
    enough.abort();
  }
}
