import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { joined, type Span, wholeSlots } from '../../../ingest/minutes/listening.ts';

const spans = (...pairs: [number, number][]): Span[] => pairs.map(([fromMs, toMs]) => ({ fromMs, toMs }));

describe('spans of listening', () => {
  it.each<[string, Span[], Span[]]>([
    ['that touch are one', spans([0, 5], [5, 9]), spans([0, 9])],
    ['that overlap are one', spans([0, 6], [4, 9]), spans([0, 9])],
    ['of which one lies in the other are that one', spans([0, 9], [2, 4]), spans([0, 9])],
    ['with a gap stay two', spans([0, 5], [6, 9]), spans([0, 5], [6, 9])],
    ['that came in another order are put into theirs', spans([6, 9], [0, 5]), spans([0, 5], [6, 9])],
    ['of which the last one joins the others are one', spans([6, 9], [0, 3], [2, 7]), spans([0, 9])],
    ['that begin together reach to the later end', spans([0, 3], [0, 9], [0, 5]), spans([0, 9])],
    ['are none of none', [], []],
  ])('%s', (_, given, expected) => {
    expect(joined(given)).toEqual(expected);
  });

  it('hold the same times in whatever order they came, and lie apart', () => {
    const span = fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 8 }));
    fc.assert(
      fc.property(fc.array(span), (pairs) => {
        const given = pairs.map(([fromMs, length]) => ({ fromMs, toMs: fromMs + length }));
        const isIn = (all: Span[], ms: number) => all.some(({ fromMs, toMs }) => fromMs <= ms && ms < toMs);
        const result = joined(given);
        for (let ms = 0; ms < 40; ms++) expect(isIn(result, ms)).toBe(isIn(given, ms));
        for (const [i, { fromMs }] of result.entries())
          if (i > 0) expect(fromMs).toBeGreaterThan(result[i - 1]?.toMs ?? 0);
      }),
    );
  });

  it.each<[string, Span, number, number[]]>([
    ['of its own bounds', { fromMs: 60, toMs: 180 }, 0, [60, 120]],
    ['without those it began in or ends in', { fromMs: 61, toMs: 179 }, 0, []],
    ['up to one that is whole to the millisecond', { fromMs: 59, toMs: 120 }, 0, [60]],
    ['none that misses a millisecond', { fromMs: 60, toMs: 119 }, 0, []],
    ['not before a time', { fromMs: 0, toMs: 240 }, 120, [120, 180]],
    ['not before a time within one', { fromMs: 0, toMs: 240 }, 121, [180]],
    ['none of a span without a beginning', { fromMs: Number.POSITIVE_INFINITY, toMs: 240 }, 0, []],
  ])('have the whole slots %s', (_, span, notBeforeMs, expected) => {
    expect(wholeSlots(span, 60, notBeforeMs)).toEqual(expected);
  });
});
