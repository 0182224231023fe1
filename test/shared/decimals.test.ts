import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  divideRounded,
  formatUnits,
  parseDecimal,
  significantPlaces,
  unitsAt,
} from '../../shared/decimals.ts';

const units = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
const places = fc.integer({ min: 0, max: 20 });

describe('parseDecimal and formatUnits', () => {
  it('give back every number at every size', () => {
    fc.assert(
      fc.property(units, places, (value, count) => {
        expect(parseDecimal(formatUnits(value, count))).toEqual({ units: value, places: count });
      }),
    );
  });

  it('write doubles as they write big integers', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), places, (value, count) => {
        expect(formatUnits(value, count)).toBe(formatUnits(BigInt(value), count));
      }),
    );
  });

  it.each([
    ['0', 0n, 0],
    ['63943.90', 6394390n, 2],
    ['-0.50', -50n, 2],
    ['007.1', 71n, 1],
    ['0.00000001', 1n, 8],
    ['92233720368547758070000000001', 92233720368547758070000000001n, 0],
  ])('reads %s', (text, expected, count) => {
    expect(parseDecimal(text)).toEqual({ units: expected, places: count });
  });

  it.each([
    '',
    ' ',
    '.',
    '1.',
    '.5',
    '+1',
    '--1',
    '1e5',
    '1,5',
    '1 ',
    ' 1',
    '1\n',
    '0x10',
    'NaN',
    '١',
    '1.2.3',
  ])('takes %j for no number', (text) => expect(parseDecimal(text)).toBeUndefined());

  it('writes zero without a sign', () => {
    expect([formatUnits(-0, 0), formatUnits(-0, 3), formatUnits(0n, 3)]).toEqual(['0', '0.000', '0.000']);
  });
});

describe('significantPlaces', () => {
  it('is the fewest places that keep the value', () => {
    fc.assert(
      fc.property(units, places, (value, count) => {
        let expected = count;
        for (let rest = value; expected > 0 && rest % 10n === 0n; rest /= 10n) expected--;
        expect(significantPlaces(formatUnits(value, count))).toBe(expected);
      }),
    );
  });

  it.each([
    ['100', 0],
    ['1.000', 0],
    ['1.2300', 2],
    ['0.10', 1],
  ])('of %s is %d', (text, expected) => expect(significantPlaces(text)).toBe(expected));
});

describe('unitsAt', () => {
  it('keeps the value on the way to more places and back', () => {
    fc.assert(
      fc.property(units, places, places, (value, count, more) => {
        const widened = unitsAt({ units: value, places: count }, count + more);
        expect(widened).toBe(value * 10n ** BigInt(more));
        expect(unitsAt({ units: widened, places: count + more }, count)).toBe(value);
      }),
    );
  });

  it('refuses to lose a digit', () => {
    expect(() => unitsAt({ units: 1230n, places: 3 }, 1)).toThrow(RangeError);
    expect(() => unitsAt({ units: 1230n, places: 3 }, 1)).toThrow('write 1.230 with 1 places');
    expect(unitsAt({ units: 1230n, places: 3 }, 2)).toBe(123n);
  });
});

describe('divideRounded', () => {
  const divisor = fc.bigInt({ min: 1n, max: 10n ** 15n });

  it('is off by half at most, and a half goes away from zero', () => {
    fc.assert(
      fc.property(units, divisor, (numerator, denominator) => {
        const error = 2n * (divideRounded(numerator, denominator) * denominator - numerator);
        const awayFromZero = numerator < 0n ? -error : error;
        expect(awayFromZero <= denominator && awayFromZero > -denominator).toBe(true);
      }),
    );
  });

  it('of a negative is the negative', () => {
    fc.assert(
      fc.property(units, divisor, (numerator, denominator) => {
        expect(divideRounded(-numerator, denominator)).toBe(-divideRounded(numerator, denominator));
      }),
    );
  });

  it.each([
    [5n, 10n, 1n],
    [-5n, 10n, -1n],
    [4n, 10n, 0n],
    [-1n, 3n, 0n],
    [7n, 2n, 4n],
  ])('%d / %d = %d', (a, b, expected) => expect(divideRounded(a, b)).toBe(expected));
});
