import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Mutant, mutantsOf } from './mutants.ts';
import { type Room, sourcesOf } from './rooms.ts';

/** A mutant of a file; `key` names it by its text, so that it stays the same when lines above it change. */
export type Candidate = Mutant & { room: string; file: string; key: string };

/** Every mutant of the rooms. */
export function candidatesOf(root: string, rooms: Record<string, Room>): Candidate[] {
  return Object.entries(rooms).flatMap(([name, room]) =>
    sourcesOf(root, room).flatMap((file) => ofFile(name, file, readFileSync(join(root, file), 'utf8'))),
  );
}

/** `count` of them, chosen by the seed and each one's own key: a change elsewhere leaves the rest of a sample as it was. */
export function sampled(candidates: Candidate[], count: number, seed: number): Candidate[] {
  const place = ({ key }: Candidate): string => createHash('sha256').update(`${seed} ${key}`).digest('hex');
  const placed = candidates.map((candidate) => ({ candidate, at: place(candidate) }));
  return placed
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

function ofFile(room: string, file: string, source: string): Candidate[] {
  const lines = source.split('\n');
  const seen = new Map<string, number>();
  return mutantsOf(source).map((mutant) => {
    const line = (lines[mutant.line - 1] ?? '').trim();
    const text = `${file}: ${line} :: ${mutant.from} -> ${mutant.to}`;
    const nth = (seen.get(text) ?? 0) + 1;
    seen.set(text, nth);
    return { ...mutant, room, file, key: nth === 1 ? text : `${text} (${nth})` };
  });
}
