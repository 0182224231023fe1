import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY_MS } from '../../../shared/time.ts';
import type { Snapshot } from '../chunks.ts';
import { dayOf, file, find, RUNS } from './find.ts';
import { type RandomDay, randomDay } from './random-day.ts';

describe('a day cut at any second', () => {
  const steady = fc.record({
    T: fc.nat(DAY_MS - 1),
    price: fc.integer({ min: 1, max: 99_999 }),
    maker: fc.boolean(),
  });
  it('leaves all earlier rows as they were, trades_complete aside', async () => {
    const property = fc.asyncProperty(
      fc.array(steady, { minLength: 1, maxLength: 60, size: 'max' }),
      fc.nat(1439),
      async (rows, minute) => {
        rows.sort((a, b) => a.T - b.T);
        // the first row has the most places, so that the digits stay
        const all = [{ T: 0, price: 1, maker: true }, ...rows].map((row, i) => ({
          ...row,
          price: `${row.price}.${i === 0 ? '01' : '5'}`,
          quantity: '2',
          id: i,
        }));
        const depth = all.map(
          ({ T, price }, u) => ({ T, u, bids: [[price, '1']], asks: [[price, '2']] }) satisfies Snapshot,
        );
        const early = ({ T }: { T: number }): boolean => T < minute * 60_000;
        const [whole, cut] = [
          dayOf({ trades: all, depth }),
          dayOf({ trades: all.filter((row) => row.id === 0 || early(row)), depth: depth.filter(early) }),
        ];
        const lines = async (random: RandomDay): Promise<string[]> =>
          file(random.day, await find(random), 60)
            .split('\n')
            .slice(0, minute + 1)
            .map((line) => line.slice(0, line.lastIndexOf(',')));
        expect(await lines(cut)).toEqual(await lines(whole));
      },
    );
    await fc.assert(property, { numRuns: RUNS.coarser });
  });
});

describe('every row of any day', () => {
  it('adds up: buy and sell to the total, deltas to the cvd, the vwap between low and high', async () => {
    const property = fc.asyncProperty(randomDay, async (random) => {
      const [, ...lines] = file(random.day, await find(random), 300)
        .trimEnd()
        .split('\n');
      let [cvd, close] = [0n, random.day.seed === null ? undefined : at60(random.day.seed)];
      for (const line of lines) {
        const cells = line
          .split(',')
          .slice(1, -1)
          .map((cell) => (cell === '' ? undefined : at60(cell)));
        const [open, high = 0n, low = 0n, last, vwap, total = 0n, buy = 0n, sell = 0n, delta = 0n] = cells;
        expect([buy + sell, buy - sell]).toEqual([total, delta]);
        expect(cells[13]).toBe(cvd + delta);
        if (vwap === undefined)
          expect([open, high, low, last]).toEqual([close, close ?? 0n, close ?? 0n, close]);
        else expect(low <= vwap && vwap <= high).toBe(true);
        [cvd, close] = [cvd + delta, last];
      }
    });
    await fc.assert(property, { numRuns: RUNS.coarser });
  });
});

/** Decimal text as an integer with 60 places. */
function at60(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(60, '0'));
}
