import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  containsId,
  countIds,
  firstIds,
  type IdRange,
  joinRanges,
  subtractRanges,
} from '../../../aggregate-job/proof/id-ranges.ts';

const MOST = 60;
const range = fc
  .tuple(fc.nat(MOST), fc.nat(12))
  .map(([from, more]): IdRange => [from, Math.min(MOST, from + more)]);
const ranges = fc.array(range, { maxLength: 12 });
const idsIn = (all: IdRange[]): Set<number> =>
  new Set(all.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)));
const inOrder = (ids: Iterable<number>): number[] => [...ids].sort((a, b) => a - b);

describe('ranges of ids', () => {
  it('say what the set of their ids says', () => {
    fc.assert(
      fc.property(ranges, ranges, fc.nat(70), (a, b, count) => {
        const [ids, others] = [idsIn(a), idsIn(b)];
        const [held, taken] = [joinRanges(a), joinRanges(b)];
        expect(inOrder(idsIn(held))).toEqual(inOrder(ids));
        for (const [i, [from]] of held.entries())
          if (i > 0) expect(from).toBeGreaterThan((held[i - 1]?.[1] ?? 0) + 1);
        expect(countIds(held)).toBe(ids.size);
        for (let id = -1; id <= MOST + 1; id++) expect(containsId(held, id)).toBe(ids.has(id));
        const left = subtractRanges(held, taken);
        expect(joinRanges(left)).toEqual(left);
        expect(inOrder(idsIn(left))).toEqual(inOrder(ids).filter((id) => !others.has(id)));
        expect(inOrder(idsIn(firstIds(held, count)))).toEqual(inOrder(ids).slice(0, count));
      }),
      { numRuns: 500 },
    );
  });
});
