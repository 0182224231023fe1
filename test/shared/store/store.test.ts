import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareNames, isObjectName } from '../../../shared/store/store.ts';

describe('isObjectName', () => {
  it('counts bytes, not letters', () => {
    expect(isObjectName('a'.repeat(1024))).toBe(true);
    expect(isObjectName('a'.repeat(1025))).toBe(false);
    expect(isObjectName('é'.repeat(512))).toBe(true);
    expect(isObjectName('é'.repeat(513))).toBe(false);
  });
});

describe('compareNames', () => {
  it('orders as the UTF-8 bytes do', () => {
    const names = fc.array(fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(names, (texts) => {
        const hex = (text: string): string => Buffer.from(text).toString('hex');
        const byHex = [...texts].sort((a, b) => (hex(a) < hex(b) ? -1 : hex(a) > hex(b) ? 1 : 0));
        expect([...texts].sort(compareNames)).toEqual(byHex);
      }),
    );
  });
});
