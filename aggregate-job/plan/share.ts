import { doing } from '../../shared/errors.ts';
import { planMarkName, planMarkPrefix, planObjectName } from '../../shared/lake/object-names.ts';
import type { Store } from '../../shared/store/store.ts';
import { type Clock, MINUTE_MS, SECOND_MS } from '../../shared/time.ts';
import type { SymbolDate } from './days.ts';
import { daysOfTask, type Plan, parsePlan, planTasks, planText } from './plan.ts';
import type { Task } from './task.ts';
import { weigh } from './weigh.ts';

/** What a task is to do. */
export type Share = {
  /** Its symbol-days in their order, without those that an earlier try of this task did. */
  days: SymbolDate[];
  /** Symbol-days of all tasks together. */
  plannedDays: number;
  /** Notes that a day is done, so that a later try of this task leaves it out. */
  finished(day: SymbolDate): Promise<void>;
};

export type ShareContext = {
  raw: Store;
  results: Store;
  clock: Clock;
  listsAtOnce: number;
  /** What the whole execution is to do; asked of the task that makes the plan alone. */
  choose(): Promise<SymbolDate[]>;
};

/** The first task makes the plan; the others wait this long for it before they make it themselves. */
const PATIENCE_MS = 3 * MINUTE_MS;
const LOOK_EVERY_MS = 5 * SECOND_MS;

/**
 * The task's share of its execution. The plan is made once and stored, and every other task and every retry reads it: to list
 * the store again would show another world, because tasks archive and delete meanwhile.
 */
export async function takeShare(task: Task, context: ShareContext): Promise<Share> {
  const { results } = context;
  const plan = await thePlan(task, context);
  const done = new Set<string>();
  for await (const { name } of results.list(planMarkPrefix(task.execution))) done.add(name);
  const markOf = ({ symbol, date }: SymbolDate): string => planMarkName(task.execution, symbol, date);
  return {
    days: daysOfTask(plan, task.index).filter((day) => !done.has(markOf(day))),
    plannedDays: plan.tasks.flat().reduce((count, { dates }) => count + dates.length, 0),
    finished: async (day) => {
      await results.create(markOf(day), Buffer.from('done\n'));
    },
  };
}

async function thePlan(
  task: Task,
  { raw, results, clock, listsAtOnce, choose }: ShareContext,
): Promise<Plan> {
  const name = planObjectName(task.execution);
  const read = async (): Promise<Plan | undefined> => {
    const stored = await results.read(name);
    return stored && doing('read plan', name, async () => parsePlan(stored.bytes.toString(), task.count));
  };
  const giveUpAt = clock.now() + (task.index === 0 ? 0 : PATIENCE_MS);
  for (;;) {
    const plan = await read();
    if (plan) return plan;
    if (clock.now() >= giveUpAt) break;
    await clock.sleep(LOOK_EVERY_MS);
  }
  const made = planTasks(await weigh(raw, results, await choose(), listsAtOnce), task.count);
  await results.create(name, Buffer.from(planText(made))); // of several at once the first one's stays
  const plan = await read();
  if (!plan) throw new Error(`read plan ${name}: it vanished after it was written`);
  return plan;
}
