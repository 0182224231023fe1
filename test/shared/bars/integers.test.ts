import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  add,
  addIntegerAt,
  divideRounded,
  type Integer,
  integerColumn,
  multiply,
  narrow,
  setAt,
  shift,
  shiftColumn,
  subtract,
  valueAt,
} from '../../../shared/bars/integers.ts';

const MAX = BigInt(Number.MAX_SAFE_INTEGER);
/** Small ones, ones around 2^53, and huge ones. */
const big = fc.oneof(
  fc.bigInt({ min: -20n, max: 20n }),
  fc.bigInt({ min: MAX - 3n, max: MAX + 3n }),
  fc.bigInt({ min: -MAX - 3n, max: -MAX + 3n }),
  fc.bigInt({ min: -MAX, max: MAX }),
  fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
);
const positive = big.map((value) => (value < 0n ? -value : value) + 1n);
/** What a calculation must give: exactly that, as a number where that is safe. */
const expected = (value: bigint): Integer => (value <= MAX && value >= -MAX ? Number(value) : value);

function check<T>(inputs: fc.Arbitrary<T>, property: (input: T) => void): void {
  fc.assert(fc.property(inputs, property), { numRuns: 2000 });
}

describe('exact integers', () => {
  it('add, subtract, multiply as bigint does', () => {
    check(fc.tuple(big, big), ([a, b]) => {
      expect(add(narrow(a), narrow(b))).toBe(expected(a + b));
      expect(subtract(narrow(a), narrow(b))).toBe(expected(a - b));
      expect(multiply(narrow(a), narrow(b)) === expected(a * b)).toBe(true); // -0 is 0
    });
  });

  it('divide to the nearest integer, halves away from zero', () => {
    check(fc.tuple(big, positive), ([a, b]) => {
      const size = a < 0n ? -a : a;
      const rounded = (size * 2n + b) / (b * 2n);
      expect(divideRounded(narrow(a), narrow(b)) === expected(a < 0n ? -rounded : rounded)).toBe(true);
    });
    expect([1, 3, -1, -3].map((half) => divideRounded(half, 2))).toEqual([1, 2, -1, -2]);
  });

  it('shift by places, and refuse to lose digits', () => {
    check(fc.tuple(big, fc.nat(25)), ([a, places]) => {
      const power = 10n ** BigInt(places);
      expect(shift(narrow(a), places) === expected(a * power)).toBe(true);
      expect(shift(narrow(a * power), -places) === expected(a)).toBe(true);
      if (places > 0) expect(() => shift(narrow(a * power + 1n), -places)).toThrow(RangeError);
    });
  });

  it('sum up in columns in any order, past 2^53 and back', () => {
    const step = fc.oneof(
      fc.tuple(fc.constant('add'), big, big),
      fc.tuple(fc.constant('product'), big, big),
      fc.tuple(fc.constant('set'), big, big),
    );
    check(fc.array(fc.tuple(fc.nat(1), step), { maxLength: 12 }), (steps) => {
      const column = integerColumn(2);
      const sums: [bigint, bigint] = [0n, 0n];
      for (const [index, [what, a, b]] of steps) {
        const at = index === 0 ? 0 : 1;
        if (what === 'add') addIntegerAt(column, at, narrow(a));
        if (what === 'product') addIntegerAt(column, at, multiply(narrow(a), narrow(b)));
        if (what === 'set') setAt(column, at, narrow(a));
        sums[at] = what === 'set' ? a : sums[at] + (what === 'add' ? a : a * b);
      }
      expect([valueAt(column, 0), valueAt(column, 1)]).toEqual(sums.map(expected));
      const shifted = shiftColumn(column, 3);
      expect([valueAt(shifted, 0), valueAt(shifted, 1)]).toEqual(sums.map((sum) => expected(sum * 1000n)));
    });
  });
});
