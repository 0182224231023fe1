import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Candidate } from './sample.ts';
import type { Verdict } from './stages.ts';

/** One line of the results. `source` and `tree` are hashes of the file and of all files when it was tried. */
export type Result = Verdict & {
  key: string;
  room: string;
  file: string;
  line: number;
  seconds: number;
  source: string;
  tree: string;
};

/** What is known from runs before: who was caught stays caught while its file is the same, a survivor only while all is. */
export function readResults(
  path: string,
  tree: string,
  sourceHash: (file: string) => string,
): Map<string, Result> {
  const known = new Map<string, Result>();
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  for (const line of lines) {
    const result = parseResult(line);
    if (!result) continue; // a line that was cut when the run ended
    const isValid =
      result.result === 'survived' ? result.tree === tree : result.source === sourceHash(result.file);
    if (isValid) known.set(result.key, result);
    else known.delete(result.key);
  }
  return known;
}

export function appendResult(path: string, result: Result): void {
  appendFileSync(path, `${JSON.stringify(result)}\n`);
}

function parseResult(line: string): Result | undefined {
  try {
    return line === '' ? undefined : JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** How long each suite takes, where it was measured on these very sources before; else measured now, and kept. */
export async function keptSeconds(
  path: string,
  tree: string,
  measure: () => Promise<Record<string, number>>,
): Promise<Record<string, number>> {
  if (existsSync(path)) {
    const kept: { tree: string; seconds: Record<string, number> } = JSON.parse(readFileSync(path, 'utf8'));
    if (kept.tree === tree) return kept.seconds;
  }
  const seconds = await measure();
  writeFileSync(path, JSON.stringify({ tree, seconds }));
  return seconds;
}

/** A mutant that may live, and why: it changes nothing that anybody sees. */
export type Allowed = { key: string; reason: string };

export const ALLOWED = 'bench/mutate/survivors.json';

/** Survivors with a reason each, kept beside the sources. */
export function readAllowed(root: string): Allowed[] {
  return JSON.parse(readFileSync(join(root, ALLOWED), 'utf8'));
}

/** Reasons for mutants that are no more: their line has changed. */
export function outdated(allowed: Allowed[], candidates: Candidate[]): Allowed[] {
  const keys = new Set(candidates.map(({ key }) => key));
  return allowed.filter(({ key }) => !keys.has(key));
}
