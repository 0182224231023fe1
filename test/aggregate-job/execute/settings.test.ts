import { describe, expect, it } from '@jest/globals';
import { executeHelp, readExecuteSettings } from '../../../aggregate-job/execute/settings.ts';

describe('readExecuteSettings', () => {
  it('names the deployed job', () => {
    expect(readExecuteSettings([], { PROJECT: 'p' })).toMatchObject({
      jobName: 'projects/p/locations/asia-northeast1/jobs/tapelake-aggregate',
      from: undefined,
      tasks: undefined,
    });
  });

  it('tells its settings', () => expect(executeHelp()).toContain('--follow'));

  it.each([
    [['--from', '2024-02-30', '--to', '2024-03-01'], '--from 2024-02-30'],
    [['--from', '2024-07-18'], '--from and --to belong together'],
    [['--from', '2024-07-18', '--to', '2024-07-17'], 'is before --from'],
    [['--symbols', 'A/B'], 'A/B: not a symbol'],
    [['--tasks', '0'], '--tasks 0'],
    [['--run-api', 'ftp://x'], '--run-api ftp://x'],
  ])('refuses %j', (args, message) => {
    expect(() => readExecuteSettings(['--project', 'p', ...args], {})).toThrow(message);
  });
});
