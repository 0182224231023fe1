import type { Verdict } from './trial.ts';

/** True when the whole matrix was asked for (`npm run test:faults`), else its short form. */
export const IS_FULL = process.env['TAPELAKE_FAULTS'] === 'full';

/** One line of the fault table; shown where the whole matrix is run. */
export function report(fault: string, runs: number, verdicts: readonly Verdict[], remark = ''): void {
  if (!IS_FULL) return;
  const sum = (of: (verdict: Verdict) => number): number =>
    verdicts.reduce((total, verdict) => total + of(verdict), 0);
  const delivered = sum((verdict) => verdict.delivered);
  const lost = sum((verdict) => verdict.lost.length);
  process.stderr.write(`| ${fault} | ${runs} | ${delivered} | ${lost} | ${remark} |\n`);
}
