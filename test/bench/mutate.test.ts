import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendResult, outdated, type Result, readAllowed, readResults } from '../../bench/mutate/results.ts';
import { ROOMS } from '../../bench/mutate/rooms.ts';
import { runSuites } from '../../bench/mutate/run-suites.ts';
import { candidatesOf, sampled } from '../../bench/mutate/sample.ts';
import { stagesOf, tryStages } from '../../bench/mutate/stages.ts';
import { summary } from '../../bench/mutate/summary.ts';
import { temporaryFolder } from '../shared/temporary-folder.ts';

const ROOT = join(import.meta.dirname, '../..');

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

function write(file: string, text: string): void {
  mkdirSync(join(folder.path, file, '..'), { recursive: true });
  writeFileSync(join(folder.path, file), text);
}

const RESULT: Result = {
  key: 'a.ts: a < b :: < -> <=',
  room: 'store',
  file: 'a.ts',
  line: 1,
  result: 'killed',
  by: 'a.test.ts',
  seconds: 2,
  source: 'same',
  tree: 'now',
};

describe('the sample', () => {
  const room = { store: { sources: 'src', near: /near/, all: /^test\// } };

  it('names each mutant by its text, and the second of two alike by its number', () => {
    write('src/a.ts', 'const a = 1;\nf(1, 1);\n');
    const keys = candidatesOf(folder.path, room).map(({ key }) => key);
    expect(keys).toEqual([
      'src/a.ts: const a = 1; :: 1 -> 2',
      'src/a.ts: f(1, 1); :: f(1, 1); -> left out',
      'src/a.ts: f(1, 1); :: 1 -> 2',
      'src/a.ts: f(1, 1); :: 1 -> 2 (2)',
    ]);
  });

  it('is the same for a seed, and stays when other lines change', () => {
    const source = Array.from({ length: 40 }, (_, n) => `f${n}(a);\n`).join('');
    write('src/a.ts', source);
    const keys = (seed: number): string[] =>
      sampled(candidatesOf(folder.path, room), 10, seed).map(({ key }) => key);
    const before = keys(1);
    expect(keys(1)).toEqual(before);
    expect(keys(2)).not.toEqual(before);
    write('src/a.ts', `// a new line\n${source}`);
    expect(keys(1)).toEqual(before);
  });
});

describe('the suites', () => {
  it('of a room are run from the near to the slow', () => {
    const room = { sources: 'src', near: /near/, all: /^test\// };
    for (const name of ['near', 'near-slow', 'quick', 'slow']) write(`test/${name}.test.ts`, '');
    const seconds = { 'test/near-slow.test.ts': 9, 'test/quick.test.ts': 1, 'test/slow.test.ts': 30 };
    expect(stagesOf(folder.path, room, seconds)).toEqual([
      { suites: ['test/near.test.ts'], limitMs: 10_000 },
      { suites: ['test/near-slow.test.ts'], limitMs: 37_000 },
      { suites: ['test/quick.test.ts'], limitMs: 13_000 },
      { suites: ['test/slow.test.ts'], limitMs: 100_000 },
    ]);
  });

  it('end with the first that notices', async () => {
    const stages = ['a', 'b', 'c'].map((suite) => ({ suites: [suite], limitMs: 1 }));
    const asked: string[] = [];
    const run = (answer: 'failed' | 'timeout' | 'passed') => async (_: string, suites: string[]) => {
      asked.push(...suites);
      return {
        outcome: suites[0] === 'b' ? answer : ('passed' as const),
        failed: suites,
        seconds: {},
        said: '',
      };
    };
    expect(await tryStages('', stages, run('failed'))).toEqual({ result: 'killed', by: 'b' });
    expect(await tryStages('', stages, run('timeout'))).toEqual({ result: 'timeout', by: 'b' });
    expect(asked).toEqual(['a', 'b', 'a', 'b']);
    expect(await tryStages('', stages, run('passed'))).toEqual({ result: 'survived', by: '' });
  });

  it('exist for each room', () => {
    for (const room of Object.values(ROOMS)) {
      expect(candidatesOf(ROOT, { room }).length).toBeGreaterThan(100);
      const [near] = stagesOf(ROOT, room, {});
      expect(near?.suites.filter((suite) => room.near.test(suite))).not.toEqual([]);
    }
  });

  it('of a changed tree name the one that fails', async () => {
    symlinkSync(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'));
    copyFileSync(join(ROOT, 'jest.config.js'), join(folder.path, 'jest.config.js'));
    write('package.json', '{ "type": "module" }');
    write('a.ts', 'export const a: number = 2;\n');
    write(
      'test/a.test.ts',
      "import { expect, it } from '@jest/globals';\nimport { a } from '../a.ts';\nit('is one', () => expect(a).toBe(1));\n",
    );
    expect(await runSuites(folder.path, ['test/a.test.ts'], 60_000)).toMatchObject({
      outcome: 'failed',
      failed: ['test/a.test.ts'],
    });
  });
});

describe('the results', () => {
  it('of runs before count while the file is the same, those of survivors while everything is', () => {
    const path = join(folder.path, 'results');
    const survivor: Result = { ...RESULT, key: 'b', result: 'survived' };
    appendResult(path, RESULT);
    appendResult(path, survivor);
    writeFileSync(path, '{"key": "cut', { flag: 'a' });
    const known = (tree: string, source: string): string[] => [
      ...readResults(path, tree, () => source).keys(),
    ];
    expect(known('now', 'same')).toEqual([RESULT.key, 'b']);
    expect(known('later', 'same')).toEqual([RESULT.key]);
    expect(known('later', 'changed')).toEqual([]);
  });

  it('are good when every survivor has a reason', () => {
    const survivor: Result = { ...RESULT, key: 'a.ts: b', result: 'survived' };
    expect(summary([RESULT, survivor], [{ key: 'a.ts: b', reason: 'changes nothing' }]).isGood).toBe(true);
    const { text, isGood } = summary([RESULT, survivor], []);
    expect(isGood).toBe(false);
    expect(text).toContain('1 (50.0 %) alive without a reason\na.ts:1\n    b');
  });

  it('tell which reason is for a mutant that is no more', () => {
    write('src/a.ts', 'f(1);\n');
    const candidates = candidatesOf(folder.path, { store: { sources: 'src', near: /near/, all: /^test/ } });
    const allowed = ['f(1); :: 1 -> 2', 'f(2); :: 2 -> 3'].map((text) => ({
      key: `src/a.ts: ${text}`,
      reason: '-',
    }));
    expect(outdated(allowed, candidates).map(({ key }) => key)).toEqual(['src/a.ts: f(2); :: 2 -> 3']);
  });

  it('that may live have a reason each, once', () => {
    const allowed = readAllowed(ROOT);
    for (const { reason } of allowed) expect(reason).toMatch(/\w/);
    expect(new Set(allowed.map(({ key }) => key)).size).toBe(allowed.length);
  });
});
