import { describe, expect, it } from '@jest/globals';
import { readDepthRow, readTradeRow } from '../../../aggregate-job/scan/read-row.ts';

const DAY = Date.parse('2024-07-18T00:00:00Z');
const trade = (price: string): string => `${DAY + 1},${price},1,true,1,1,1,,,`;
const depth = (price: string): string => `${DAY + 1},"[[${price},1]]","[[9,1]]",1,,`;

describe('a number with more places than any market has', () => {
  // it would print the whole day with as many
  it('is refused beyond 18 places', () => {
    expect(readTradeRow(trade(`1.${'0'.repeat(17)}1`), DAY).price.places).toBe(18);
    expect(() => readTradeRow(trade(`1.${'0'.repeat(18)}1`), DAY)).toThrow(
      'price has more than 18 digits behind its point',
    );
    expect(readDepthRow(depth(`1.${'0'.repeat(17)}1`), DAY).bid?.price.places).toBe(18);
    expect(() => readDepthRow(depth(`1.${'0'.repeat(18)}1`), DAY)).toThrow(
      'best level of bids has more than 18 digits behind its point',
    );
  });
});
