import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  daysOfTask,
  type Plan,
  parsePlan,
  planTasks,
  planText,
  type SymbolWork,
} from '../../../aggregate-job/plan/plan.ts';
import { addDays } from '../../../shared/time.ts';

const bytesOf = (work: readonly SymbolWork[]): number => work.reduce((sum, { bytes }) => sum + bytes, 0);
const taskCounts = fc.integer({ min: 1, max: 32 });
const dates = fc
  .integer({ min: 0, max: 4 })
  .map((extra) => Array.from({ length: extra + 1 }, (_, day) => addDays('2024-07-18', day)));

/** Markets as they are: a few symbols trade most (a power law), and chance on top. */
const market = fc
  .record({
    steepness: fc.double({ min: 0, max: 1, noNaN: true }),
    chance: fc.array(fc.double({ min: 0.2, max: 1, noNaN: true }), { minLength: 500, maxLength: 500 }),
    dates: fc.array(dates, { minLength: 500, maxLength: 500 }),
  })
  .map(({ steepness, chance, dates }) =>
    chance.map((factor, i) => ({
      symbol: `S${i}USDT`,
      bytes: Math.round((5e9 * factor) / (i + 1) ** steepness),
      dates: dates[i] ?? [],
    })),
  );

/** Any sizes at all, zero and equal ones included. */
const anyWork = fc.uniqueArray(
  fc.record({
    symbol: fc.string({ minLength: 1, maxLength: 8 }),
    bytes: fc.oneof(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 1e12 })),
    dates,
  }),
  { selector: ({ symbol }) => symbol, maxLength: 60 },
);

describe('planTasks', () => {
  it('gives every symbol-day of 500 symbols to exactly one task, and no task more than 1.2 times the mean', () => {
    fc.assert(
      fc.property(market, taskCounts, (work, taskCount) => {
        const plan = planTasks(work, taskCount);
        const planned = plan.tasks.flatMap((_, index) => daysOfTask(plan, index));
        const wanted = work.flatMap(({ symbol, dates }) => dates.map((date) => ({ symbol, date })));
        expect(planned.map(({ symbol, date }) => `${symbol} ${date}`).sort()).toEqual(
          wanted.map(({ symbol, date }) => `${symbol} ${date}`).sort(),
        );
        const mean = bytesOf(work) / taskCount;
        for (const symbols of plan.tasks)
          expect(symbols.length === 1 || bytesOf(symbols) <= 1.2 * mean).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('leaves no task more than the mean and one symbol, whatever the sizes', () => {
    fc.assert(
      fc.property(anyWork, taskCounts, (work, taskCount) => {
        const plan = planTasks(work, taskCount);
        expect(plan.tasks).toHaveLength(taskCount);
        expect(plan.tasks.flat()).toHaveLength(work.length);
        const mean = bytesOf(work) / taskCount;
        for (const symbols of plan.tasks)
          expect(bytesOf(symbols)).toBeLessThanOrEqual(mean + (symbols.at(-1)?.bytes ?? 0));
      }),
    );
  });

  it('does not depend on the order of the listing', () => {
    fc.assert(
      fc.property(anyWork, taskCounts, (work, taskCount) => {
        expect(planTasks(work.toReversed(), taskCount)).toEqual(planTasks(work, taskCount));
      }),
    );
  });

  it('keeps a symbol whole, its days in order, heavy symbols first', () => {
    const days = ['2024-07-18', '2024-07-19', '2024-07-20'];
    const plan = planTasks(
      [
        { symbol: 'C', bytes: 2, dates: days },
        { symbol: 'A', bytes: 9, dates: days },
        { symbol: 'B', bytes: 8, dates: days },
      ],
      2,
    );
    expect(daysOfTask(plan, 0)).toEqual(days.map((date) => ({ symbol: 'A', date })));
    expect(daysOfTask(plan, 1)).toEqual(
      ['B', 'C'].flatMap((symbol) => days.map((date) => ({ symbol, date }))),
    );
  });

  it('spreads symbols whose bytes are not known', () => {
    const work = Array.from({ length: 12 }, (_, i) => ({ symbol: `S${i}`, bytes: 0, dates: ['2024-07-18'] }));
    expect(planTasks(work, 4).tasks.map((symbols) => symbols.length)).toEqual([3, 3, 3, 3]);
  });
});

describe('planText', () => {
  it('is read back as it was, whatever letters the symbols have', () => {
    fc.assert(
      fc.property(anyWork, taskCounts, (work, taskCount) => {
        const plan: Plan = planTasks(work, taskCount);
        expect(parsePlan(planText(plan), taskCount)).toEqual(plan);
      }),
    );
  });

  it('is refused for another number of tasks and in another version', () => {
    const text = planText(planTasks([], 4));
    expect(() => parsePlan(text, 3)).toThrow('it is for 4 tasks, this execution has 3');
    expect(() => parsePlan(text.replace('"schema_version": 1', '"schema_version": 2'), 4)).toThrow(
      'schema_version',
    );
    expect(() => parsePlan('null', 4)).toThrow('schema_version');
  });
});
