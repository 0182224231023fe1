// Order, runs of ids and holes, of rows as they come, against sets and sorting.

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkCompleteness } from '../../../aggregate-job/proof/completeness.ts';
import { joinEpochs, sharedIds } from '../../../aggregate-job/proof/epochs.ts';
import { segmentsOf } from '../../../aggregate-job/proof/segments.ts';
import { pushTrade, type TradeRows, tradeRows } from '../../../aggregate-job/rows/trade-rows.ts';
import { orderTrades } from '../../../aggregate-job/window/order.ts';

const WINDOW_MS = 900_000;
const DAY_MS = 4 * WINDOW_MS;
/** Ranks of the sources; two of them belong to one writer. */
const RANKS = [2, 0, 1, 1];

type Row = { id: number; time: number; price: number; source: number };

function columns(rows: Row[]): TradeRows {
  const made = tradeRows();
  for (const { id, time, price, source } of rows)
    pushTrade(
      made,
      {
        id,
        time,
        price: { units: BigInt(price), places: 0 },
        quantity: { units: 1n, places: 0 },
        maker: true,
        firstId: id,
        lastId: id,
      },
      source,
    );
  return made;
}

describe('ordering trades', () => {
  const row = fc.record({
    id: fc.nat(12),
    time: fc.nat(2),
    price: fc.integer({ min: 1, max: 2 }),
    source: fc.nat(3),
  });

  it('keeps each id once, by rank, and tells duplicates from conflicts', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
        const { order, duplicates, conflicts, repaired } = orderTrades(columns(rows), RANKS);
        const byId = [...Map.groupBy(rows, ({ id }) => id)].sort(([a], [b]) => a - b).map(([, same]) => same);
        const rank = ({ source }: Row): number => RANKS[source] ?? 0;
        const winners = byId.map((same) => same.toSorted((a, b) => rank(a) - rank(b))[0] as Row); // stable
        expect([...order].map((i) => rows[i])).toEqual(winners);
        const isSame = (a: Row, b: Row): boolean => a.time === b.time && a.price === b.price;
        const equal = byId.map(
          (same, i) => same.filter((other) => isSame(other, winners[i] as Row)).length - 1,
        );
        expect(duplicates).toBe(equal.reduce((a, b) => a + b, 0));
        expect(duplicates + conflicts + winners.length).toBe(rows.length);
        expect(repaired).toBe(byId.filter((same) => same.every((held) => rank(held) === 0)).length);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('proving a day', () => {
  /** Ids from 100 on, some lost; times rise, but for jitter. */
  const day = fc
    .array(
      fc.record({
        step: fc.oneof(fc.constant(0), fc.nat(5000), fc.nat(WINDOW_MS / 2)),
        jitter: fc.nat(40_000),
        lost: fc.nat(3),
      }),
      { maxLength: 40 },
    )
    .map((plans) => {
      let time = 0;
      return plans.flatMap(({ step, jitter, lost }, i) => {
        time += step;
        if (i > 0 && lost === 0) return [];
        return [
          { id: 100 + i, time: Math.min(DAY_MS - 1, i === 0 ? 0 : time + jitter), price: 1, source: 0 },
        ];
      });
    });
  const end = fc.constantFrom<('known' | 'further' | 'unknown')[]>('known', 'further', 'unknown');

  it('finds every hole, the time in which it lies, and every trade out of order', () => {
    fc.assert(
      fc.property(day, end, end, (rows, head, tail) => {
        const [from, to] = [rows[0]?.id ?? 0, rows.at(-1)?.id ?? 0];
        const first =
          head === 'unknown' ? undefined : rows.length === 0 ? null : head === 'known' ? from : from - 2;
        const last =
          tail === 'unknown' ? undefined : rows.length === 0 ? null : tail === 'known' ? to : to + 2;
        const windows = Array.from({ length: 4 }, (_, w) => {
          const part = columns(rows.filter(({ time }) => Math.floor(time / WINDOW_MS) === w));
          return [segmentsOf(part, orderTrades(part, RANKS).order)];
        });
        const epochs = joinEpochs(windows);
        expect(epochs.length).toBe(rows.length === 0 ? 0 : 1);
        expect(sharedIds(epochs, WINDOW_MS)).toEqual([]);
        const proof = checkCompleteness(epochs, first, last, DAY_MS, WINDOW_MS);

        const present = new Set(rows.map(({ id }) => id));
        const [start, stop] = [
          typeof first === 'number' ? first : from,
          typeof last === 'number' ? last : to,
        ];
        const absent = Array.from(
          { length: rows.length === 0 ? 0 : stop - start + 1 },
          (_, i) => start + i,
        ).filter((id) => !present.has(id));
        expect(proof.missing.flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i))).toEqual(
          absent,
        );
        expect(proof.outOfOrder).toBe(
          rows.filter((row) => rows.some((other) => other.id < row.id && other.time > row.time)).length,
        );

        const unproven = (time: number): boolean => proof.unproven.some(([a, b]) => a <= time && time <= b);
        const inHole = (time: number, id: number): boolean => {
          const before = rows.filter((row) => row.id < id).map((row) => row.time);
          const after = rows.filter((row) => row.id > id).map((row) => row.time);
          const [a, b] = [Math.max(0, ...before), Math.min(DAY_MS - 1, ...after)];
          return Math.min(a, b) <= time && time <= Math.max(a, b);
        };
        const holes = [...absent, ...(first === undefined ? [-1] : []), ...(last === undefined ? [1e9] : [])];
        for (const time of [
          0,
          DAY_MS - 1,
          ...rows.flatMap((row) => [row.time - 1, row.time, row.time + 1]),
        ]) {
          if (time < 0 || time >= DAY_MS) continue;
          expect([time, unproven(time)]).toEqual([time, holes.some((id) => inHole(time, id))]);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
