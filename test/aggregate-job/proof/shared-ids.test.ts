import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { joinEpochs, sharedIds } from '../../../aggregate-job/proof/epochs.ts';
import type { Segment } from '../../../aggregate-job/proof/segments.ts';

const WINDOW_MS = 900_000;
const segment = (window: number, from: number, to: number): Segment => ({
  from,
  to,
  firstTime: window * WINDOW_MS,
  lastTime: window * WINDOW_MS + 1,
  late: false,
  verified: true,
});

/** Which ids a window holds: runs in order that do not touch. */
const heldIds = fc.uniqueArray(fc.nat(30), { maxLength: 20 }).map((ids) => ids.sort((a, b) => a - b));
const runsOf = (ids: number[], window: number): Segment[] =>
  ids.reduce<Segment[]>((runs, id) => {
    const last = runs.at(-1);
    if (last?.to === id - 1) last.to = id;
    else runs.push(segment(window, id, id));
    return runs;
  }, []);

describe('ids that several windows hold', () => {
  it('are told to each of them', () => {
    fc.assert(
      fc.property(fc.array(heldIds, { minLength: 1, maxLength: 5 }), (windows) => {
        const segments = windows.flatMap(runsOf).sort((a, b) => a.from - b.from || a.firstTime - b.firstTime);
        const shared = windows.map((ids, window) => ({
          window,
          ids: ids.filter((id) => windows.some((others, other) => other !== window && others.includes(id))),
        }));
        const told = sharedIds([segments], WINDOW_MS).map(({ window, ids }) => ({
          window,
          ids: [...ids].sort((a, b) => a - b),
        }));
        expect(told).toEqual(shared.filter(({ ids }) => ids.length > 0));
      }),
      { numRuns: 300 },
    );
  });
});

describe('ids that fall from one window to the next', () => {
  const high = { ...segment(0, 900, 901), firstTime: 0, lastTime: 1_000 };
  const low = (afterMs: number): Segment => ({
    ...segment(0, 1, 5),
    firstTime: 1_000 + afterMs,
    lastTime: 70_000,
  });

  it.each([
    ['are those of one counting less than a minute later', 59_999, 1],
    ['begin another a minute later', 60_000, 2],
  ])('%s', (_, afterMs, epochs) => {
    expect(joinEpochs([[[high]], [[low(afterMs)]]])).toHaveLength(epochs);
  });

  it('are those of one counting where they rise', () => {
    expect(joinEpochs([[[segment(0, 1, 5)]], [[segment(1, 900, 901)]]])).toHaveLength(1);
  });
});
