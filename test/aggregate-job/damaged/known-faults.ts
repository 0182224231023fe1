import type { Plan } from './trial.ts';

/** Faults that are being mended, by the damage that shows them. To be deleted with the last of them. */
const KNOWN: readonly [damage: RegExp, fault: RegExp][] = [
  // bytes behind a gzip member that begin with 0 are dropped
  [/zeros between|noise behind|chunk with/, /the zip does not hold it whole/],
  // rows of a damaged chunk outrank verified ones, and complete a day
  [/cut|torn|digit/, /complete (day|bar)/],
  // numbers without limits
  [/hostile/, /complete (day|bar)|unclear error|manifest is wrong/],
  // one row far off makes a day's ids begin anew, and its held ids count as none
  [/another symbol|a trade with/, /it would lose trades between/],
  // manifests, evidence, leases and plans are not checked
  [/evidence/, /manifest is wrong|complete day/],
  [/manifest|evidence|plan|lease/, /unclear error|run failed|lease|refused|built (from|again)/],
];

/** True for a fault that is known and being mended. */
export function isKnown({ damages }: Plan, fault: string): boolean {
  return KNOWN.some(([damage, text]) => text.test(fault) && damages.some(({ name }) => damage.test(name)));
}

/** Large chunks that still take too much memory or time. */
export const TOO_LARGE_YET: readonly string[] = [
  'the shortest snapshots, as large as may be',
  'rows longer than may be',
  'one row without an end',
  'empty lines',
  'bad rows',
  'trades, a byte more than may be',
  'trades, ten times what may be',
  'zeros, twenty times what may be',
  'many members, twenty times what may be',
];
