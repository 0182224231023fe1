import { type Room, suitesOf } from './rooms.ts';
import { runSuites, type SuitesRun } from './run-suites.ts';

/** Suites that are run in one go, and how long they may take. */
export type Stage = { suites: string[]; limitMs: number };

const QUICK_SECONDS = 3;
const START_MS = 10_000;
const MEASURE_LIMIT_MS = 3_600_000;
/** A machine may be busy; a mutant that loops for ever is not worth more. */
const PATIENCE = 3;

/** How long each suite takes on the sources as they are. @throws where one is not green to begin with. */
export async function measureSuites(root: string, rooms: Room[]): Promise<Record<string, number>> {
  const suites = [...new Set(rooms.flatMap((room) => suitesOf(root, room)))];
  let run = await runSuites(root, suites, MEASURE_LIMIT_MS);
  if (run.outcome === 'failed') run = await runSuites(root, suites, MEASURE_LIMIT_MS); // the faulty networks of the tests race
  if (run.outcome !== 'passed')
    throw new Error(
      `run the suites of the unchanged sources: ${run.outcome} ${run.failed.join(', ')}\n${run.said.slice(-5_000)}`,
    );
  return run.seconds;
}

/** A room's suites: those close to it before all others, and of both the quick ones first. Most mutants end at once. */
export function stagesOf(root: string, room: Room, seconds: Record<string, number>): Stage[] {
  const suites = suitesOf(root, room);
  const secondsOf = (suite: string): number => seconds[suite] ?? 0;
  const isNear = (suite: string): boolean => room.near.test(suite);
  const isQuick = (suite: string): boolean => secondsOf(suite) < QUICK_SECONDS;
  const groups = [
    suites.filter((suite) => isNear(suite) && isQuick(suite)),
    suites.filter((suite) => isNear(suite) && !isQuick(suite)),
    suites.filter((suite) => !isNear(suite) && isQuick(suite)),
    suites.filter((suite) => !isNear(suite) && !isQuick(suite)),
  ];
  return groups
    .filter((group) => group.length > 0)
    .map((group) => ({
      suites: group,
      limitMs: START_MS + PATIENCE * 1000 * group.reduce((sum, suite) => sum + secondsOf(suite), 0),
    }));
}

export type Verdict = { result: 'killed' | 'timeout' | 'survived'; by: string };

/** Runs the stages until one catches what has been changed. */
export async function tryStages(root: string, stages: Stage[], run = runSuites): Promise<Verdict> {
  for (const { suites, limitMs } of stages) {
    const { outcome, failed }: SuitesRun = await run(root, suites, limitMs);
    if (outcome === 'timeout') return { result: 'timeout', by: suites[0] ?? '' };
    if (outcome === 'failed') return { result: 'killed', by: failed[0] ?? '' };
  }
  return { result: 'survived', by: '' };
}
