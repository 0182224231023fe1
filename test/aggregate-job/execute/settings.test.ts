import { describe, expect, it } from '@jest/globals';
import { EXECUTE, executeSettings } from '../../../aggregate-job/execute/settings.ts';
import { readSettings } from '../../../shared/program/settings.ts';

const read = (argv: string[], env: NodeJS.ProcessEnv = {}) =>
  executeSettings(readSettings(EXECUTE.settings, argv, env));

describe('the settings of an execution', () => {
  it('names the deployed job', () => {
    expect(read([], { PROJECT: 'p' })).toMatchObject({
      jobName: 'projects/p/locations/asia-northeast1/jobs/tapelake-aggregate',
      from: undefined,
      tasks: undefined,
    });
  });

  it.each([
    [['--from', '2024-02-30', '--to', '2024-03-01'], '--from 2024-02-30'],
    [['--from', '2024-07-18'], '--from and --to belong together'],
    [['--from', '2024-07-18', '--to', '2024-07-17'], 'is before --from'],
    [['--symbols', 'A/B'], 'A/B: not a symbol'],
    [['--tasks', '0'], '--tasks 0'],
    [['--run-api', 'ftp://x'], '--run-api ftp://x'],
  ])('refuses %j', (args, message) => {
    expect(() => read(['--project', 'p', ...args])).toThrow(message);
  });
});
