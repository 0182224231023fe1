import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../../../shared/errors.ts';
import { readCommand } from '../../../shared/program/command.ts';
import { settingsTable } from '../../../shared/program/help.ts';
import { setting, toggle } from '../../../shared/program/setting.ts';
import { integer, text } from '../../../shared/program/values.ts';
import { packageVersion } from '../../../shared/program/version.ts';

const COMMAND = {
  name: 'tapelake weigh',
  summary: 'Weighs things.',
  usage: '--store URL [WHAT...]',
  example: 'tapelake weigh --store lake apples',
  settings: {
    store: setting({ help: 'where they lie', value: 'URL', read: text, required: 'lake', env: 'STORE' }),
    unit: setting({
      help: 'unit of the scales, which is the one in which everything that was weighed before was weighed too',
      value: 'UNIT',
      choices: ['g', 'kg'],
      read: text,
      fallback: 'kg',
      group: 'Scales',
    }),
    places: setting({ help: 'digits behind the point', value: 'N', read: integer(0, 9), group: 'Scales' }),
    dry: toggle({ help: 'weigh nothing', env: 'DRY' }),
  },
  operands: { value: 'WHAT', help: 'what to weigh', choices: ['apples', 'pears'] },
};

describe('usage', () => {
  it('is made from the definition', () => {
    expect(readCommand(COMMAND, ['--help'], {})).toBe(`Weighs things.

Usage:   tapelake weigh --store URL [WHAT...]
Example: tapelake weigh --store lake apples

What
  WHAT         what to weigh: apples, pears

Settings
  --store URL  where they lie (required, variable STORE)
  --dry        weigh nothing (variable DRY)

Scales
  --unit UNIT  unit of the scales, which is the one in which everything that was weighed before was
               weighed too: g, kg (default kg)
  --places N   digits behind the point

Help
  -h, --help   show this
  --version    show the version
`);
  });

  it('is shown whatever else was written', () => {
    const help = readCommand(COMMAND, ['--help'], {});
    expect(readCommand(COMMAND, ['--no-such', '-h'], {})).toBe(help);
    expect(readCommand(COMMAND, ['--unit', 'stone', '--help'], {})).toBe(help);
  });
});

describe('a command', () => {
  it('tells its version', () =>
    expect(readCommand(COMMAND, ['--version'], {})).toBe(`tapelake ${packageVersion()}\n`));

  it('takes operands among its settings', () => {
    expect(readCommand(COMMAND, ['apples', '--store', 'x', '--', 'pears'], {})).toMatchObject({
      store: 'x',
      operands: ['apples', 'pears'],
    });
  });

  it('says what an unknown operand may have meant', () => {
    const read = (): unknown => readCommand(COMMAND, ['--store', 'x', 'aples'], {});
    expect(read).toThrow(UsageError);
    expect(read).toThrow('aples: unknown, choose from apples, pears; did you mean apples?');
  });

  it('without operands takes settings alone', () => {
    const { operands: _, ...bare } = COMMAND;
    expect(() => readCommand(bare, ['--store', 'x', 'apples'], {})).toThrow(
      'apples: no flag, settings are given as --name VALUE',
    );
  });
});

describe('settingsTable', () => {
  it('is what the documentation shows', () => {
    expect(settingsTable(COMMAND.settings)).toBe(`| flag | variable | default | meaning |
| --- | --- | --- | --- |
| \`--store\` | \`STORE\` | required | where they lie |
| \`--unit\` |  | kg | unit of the scales, which is the one in which everything that was weighed before was weighed too: g, kg |
| \`--places\` |  |  | digits behind the point |
| \`--dry\` | \`DRY\` |  | weigh nothing |`);
  });
});
