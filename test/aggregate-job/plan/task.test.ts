import { describe, expect, it } from '@jest/globals';
import { readTask } from '../../../aggregate-job/plan/task.ts';

const ENV = { CLOUD_RUN_EXECUTION: 'job-x1', CLOUD_RUN_TASK_INDEX: '3', CLOUD_RUN_TASK_COUNT: '8' };

describe('readTask', () => {
  it('reads what Cloud Run says', () => {
    expect(readTask(ENV)).toEqual({ execution: 'job-x1', index: 3, count: 8 });
  });

  it('finds no task where the job runs by itself', () => {
    expect(readTask({})).toBeUndefined();
    expect(readTask({ CLOUD_RUN_EXECUTION: '' })).toBeUndefined();
  });

  it.each([
    [{ CLOUD_RUN_TASK_INDEX: '8' }, 'CLOUD_RUN_TASK_INDEX 8: there are only 8 tasks'],
    [{ CLOUD_RUN_TASK_INDEX: '' }, 'CLOUD_RUN_TASK_INDEX'],
    [{ CLOUD_RUN_TASK_COUNT: '-1' }, 'CLOUD_RUN_TASK_COUNT -1'],
    [{ CLOUD_RUN_TASK_COUNT: undefined }, 'CLOUD_RUN_TASK_COUNT'],
    [{ CLOUD_RUN_EXECUTION: '../x' }, 'CLOUD_RUN_EXECUTION ../x'],
  ])('refuses %j', (change, message) => {
    expect(() => readTask({ ...ENV, ...change })).toThrow(message);
  });
});
