import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { imbalanceBillionths } from '../../../aggregate-job/window/accumulate.ts';
import { narrow } from '../../../shared/bars/integers.ts';

describe('the imbalance of a book', () => {
  it('is floor(10^9 x bid / (bid + ask)) for quantities of any size', () => {
    const lots = fc.oneof(
      fc.bigInt({ min: 1n, max: 20n }),
      fc.bigInt({ min: 9_007_000n, max: 9_008_000n }), // times 10^9 this is about 2^53
      fc.bigInt({ min: 1n, max: 2n ** 53n }),
      fc.bigInt({ min: 1n, max: 10n ** 25n }),
    );
    fc.assert(
      fc.property(lots, lots, (bid, ask) => {
        expect(imbalanceBillionths(narrow(bid), narrow(ask))).toBe(
          Number((bid * 1_000_000_000n) / (bid + ask)),
        );
      }),
      { numRuns: 5000 },
    );
  });

  it('does not depend on the unit of quantities', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: 1, max: 1e6 }),
        fc.nat(8),
        (bid, ask, places) => {
          const unit = 10 ** places;
          expect(imbalanceBillionths(bid * unit, ask * unit)).toBe(imbalanceBillionths(bid, ask));
        },
      ),
    );
  });
});
