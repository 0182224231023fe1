// What every program answers to a person who asks about it, as processes.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import packageJson from '../package.json' with { type: 'json' };

const REPOSITORY = resolve(import.meta.dirname, '..');
/** Every program, and a word of its help. */
const PROGRAMS = [
  ['ingest/main.ts', '--spool-max-bytes N'],
  ['aggregate-job/main.ts', '--keep-raw'],
  ['aggregate-job/execute/main.ts', '--follow NAME'],
  ['simulator/main.ts', '--faults N'],
  ['examples/demo/main.ts', 'lake'],
  ['bench/main.ts', '--times N'],
  ['bench/soak.ts', '--minutes N'],
  ['shared/lake/main.ts', 'schema.json'],
] as const;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tapelake-programs-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program in an empty folder, in which it must not leave anything. */
function run(program: string, args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(REPOSITORY, program), ...args], {
    cwd: folder,
    env: { HOME: folder, ...env },
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(readdirSync(folder)).toEqual([]);
  return { code: status, stdout, stderr };
}

describe.each(PROGRAMS)('%s', (program, word) => {
  it('tells what it does with --help or -h, whatever else is said', () => {
    const { code, stdout, stderr } = run(program, ['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(word);
    expect(stdout).toMatch(/^ {2}-h, --help +show this$/m);
    expect(stdout).toMatch(/^ {2}--version +show the version$/m);
    expect(run(program, ['--nonsense', '-h']).stdout).toBe(stdout);
  });

  it('tells its version', () => {
    expect(run(program, ['--version'])).toEqual({
      code: 0,
      stdout: `tapelake ${packageJson.version}\n`,
      stderr: '',
    });
  });

  it('refuses what it does not know in one line', () => {
    const { code, stderr } = run(program, ['--nonsense']);
    expect(code).toBe(2);
    expect(stderr).toBe('--nonsense: unknown flag, see --help\n');
  });
});

describe('a program', () => {
  it.each([
    ['record', 'ingest/recorder.ts'],
    ['build', 'aggregate-job/run.ts'],
    ['execute', 'aggregate-job/execute/follow.ts'],
    ['simulate', 'simulator/exchange.ts'],
    ['demo', 'examples/demo/demo.ts'],
  ])('tapelake %s starts with the compiled code of an earlier start', (command, imported) => {
    run('tapelake.ts', [command, '--help']);
    const { stderr } = run('tapelake.ts', [command, '--help'], { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' });
    expect(stderr).toMatch(new RegExp(`V8 code cache for ESM \\S+/${imported} was accepted`));
  });

  it.each([
    ['ingest/main.ts', '--symbols is missing'],
    ['aggregate-job/main.ts', '--store or --raw: missing'],
    ['aggregate-job/execute/main.ts', '--project is missing'],
  ])('%s asks nothing of the variables HELP and VERSION', (program, mistake) => {
    const { code, stdout, stderr } = run(program, [], { HELP: '1', VERSION: '1' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(mistake);
  });

  it.each([
    ['ingest/main.ts', ['--symbols', 'BTCUSDT', '--store', '.'], '--rest-url', 'https'],
    ['ingest/main.ts', ['--symbols', 'BTCUSDT', '--store', '.'], '--ws-url', 'wss'],
    ['aggregate-job/main.ts', ['--store', '.'], '--rest-url', 'https'],
    ['aggregate-job/execute/main.ts', ['--project', 'p'], '--run-api', 'https'],
  ])('%s %j refuses %s nonsense at once', (program, args, flag, scheme) => {
    expect(run(program, [...args, flag, 'nonsense'])).toEqual({
      code: 2,
      stdout: '',
      stderr: `${flag} nonsense: not an address, write ${scheme}://HOST\n`,
    });
  });

  it('names what can be measured to a person who wants something else measured', () => {
    expect(run('bench/main.ts', ['baars'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'baars: unknown, choose from bars, job, recorder, growth, latency; did you mean bars?\n',
    });
  });
});
