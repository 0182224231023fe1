import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Findings } from '../../../aggregate-job/day/findings.ts';
import { DAY_MS } from '../../../shared/time.ts';
import { dayOf, file, find, RUNS } from './find.ts';
import { ask, type Figures } from './oracle.ts';
import { type RandomDay, randomDay } from './random-day.ts';

/** Fails with the first line that differs: a diff of two days would take minutes. */
function expectSameLines(got: string, wanted: string): void {
  if (got === wanted) return;
  const [lines, wantedLines] = [got.split('\n'), wanted.split('\n')];
  const at = wantedLines.findIndex((line, i) => line !== lines[i]);
  expect([at, lines[at], lines.length]).toEqual([at, wantedLines[at], wantedLines.length]);
}

describe('a day', () => {
  const trade = { price: '100.5', quantity: '2.00', maker: false };
  const book = (bid: [string, string][], ask: [string, string][]) => ({ T: 5, u: 1, bids: bid, asks: ask });

  it.each<[what: string, random: RandomDay]>([
    ['without a row', dayOf({ depth: [book([], [])] })],
    [
      'without a row, and known to have none',
      dayOf({ depth: [book([], [])] }, { seed: '7.10', first: null, last: null }),
    ],
    ['with one trade in its last millisecond', dayOf({ trades: [{ ...trade, T: DAY_MS - 1, id: 7 }] })],
    [
      'with many trades in one millisecond',
      dayOf({
        trades: Array.from({ length: 2000 }, (_, i) => ({
          ...trade,
          price: `${1000 + ((i * 37) % 91)}`,
          maker: i % 3 === 0,
          T: 0,
          id: i,
        })),
      }),
    ],
    [
      'of a billion dollars in 1000PEPE',
      dayOf({
        trades: Array.from({ length: 1500 }, (_, i) => ({
          price: `0.0${1_168_900 + ((i * 7919) % 10_007)}`,
          quantity: `${60_000_000 + i}`,
          maker: i % 2 === 0,
          T: i * 57_000,
          id: i,
        })),
      }),
    ],
    [
      'with quantities of 0 alone',
      dayOf({ trades: [{ ...trade, quantity: '0', T: 7, id: 7 }] }, { seed: '3', first: 7, last: 7 }),
    ],
    [
      'whose digits grow',
      dayOf({
        trades: ['1', '1.1', '1.12', '1.12345678'].map((price, i) => ({
          ...trade,
          price,
          quantity: price,
          T: i * 1e7,
          id: i,
        })),
      }),
    ],
    [
      'with one-sided and crossed books',
      dayOf({ depth: [book([['1', '2']], []), { ...book([['3.25', '1']], [['3', '2.5']]), u: 2 }] }),
    ],
    ['with ids that fall after a while', relisted()],
  ])('%s is what the contract says', async (_, random) => {
    const findings = await find(random);
    const answer = ask(random.day);
    expect(findings.decimals).toEqual(answer.figures.decimals);
    for (const seconds of [60, 3_600, 86_400]) {
      const got = file(random.day, findings, seconds);
      expectSameLines(got, answer.file(seconds));
      expect(got.split('\n')).toHaveLength(86_400 / seconds + 2);
    }
  });

  it('reads its ids as started again where they fall after a while', async () => {
    expect(await find(relisted())).toMatchObject({ epochs: 2, firstId: 900, lastId: 2, tradeRows: 5 });
  });
});

describe('a day with the largest id there is', () => {
  it('counts its trades and its holes to the last one', async () => {
    const last = Number.MAX_SAFE_INTEGER;
    const ids = [...Array.from({ length: 40 }, (_, i) => i), last];
    const trades = ids.map((id, i) => ({ price: '7', quantity: '1', maker: false, T: 100 * i, id }));
    const { tradeRows, lastId, completeness } = await find(dayOf({ trades }));
    expect({ tradeRows, lastId, missing: completeness.missing }).toEqual({
      tradeRows: 41,
      lastId: last,
      missing: [[40, last - 1]],
    });
  });
});

/** Ids that fall, in the same quarter of an hour, after ten minutes without a trade. */
function relisted(): RandomDay {
  const random = dayOf({
    trades: [900, 901, 0, 1, 2].map((id, i) => ({
      price: `${10 + i}`,
      quantity: '1',
      maker: false,
      T: (i < 2 ? 0 : 600_000) + i,
      id,
    })),
  });
  for (const row of random.day.trades) row.epoch = row.id < 900 ? 1 : 0;
  return random;
}

describe('a day of any rows', () => {
  it.each([
    ['1s', [1], RUNS.at1s],
    ['1m, 5m, 1h and 1d', [60, 300, 3_600, 86_400], RUNS.coarser],
  ])('gives the files at %s and the figures that the contract says', async (_, resolutions, numRuns) => {
    const property = fc.asyncProperty(randomDay, async (random) => {
      const findings = await find(random);
      const answer = ask(random.day);
      expect(figures(findings)).toEqual(answer.figures);
      for (const seconds of resolutions)
        expectSameLines(file(random.day, findings, seconds), answer.file(seconds));
    });
    // the day on which an id that lost to another window was kept, then days of any seed; shrinking one would take minutes
    await fc.assert(property, { seed: 1560167746, path: '4', numRuns: 1 });
    await fc.assert(property, { numRuns, endOnFailure: true });
  });
});

function figures(findings: Findings): Figures {
  const { counts, completeness, decimals, tradeRows } = findings;
  const { missing, outOfOrder } = completeness;
  expect(findings.rejected.count).toBe(0);
  return { ...counts, decimals, tradeRows, missing, outOfOrder };
}
