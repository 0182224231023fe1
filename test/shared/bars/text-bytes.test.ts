import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { narrow } from '../../../shared/bars/integers.ts';
import { TextBytes } from '../../../shared/bars/text-bytes.ts';

/** The number by hand: digits, point, sign. */
function written(units: bigint, places: number): string {
  const digits = String(units < 0n ? -units : units).padStart(places + 1, '0');
  const text = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  return units < 0n ? `-${text}` : text;
}

describe('text written as bytes', () => {
  it('has every digit of integers of any size at any places', () => {
    const safe = fc.bigInt({ min: -(2n ** 53n) + 1n, max: 2n ** 53n - 1n });
    const powers = fc
      .tuple(fc.nat(15), fc.integer({ min: -1, max: 1 }))
      .map(([n, d]) => 10n ** BigInt(n) + BigInt(d));
    const units = fc.oneof(fc.bigInt({ min: -99n, max: 99n }), powers, safe, fc.bigInt());
    const numbers = fc.array(fc.tuple(units, fc.oneof(fc.nat(18), fc.nat(80))), { maxLength: 30 });
    fc.assert(
      fc.property(numbers, (list) => {
        const text = new TextBytes(0);
        for (const [value, places] of list) {
          text.field(narrow(value), places);
        }
        expect(text.written.toString()).toBe(
          list.map(([value, places]) => `,${written(value, places)}`).join(''),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('grows as it is written', () => {
    const text = new TextBytes(0);
    for (let i = 0; i < 500; i++) text.bytes(Buffer.from('tape'));
    for (let i = 0; i < 500; i++) text.emptyField();
    expect(text.written.toString()).toBe('tape'.repeat(500) + ','.repeat(500));
  });
});
