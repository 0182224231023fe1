import { setImmediate } from 'node:timers/promises';
import { runJob } from '../../../aggregate-job/run.ts';
import type { Threads } from '../../../aggregate-job/threads/threads.ts';
import type { Clock } from '../../../shared/time.ts';
import { fakeClock } from '../../shared/fake-clock.ts';
import { MemoryStore } from '../../shared/store/memory-store.ts';
import { jobContext } from '../job.ts';
import { MORNING_AFTER, SYMBOL } from '../market-day.ts';
import { CHUNK_DAMAGES } from './chunk-damages.ts';
import type { Damage } from './damage.ts';
import { createDice } from './dice.ts';
import { judge } from './judge.ts';
import { EXECUTION, fillLake, OTHER, type Prepared } from './lake.ts';
import { OBJECT_DAMAGES } from './object-damages.ts';
import { ZIP_DAMAGES } from './zip-damages.ts';

const DAMAGES: Readonly<Record<string, Damage>> = { ...CHUNK_DAMAGES, ...ZIP_DAMAGES, ...OBJECT_DAMAGES };
const FAMILIES = [CHUNK_DAMAGES, CHUNK_DAMAGES, ZIP_DAMAGES, OBJECT_DAMAGES].map((family) =>
  Object.keys(family),
);

/** A day and what is done to it; each damage has dice of its own, so that it stays the same when others are left out. */
export type Plan = { seed: number; damages: { name: string; seed: number }[] };

/** What a run made of a lake. */
export type Ran = {
  /** Undefined where the run itself failed. */
  code: number | undefined;
  error: unknown;
  log: Record<string, unknown>[];
  objects: Map<string, Buffer>;
};

/** What was found: `damages` are those that had something to harm, `faults` what must not be. */
export type Outcome = { damages: string[]; verdict: string; faults: string[] };

export function planOf(seed: number): Plan {
  const dice = createDice(seed);
  const damages = Array.from({ length: dice.int(1, 4) }, () => ({
    name: dice.pick(dice.pick(FAMILIES)),
    seed: dice.int(0, 2 ** 31),
  }));
  return { seed, damages };
}

/** Makes the day, harms it, runs the job and judges what came of it. */
export async function runTrial(plan: Plan, prepared: Prepared, threads: Threads): Promise<Outcome> {
  const lake = await fillLake(createDice(plan.seed), prepared);
  const undamaged = new Map(lake.objects);
  const hits: { name: string; damage: Damage }[] = [];
  for (const { name, seed } of plan.damages) {
    const damage = DAMAGES[name];
    if (!damage) throw new Error(`damage ${name}: there is none of that name`);
    if (await damage.hit(lake, createDice(seed))) hits.push({ name, damage });
  }
  const before = new Map(lake.objects);
  const all = { symbols: [SYMBOL, OTHER], isTask: lake.isTask };
  const ran = await runOn(before, all, threads);
  const found = await judge({
    lake,
    prepared,
    damages: hits.map(({ damage }) => damage),
    undamaged,
    before,
    ran,
    rebuild: (objects) => runOn(objects, { symbols: [SYMBOL], isTask: false }, threads),
  });
  return { damages: hits.map(({ name }) => name), ...found };
}

/** Leaves out damages one by one as long as what is left is still at fault. */
export async function shrink(plan: Plan, isAtFault: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  for (const damage of plan.damages) {
    const less = { ...plan, damages: plan.damages.filter((other) => other !== damage) };
    if (await isAtFault(less)) return shrink(less, isAtFault);
  }
  return plan;
}

async function runOn(
  objects: ReadonlyMap<string, Buffer>,
  { symbols, isTask }: { symbols: string[]; isTask: boolean },
  threads: Threads,
): Promise<Ran> {
  const store = new MemoryStore(objects);
  const log: Record<string, unknown>[] = [];
  const lease = { clock: waitingClock(MORNING_AFTER) };
  const context = { ...jobContext({ store, settings: { symbols }, lease }, log), threads };
  const task = isTask ? { execution: EXECUTION, index: 0, count: 1 } : undefined;
  try {
    const code = await runJob({ ...context, task });
    return { code, error: undefined, log, objects: store.objects };
  } catch (error) {
    return { code: undefined, error, log, objects: store.objects };
  }
}

/** Longer than any lease may last, in looks of a second. */
const MAX_LOOKS = 400;
const LOOK_MS = 1_000;

/** A clock on which a second's sleep takes none, and longer ones last until they are aborted. */
function waitingClock(startMs: number): Clock {
  let looks = 0;
  return {
    ...fakeClock(startMs),
    now: () => startMs + looks * LOOK_MS,
    monotonicMs: () => looks * LOOK_MS,
    sleep: async (ms, signal) => {
      if (ms <= LOOK_MS) {
        if (++looks > MAX_LOOKS) throw new Error('wait: for a lease that never ends');
        await setImmediate();
      } else await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    },
  };
}
