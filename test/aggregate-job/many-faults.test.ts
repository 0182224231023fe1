// Days with very many holes and rejected rows: what they say, and that the run does other things meanwhile, such as renewing its lease.

import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { leaseObjectName } from '../../shared/lake/object-names.ts';
import { MINUTE_MS } from '../../shared/time.ts';
import { MemoryStore } from '../shared/store/memory-store.ts';
import { chunkBytes, tradeLine } from './chunks.ts';
import { manifestIn, resultsIn, runDay } from './job.ts';
import { DATE, DAY_START, MORNING_AFTER, SYMBOL } from './market-day.ts';

const isFull = process.env['TAPELAKE_FAULTS'] === 'full';
const [HOLES, REJECTED] = isFull ? [100_000, 1_000_000] : [2_000, 20_000];
const MINUTES = isFull ? 1_440 : 40;
/** A run that reads this much text at once may be silent for longer than a second. */
const SILENT_BYTES = 1 << 20;

const tradeAt = (T: number, id: number): string =>
  tradeLine({ T, price: '63943.90', quantity: '0.123', maker: id % 2 === 0, id, first: id, last: id });
const badAt = (T: number, id: number): string => tradeAt(T, id).replace('63943.90', 'x');

/** Trades with a hole behind each but the last, and rejected rows that hold one id of every other hole, over and over. */
function manyFaults(): Map<string, Buffer> {
  const [trades, bad] = [(HOLES + 1) / MINUTES, REJECTED / MINUTES];
  const range = (from: number, to: number): number[] =>
    Array.from({ length: Math.ceil(to) - Math.ceil(from) }, (_, i) => Math.ceil(from) + i);
  return new Map(
    Array.from({ length: MINUTES }, (_, minute) => {
      const T = DAY_START + minute * MINUTE_MS;
      const lines = [
        ...range(minute * trades, (minute + 1) * trades).map((i) => tradeAt(T + (i % 60_000), 3 * i)),
        ...range(minute * bad, (minute + 1) * bad).map((i) => badAt(T, 3 * ((2 * i) % HOLES) + 1)),
      ];
      const time = `${String(Math.floor(minute / 60)).padStart(2, '0')}-${String(minute % 60).padStart(2, '0')}`;
      return [`raw/${SYMBOL}/${DATE}/trades/${time}_a_0.csv.gz`, chunkBytes('trades', lines)];
    }),
  );
}

/** Runs the job with a lease that is renewed whenever the run lets other work have its turn; the times at which it expired. */
async function runWithEagerLease(store: MemoryStore): Promise<string[]> {
  let nowMs = MORNING_AFTER;
  const expiries: string[] = [];
  const replace = store.replace.bind(store);
  store.replace = async (name, body, generation) => {
    const written = await replace(name, body, generation);
    if (written !== undefined && name === leaseObjectName(SYMBOL, DATE))
      expiries.push(JSON.parse(String(store.objects.get(name)))['expires_at']);
    return written;
  };
  const sleep = async (): Promise<void> => {
    await setImmediate();
    nowMs += 1_000;
  };
  const { code } = await runDay({
    store,
    lease: { clock: { now: () => nowMs, monotonicMs: () => nowMs, sleep } },
  });
  expect(code).toBe(0);
  store.replace = replace;
  return expiries;
}

describe('a day with very many holes and rejected rows', () => {
  it('is built, and built again the same, with all of them counted', async () => {
    const store = new MemoryStore(manyFaults());
    expect((await runDay({ store })).code).toBe(0);
    const built = resultsIn(store.objects);
    const { reasons, rejected, trades } = manifestIn(store.objects);
    expect(trades.missing).toHaveLength(HOLES);
    expect(trades.missing.at(-1)).toEqual([3 * HOLES - 2, 3 * HOLES - 1]);
    expect(rejected).toMatchObject({
      count: REJECTED,
      by_reason: { 'price is not a decimal number': REJECTED },
    });
    expect(rejected.named).toHaveLength(1_000);
    expect(reasons).toContain(`${REJECTED} rejected rows hold trade ids that no other row holds`);
    expect((await runDay({ store })).code).toBe(0);
    expect(resultsIn(store.objects)).toEqual(built);
  }, 120_000);
});

it('names the rejected rows of a cut chunk in the order of their lines', async () => {
  const lines = Array.from({ length: 5_000 }, (_, i) =>
    (i % 1_000 === 500 ? badAt : tradeAt)(DAY_START + i, i),
  );
  const name = `raw/${SYMBOL}/${DATE}/trades/00-00_a_0.csv.gz`;
  const store = new MemoryStore(new Map([[name, chunkBytes('trades', lines).subarray(0, -200)]]));
  await runDay({ store });
  const { named } = manifestIn(store.objects).rejected;
  expect(named.map(({ line }) => line).slice(0, 5)).toEqual([0, 502, 1_502, 2_502, 3_502]);
  expect(named.at(-1)?.reason).toBe('cut row');
});

describe('a run that reads a long chunk', () => {
  it.each([
    ['good rows', tradeAt],
    ['bad rows', badAt],
  ])('of %s renews its lease meanwhile, at least once a MiB', async (_, line) => {
    const chunkOf = (rows: number) =>
      Array.from({ length: rows }, (_, i) => line(DAY_START + (i % 60_000), i));
    const renewals = async (lines: string[]): Promise<number> => {
      const name = `raw/${SYMBOL}/${DATE}/trades/00-00_b_0.csv.gz`;
      const expiries = await runWithEagerLease(
        new MemoryStore(new Map([[name, chunkBytes('trades', lines)]])),
      );
      expect(expiries).toEqual([...new Set(expiries)].sort());
      return expiries.length;
    };
    const long = chunkOf(60_000);
    const bytes = long.join('\n').length;
    expect(bytes).toBeGreaterThan(4 * SILENT_BYTES);
    const more = (await renewals(long)) - (await renewals(chunkOf(1)));
    expect(more).toBeGreaterThanOrEqual(bytes / SILENT_BYTES);
  });
});
