import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '../../shared/errors.ts';
import { runCommand } from '../../shared/program/main.ts';
import { setting, toggle } from '../../shared/program/setting.ts';
import { integer, text } from '../../shared/program/values.ts';
import { cacheFolder } from '../cache.ts';
import { applied } from './mutants.ts';
import {
  ALLOWED,
  appendResult,
  keptSeconds,
  outdated,
  type Result,
  readAllowed,
  readResults,
} from './results.ts';
import { ROOMS, type Room } from './rooms.ts';
import { type Candidate, candidatesOf, sampled } from './sample.ts';
import { measureSuites, stagesOf, tryStages } from './stages.ts';
import { summary } from './summary.ts';
import { copyTree, treeHash } from './tree.ts';

const MUTATE = {
  name: 'npm run mutate --',
  summary: `Changes the sources in one place at a time and tells which changes no test notices: what lives is a test that is missing.
Works in a copy of the tree; results are kept, and a run that was ended goes on where it was.`,
  usage: '[settings]',
  example: 'npm run mutate -- --rooms store --sample 50',
  settings: {
    rooms: setting({
      help: 'rooms to take mutants from, with commas between',
      value: 'LIST',
      read: text,
      fallback: Object.keys(ROOMS).join(','),
    }),
    sample: setting({ help: 'how many mutants are tried', value: 'N', read: integer(1), fallback: '400' }),
    seed: setting({
      help: 'which ones: a seed always chooses the same',
      value: 'N',
      read: integer(0),
      fallback: '1',
    }),
    workers: setting({ help: 'how many are tried at once', value: 'N', read: integer(1), fallback: '1' }),
    out: setting({
      help: 'file of the results, one JSON line each; in the cache folder unless given',
      value: 'FILE',
      read: text,
    }),
    list: toggle({ help: 'only name the mutants of the sample' }),
  },
};
const ROOT = resolve(import.meta.dirname, '../..');

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const sourceHash = (file: string): string =>
  createHash('sha256')
    .update(readFileSync(join(ROOT, file)))
    .digest('hex')
    .slice(0, 16);

await runCommand(MUTATE, async (given) => {
  const { rooms: names, sample, seed, workers, list } = given;
  const out = given.out ?? join(cacheFolder(), 'mutants.jsonl');
  const rooms = roomsOf(names);
  const all = candidatesOf(ROOT, rooms);
  const chosen = sampled(all, sample, seed);
  if (list) {
    for (const { line, key } of chosen) print(`${line} ${key}`);
    return 0;
  }
  print(`${chosen.length} of ${all.length} mutants`);
  const allowed = readAllowed(ROOT);
  const tree = treeHash(ROOT);
  mkdirSync(dirname(resolve(out)), { recursive: true });
  const known = readResults(out, tree, sourceHash);
  const open = chosen.filter(({ key }) => !known.has(key));
  const secondsOf = (path: string): Promise<Record<string, number>> =>
    keptSeconds(`${out}.${names}.suites`, tree, () => measureSuites(path, Object.values(rooms)));
  await tryAll(open, rooms, workers, secondsOf, (candidate, verdict, seconds) => {
    const { key, room, file, line } = candidate;
    const result: Result = { key, room, file, line, ...verdict, seconds, source: sourceHash(file), tree };
    known.set(key, result);
    appendResult(out, result);
    if (verdict.result === 'survived') print(`survived  ${file}:${line}  ${key.slice(file.length + 2)}`);
  });
  const results = chosen.flatMap(({ key }) => known.get(key) ?? []);
  const { text: table, isGood } = summary(results, allowed);
  print(table);
  for (const { key } of outdated(allowed.filter(isOf(rooms)), all))
    print(`no mutant any more, take it from ${ALLOWED}: ${key}`);
  return isGood ? 0 : 1;
});

function roomsOf(names: string): Record<string, Room> {
  return Object.fromEntries(
    names.split(',').map((name) => {
      const room = ROOMS[name];
      if (!room) throw new UsageError(`--rooms: no room ${name}, there are ${Object.keys(ROOMS).join(', ')}`);
      return [name, room];
    }),
  );
}

const isOf =
  (rooms: Record<string, Room>) =>
  ({ key }: { key: string }): boolean =>
    Object.values(rooms).some(({ sources }) => key.startsWith(`${sources}/`));

/** Tries each in a copy of the tree, as many at once as there are workers. */
async function tryAll(
  candidates: Candidate[],
  rooms: Record<string, Room>,
  workers: number,
  secondsOf: (tree: string) => Promise<Record<string, number>>,
  onResult: (candidate: Candidate, verdict: Awaited<ReturnType<typeof tryStages>>, seconds: number) => void,
): Promise<void> {
  if (candidates.length === 0) return;
  const folder = mkdtempSync(join(tmpdir(), 'tapelake-mutate-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }); // what was killed just now may still write
  process.once('exit', remove);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130)); // what is known is kept
  try {
    const trees = Array.from({ length: Math.min(workers, candidates.length) }, (_, n) =>
      copyTree(ROOT, join(folder, String(n))),
    );
    const seconds = await secondsOf(trees[0]?.path ?? '');
    print(`the suites alone take ${Math.round(Object.values(seconds).reduce((sum, one) => sum + one, 0))} s`);
    const waiting = [...candidates];
    const work = trees.map(async (tree) => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const candidate = next;
        const room = rooms[candidate.room];
        if (!room) continue;
        const source = readFileSync(join(tree.path, candidate.file), 'utf8');
        const startedMs = performance.now();
        const verdict = await tree.withText(candidate.file, applied(source, candidate), () =>
          tryStages(tree.path, stagesOf(tree.path, room, seconds)),
        );
        onResult(candidate, verdict, Math.round(performance.now() - startedMs) / 1000);
      }
    });
    await Promise.all(work);
  } finally {
    remove();
  }
}
