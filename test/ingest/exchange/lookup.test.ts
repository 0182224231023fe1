import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { lookUpSymbols } from '../../../ingest/exchange/lookup.ts';
import { createRest } from '../../../ingest/exchange/rest.ts';
import { TradeCheck } from '../../../ingest/exchange/trade-check.ts';
import { createLog } from '../../../shared/program/log.ts';
import { DAY_MS, HOUR_MS } from '../../../shared/time.ts';
import { type Exchange, startExchange } from '../../../simulator/exchange.ts';
import { createMarket, wholeDays } from '../../../simulator/market/market.ts';
import type { HttpAnswer } from '../../../simulator/rest/http.ts';
import { fakeClock } from '../../shared/fake-clock.ts';

const market = { seed: 1, symbols: ['BTCUSDT'], depthEveryMs: 60_000, tradesPerSecond: 0.01 };
const source = createMarket({ ...market, ...wholeDays('2024-07-18') });
const BANNED: HttpAnswer = { status: 418, headers: { 'retry-after': '999999999' }, body: 'banned' };

describe('an exchange that has banned this address', () => {
  let exchange: Exchange;
  /** Times (ms) at which it was asked, and what it says to the next question instead of an answer. */
  let askedAt: number[];
  let refusals: HttpAnswer[];
  let clock: ReturnType<typeof fakeClock>;
  beforeAll(async () => {
    exchange = await startExchange({
      source,
      speed: 'max',
      faults: {
        onAnswer: (_, answer) => {
          askedAt.push(clock.monotonicMs());
          return refusals.shift() ?? answer;
        },
      },
    });
  });
  afterAll(() => exchange.close());
  beforeEach(() => {
    [askedAt, refusals, clock] = [[], [BANNED], fakeClock()];
  });

  it('is asked for its symbols again after three days at most, and each hour is logged', async () => {
    const logged: { severity: string; waitMs?: number }[] = [];
    const log = createLog('test', { write: (line) => void logged.push(JSON.parse(line)) });
    const deps = { log, clock, random: () => 1 };
    const rest = createRest(exchange.url, clock, () => 1);
    const { signal } = new AbortController();
    expect(await lookUpSymbols({ quoteAsset: 'USDT' }, rest, deps, signal)).toEqual(['BTCUSDT']);
    expect(askedAt).toEqual([0, 3 * DAY_MS]);
    expect(Math.max(...clock.sleptMs)).toBe(HOUR_MS);
    expect(logged.map(({ waitMs }) => waitMs)).toEqual(
      Array.from({ length: 72 }, (_, hour) => (72 - hour) * HOUR_MS),
    );
  });

  it('is not asked before that about quiet streams either, whoever sets the wall clock', async () => {
    const rest = createRest(exchange.url, clock, () => 1);
    const check = new TradeCheck(rest, clock, { everyMs: 15_000, patienceMs: 5_000 });
    let failures = 0;
    clock.setWall(5 * DAY_MS);
    for (let second = 0; second < 2 * HOUR_MS; second += 1_000) {
      await check.dead([{ symbol: 'BTCUSDT', lastId: 1 }]).catch(() => failures++);
      await clock.sleep(1_000);
      if (second === HOUR_MS) clock.setWall(-5 * DAY_MS);
    }
    expect(askedAt).toEqual([0]);
    expect(failures).toBe(2); // one line of the log an hour
    await clock.sleep(3 * DAY_MS);
    await check.dead([{ symbol: 'BTCUSDT', lastId: 1 }]);
    expect(askedAt).toHaveLength(2);
  });
});
