import type { Program, Run, RunProgram } from './run.ts';

/** All runs of a program, and their median and range. */
export type Measured = { name: string; runs: Run[] };

/** Runs programs in turn, `times` each after one round that does not count: what the machine does meanwhile hits all alike. */
export async function alternate(
  programs: readonly Program[],
  run: RunProgram,
  times: number,
  onRun: (program: Program, round: number) => void,
): Promise<Measured[]> {
  const measured = programs.map(({ name }): Measured => ({ name, runs: [] }));
  for (let round = 0; round <= times; round++) {
    for (const [i, program] of programs.entries()) {
      onRun(program, round);
      program.prepare?.();
      const result = await run(program);
      if (round > 0) measured[i]?.runs.push(result);
    }
  }
  return measured;
}

/** Middle value of the runs; of an even number the lower one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;
}

/**
 * How many times as long `other` took as `ours`: the median of the ratios round by round, so that a slow spell of the machine,
 * which hits both, does not count.
 */
export function ratio(other: Measured, ours: Measured): number {
  return median(other.runs.map(({ seconds }, round) => seconds / (ours.runs[round]?.seconds ?? Number.NaN)));
}
