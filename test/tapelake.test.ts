// What a person sees who types, and mistypes, the command. The texts of --help lie in help/, one file a command:
// node tapelake.ts record --help > test/help/record.txt writes one anew.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SUMMARIES } from '../shared/program/commands.ts';
import { packageVersion } from '../shared/program/version.ts';

const MAIN = join(import.meta.dirname, '../tapelake.ts');

function tapelake(...argv: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...argv], {
    encoding: 'utf8',
    env: { HELP: '1', PATH: process.env['PATH'] }, // nobody's settings
  });
  return { code: status, out: stdout, err: stderr };
}
const golden = (name: string): string => readFileSync(join(import.meta.dirname, `help/${name}.txt`), 'utf8');

describe('tapelake', () => {
  it.each([['--help'], ['-h'], []])('says what there is (%s)', (...argv) => {
    expect(tapelake(...argv)).toEqual({ code: 0, out: golden('tapelake'), err: '' });
  });

  it.each(Object.keys(SUMMARIES))('%s says what it takes', (name) => {
    expect(tapelake(name, '--help')).toEqual({ code: 0, out: golden(name), err: '' });
    expect(tapelake(name, '-h').out).toBe(golden(name));
    expect(tapelake(name, '--version').out).toBe(`tapelake ${packageVersion()}\n`);
  });

  it('tells its version', () => expect(tapelake('--version').out).toBe(`tapelake ${packageVersion()}\n`));

  it.each([
    [['recrod'], 'recrod: unknown command, did you mean tapelake record?\n'],
    [['constructor'], 'constructor: unknown command, see tapelake --help\n'],
    [['--hlep'], '--hlep: unknown command, see tapelake --help\n'],
    [['build', '--stroe', 'lake'], '--stroe: unknown flag, did you mean --store?\n'],
    [['build', 'lake'], 'lake: no flag, settings are given as --name VALUE\n'],
    [['build', '--store', 'a', '--store', 'b'], '--store: given twice, as a and as b\n'],
    [['record', '--store', 'lake'], '--symbols is missing, write e.g. --symbols BTCUSDT,ETHUSDT\n'],
    [['record', '--symbols', 'A', '--chunk-minutes', '2'], '--chunk-minutes 2: choose 1, 5, 15\n'],
    [
      ['simulate', '--market', '--replay', 'x'],
      'what to play: give either --replay FILE[,FILE] or --market\n',
    ],
    [['completions', 'bsh'], 'bsh: unknown, choose from bash, zsh, fish; did you mean bash?\n'],
  ])('answers %j in one line', (argv, message) => {
    expect(tapelake(...argv)).toEqual({ code: 2, out: '', err: message });
  });
});

const bash = spawnSync('bash', ['--version']).status === 0;
(bash ? describe : describe.skip)('completions (skipped without bash)', () => {
  const complete = (...words: string[]): string[] => {
    const script = `${tapelake('completions', 'bash').out}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_tapelake; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.trim().split('\n');
  };

  it('know the commands, their flags and the values of those that have few', () => {
    expect(complete('tapelake', 'b')).toEqual(['build']);
    expect(complete('tapelake', 'build', '--re')).toEqual([
      '--results',
      '--resolutions',
      '--reads-at-once',
      '--repair-max-ids',
      '--rest-weight-share',
      '--rest-url',
    ]);
    expect(complete('tapelake', 'record', '--chunk-minutes', '')).toEqual(['1', '5', '15']);
  });
});
