import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { requireNoLoss } from '../../../aggregate-job/day/no-loss.ts';
import type { Manifest, Range } from '../../../shared/lake/manifest.ts';

/** A manifest of a day with these ids, as far as what it holds is compared. */
function manifestOf(ids: number[], missing: Range<number>[] = holesOf(ids)): Manifest {
  const [first_id = null, last_id = null] = [ids[0], ids.at(-1)];
  return {
    schema_version: 1,
    symbol: 'BTCUSDT',
    date: '2024-07-18',
    verdict: 'partial',
    reasons: [],
    warnings: [],
    proof: 'none',
    decimals: { price: 0, quantity: 0 },
    seed: { close: null, source: null },
    close: null,
    cvd: '0',
    trades: {
      rows: ids.length,
      executions: ids.length,
      first_id,
      last_id,
      expected_first_id: null,
      expected_last_id: null,
      missing,
      repaired: 0,
      duplicates: 0,
      conflicts: 0,
      out_of_order: 0,
      zero_quantity: 0,
    },
    depth: { snapshots: 0, seconds_covered: 0, gaps: [], duplicates: 0, one_sided: 0, crossed: 0 },
    klines: { result: 'unavailable', compared: 0, differing: [] },
    inputs: { count: 0, bytes: 0, rows: 0, sha256: '' },
    rejected: { count: 0, by_reason: {}, named: [] },
    outputs: [],
    archive: { name: '', bytes: 0, sha256: '' },
    code_version: 'test',
  };
}

function holesOf(ids: number[]): Range<number>[] {
  return ids.slice(1).flatMap((id, i): Range<number>[] => {
    const before = ids[i] ?? id;
    return id === before + 1 ? [] : [[before + 1, id - 1]];
  });
}

/** The same list, and how often one of its elements was looked at. */
function counted<T>(list: T[]): { list: T[]; reads(): number } {
  let reads = 0;
  const watched = new Proxy(list, {
    get(target, key, receiver) {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
      return Reflect.get(target, key, receiver);
    },
  });
  return { list: watched, reads: () => reads };
}

describe('a day with many holes', () => {
  it('is compared with what it was in one pass over the holes of both', () => {
    const ids = Array.from({ length: 2_000 }, (_, i) => 2 * i);
    const [before, now] = [counted(holesOf(ids)), counted(holesOf(ids))];
    requireNoLoss(manifestOf(ids, before.list), manifestOf(ids, now.list), true);
    expect(before.reads()).toBeLessThan(10 * ids.length);
    expect(now.reads()).toBeLessThan(10 * ids.length);
  });
});

describe('a day that is built again', () => {
  const someIds = fc.uniqueArray(fc.nat(40), { maxLength: 30 }).map((ids) => ids.sort((a, b) => a - b));

  it('is refused exactly where an id is lost, whatever else came, and the first lost ids are told', () => {
    fc.assert(
      fc.property(someIds, someIds, (before, now) => {
        const lost = before.filter((id) => !now.includes(id));
        const build = () => requireNoLoss(manifestOf(before), manifestOf(now), false);
        if (lost.length === 0) expect(build).not.toThrow();
        else {
          const end = lost.find((id) => !lost.includes(id + 1));
          expect(build).toThrow(`trades between the ids ${lost[0]} and ${end}`);
        }
      }),
      { numRuns: 500 },
    );
  });
});
