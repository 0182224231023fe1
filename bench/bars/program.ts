import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../program/run.ts';

/** Bars of the day in `store`, stored into the folder `results`; each run is the first, since one that is not compares what is there. */
export function barsProgram(name: string, store: string, results: string, ...more: string[]): Program {
  const args = [join(import.meta.dirname, 'ours.ts'), store, results, ...more];
  return { name, command: 'node', args, prepare: () => removeResults(results) };
}

/** Removes what an earlier run stored. */
export function removeResults(results: string): void {
  for (const part of ['aggregated', 'archive']) rmSync(join(results, part), { recursive: true, force: true });
}
