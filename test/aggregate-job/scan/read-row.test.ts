import { describe, expect, it } from '@jest/globals';
import { readDepthRow, readTradeRow } from '../../../aggregate-job/scan/read-row.ts';

const DAY = Date.parse('2024-07-18T00:00:00Z');
const trade = (price: string): string => `${DAY + 1},${price},1,true,1,1,1,,,`;
const depth = (price: string): string => `${DAY + 1},"[[${price},1]]","[[9,1]]",1,,`;

describe('a number with more places than any market has', () => {
  // it would print the whole day with as many
  it('is refused beyond 30 places', () => {
    expect(readTradeRow(trade(`1.${'0'.repeat(29)}1`), DAY).price.places).toBe(30);
    expect(() => readTradeRow(trade(`1.${'0'.repeat(30)}1`), DAY)).toThrow('price has more than 30 places');
    expect(readDepthRow(depth(`1.${'0'.repeat(29)}1`), DAY).bid?.price.places).toBe(30);
    expect(() => readDepthRow(depth(`1.${'0'.repeat(30)}1`), DAY)).toThrow(
      'best level of bids has more than 30 places',
    );
  });
});
