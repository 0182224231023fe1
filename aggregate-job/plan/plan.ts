import * as v from 'valibot';
import { COUNT, DATE, readJson } from '../../shared/lake/read-json.ts';
import type { SymbolDate } from './days.ts';

/** A symbol's days in order and the bytes there are to read for them. */
export type SymbolWork = v.InferOutput<typeof SYMBOL_WORK>;
const SYMBOL_WORK = v.object({
  symbol: v.pipe(v.string(), v.minLength(1)),
  bytes: COUNT,
  dates: v.array(DATE),
});

/** Which task of an execution does what; every task has the symbols it does, heaviest first. */
export type Plan = v.InferOutput<typeof PLAN>;
const PLAN = v.object({ schema_version: v.literal(1), tasks: v.array(v.array(SYMBOL_WORK)) });

/**
 * Shares symbols between tasks, evenly by bytes: heaviest first, each to the task that has least so far. A symbol stays whole,
 * because each of its days begins where the one before ended.
 */
export function planTasks(work: readonly SymbolWork[], taskCount: number): Plan {
  const tasks = Array.from({ length: taskCount }, () => ({ bytes: 0, days: 0, symbols: [] as SymbolWork[] }));
  for (const symbol of [...work].sort(byWeight)) {
    const least = tasks.reduce((a, b) => ((b.bytes - a.bytes || b.days - a.days) < 0 ? b : a));
    least.bytes += symbol.bytes;
    least.days += symbol.dates.length;
    least.symbols.push(symbol);
  }
  return { schema_version: 1, tasks: tasks.map(({ symbols }) => symbols) };
}

/** The symbol-days of a task in the order in which it does them. */
export function daysOfTask(plan: Plan, index: number): SymbolDate[] {
  return (plan.tasks[index] ?? []).flatMap(({ symbol, dates }) => dates.map((date) => ({ symbol, date })));
}

/** The plan as it is stored, one symbol a line. */
export function planText({ schema_version, tasks }: Plan): string {
  const lists = tasks.map((symbols) => `[${symbols.map((work) => `\n  ${JSON.stringify(work)}`).join(',')}]`);
  return `{"schema_version": ${schema_version}, "tasks": [\n${lists.join(',\n')}\n]}\n`;
}

/** Reads a stored plan. @throws Error when it is none of this version, or for another number of tasks. */
export function parsePlan(text: string, taskCount: number): Plan {
  const plan = readJson(PLAN, 1, text);
  if (plan.tasks.length !== taskCount)
    throw new Error(`it is for ${plan.tasks.length} tasks, this execution has ${taskCount}`);
  return plan;
}

function byWeight(a: SymbolWork, b: SymbolWork): number {
  return (
    b.bytes - a.bytes ||
    b.dates.length - a.dates.length ||
    Number(a.symbol > b.symbol) - Number(a.symbol < b.symbol)
  );
}
