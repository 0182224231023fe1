// Random days, damaged at random: the run never ends with an error, a complete day is the truth, and no row is lost. One seed, in
// full: `node test/aggregate-job/damaged/child/days.ts SEED`.

import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { json } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';

const isFull = process.env['TAPELAKE_FAULTS'] === 'full';
const DAYS = isFull ? 2_000 : 40;
const DAYS_AT_ONCE = isFull ? 400 : 40;
const DAYS_MS = 600_000;
const MAX_BYTES = 600e6;

const DAYS_PROGRAM = resolve(import.meta.dirname, 'child/days.ts');

/** What the days' program tells. */
type Told = { faults: unknown[]; peakBytes: number };

describe('days damaged at random', () => {
  const seeds = Array.from({ length: DAYS / DAYS_AT_ONCE }, (_, i) => 1 + i * DAYS_AT_ONCE);

  it.each(seeds)(
    `from seed %i on, ${DAYS_AT_ONCE} of them: no crash, no wrong digit, no row lost, little memory`,
    async (first) => {
      const { faults, peakBytes } = await told([String(first), String(DAYS_AT_ONCE)]);
      expect(faults).toEqual([]);
      expect(peakBytes).toBeLessThan(MAX_BYTES);
    },
    DAYS_MS,
  );
});

async function told(args: string[]): Promise<Told> {
  const child = spawn(process.execPath, [DAYS_PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  return (await json(child.stdout)) as Told; // the program's own words
}
