import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type FollowContext, follow } from '../../../aggregate-job/execute/follow.ts';
import { createRunApi, type RunApi, type TaskEnd } from '../../../aggregate-job/execute/run-api.ts';
import { startOnce } from '../../../aggregate-job/execute/start.ts';
import { UsageError } from '../../../shared/errors.ts';
import { fakeClock } from '../../shared/fake-clock.ts';
import {
  type Answers,
  EXECUTION,
  execution,
  failure,
  JOB,
  operation,
  startStandIn,
  taskEnd,
} from './stand-in.ts';

let standIn: Awaited<ReturnType<typeof startStandIn>>;
let api: RunApi; // one for all, because making the client takes seconds under the test runner
beforeAll(async () => {
  standIn = await startStandIn();
  api = createRunApi(new URL(standIn.url));
  await api.authenticate();
});
afterAll(() => standIn.close());

async function start(answers: Partial<Answers>, tasks?: number): Promise<string> {
  standIn.answer(answers);
  const variables = { FROM: '2024-07-18', TO: '2024-07-19', SYMBOLS: 'all' };
  return startOnce(JOB, { variables, tasks }, { api, clock: fakeClock(), requestId: 'r-1' });
}

async function followAll(answers: Partial<Answers>, signal = new AbortController().signal) {
  standIn.answer(answers);
  const told: TaskEnd[] = [];
  const shown: number[] = [];
  const clock = fakeClock();
  const context: FollowContext = {
    api,
    clock,
    random: () => 0.5,
    report: {
      ended: (task) => told.push(task),
      progress: ({ succeeded, failed }) => shown.push(succeeded + failed),
    },
  };
  return { end: await follow(EXECUTION, context, signal), told, shown, clock };
}

describe('startOnce', () => {
  it('asks for the days, the symbols and the number of tasks', async () => {
    expect(await start({ run: () => operation() }, 24)).toBe(EXECUTION);
    expect(standIn.calls).toEqual([
      {
        method: 'POST',
        path: `/v2/${JOB}:run`,
        body: {
          overrides: {
            containerOverrides: [
              {
                env: [
                  { name: 'FROM', value: '2024-07-18' },
                  { name: 'TO', value: '2024-07-19' },
                  { name: 'SYMBOLS', value: 'all' },
                  { name: 'REQUEST_ID', value: 'r-1' },
                ],
              },
            ],
            taskCount: 24,
          },
        },
      },
    ]);
  });

  it('leaves the number of tasks as it is deployed unless one is given', async () => {
    await start({ run: () => operation() });
    expect(standIn.calls[0]?.body).not.toHaveProperty('overrides.taskCount');
  });

  it.each([
    [403, 'PERMISSION_DENIED', 'run.jobs.runWithOverrides', UsageError],
    [404, 'NOT_FOUND', 'there is no such job, see --project, --region and --job', UsageError],
    [429, 'RESOURCE_EXHAUSTED', 'nothing was started', Error],
    [400, 'INVALID_ARGUMENT', 'nothing was started', Error],
  ])('gives up at %i without a second call', async (status, code, message, kind) => {
    const error: unknown = await start({ run: () => failure(status, code, 'refused') }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(kind);
    expect(String(error)).toContain(message);
    expect(standIn.calls).toHaveLength(1);
  });

  const started = (value: string) => ({
    body: {
      executions: [
        {
          name: `${JOB}/executions/other`,
          template: { containers: [{ env: [{ name: 'REQUEST_ID', value: 'r-0' }] }] },
        },
        { name: EXECUTION, template: { containers: [{ env: [{ name: 'REQUEST_ID', value }] }] } },
      ],
    },
  });

  it.each([
    ['a 503', failure(503, 'UNAVAILABLE', 'try later')],
    ['a 500', failure(500, 'INTERNAL', 'oops')],
    ['a lost answer', 'cut' as const],
    ['an answer without a name', { body: {} }],
  ])('finds what it started after %s, without a second call', async (_, answer) => {
    const executions = (_call: unknown, count: number) =>
      count < 2 ? failure(503, 'UNAVAILABLE', 'still away') : started('r-1');
    expect(await start({ run: () => answer, executions })).toBe(EXECUTION);
    expect(standIn.callsOf('run')).toHaveLength(1);
  });

  it('says that it does not know when what it may have started is not to be found', async () => {
    const answers = { run: () => failure(503, 'UNAVAILABLE', 'try later'), executions: () => started('r-9') };
    await expect(start(answers)).rejects.toThrow(/try later; no execution has appeared, but a late one may/);
    expect(standIn.callsOf('run')).toHaveLength(1);
    expect(standIn.callsOf('executions').length).toBeGreaterThan(1);
  });
});

describe('follow', () => {
  it('tells each task once, the failed one with its reason, and how the execution ended', async () => {
    const failed = { exitCode: 1, message: 'Task has failed', retried: 2 };
    const looks = [
      execution({ runningCount: 3 }),
      execution({ runningCount: 2, succeededCount: 1 }),
      execution({ runningCount: 1, succeededCount: 1, failedCount: 1 }),
      execution({ succeededCount: 2, failedCount: 1 }, true),
    ];
    const ends = [
      [taskEnd(2)],
      [taskEnd(2), taskEnd(0, failed)],
      [taskEnd(0, failed), taskEnd(1), taskEnd(2)],
    ];
    const { end, told, shown } = await followAll({
      execution: (_, count) => looks[count] ?? failure(404, 'NOT_FOUND', 'looked too often'),
      tasks: (_, count) => ({ body: { tasks: [...(ends[count] ?? []), { index: 7 }] } }),
    });
    expect(end).toMatchObject({ tasks: 3, succeeded: 2, failed: 1, isOver: true });
    expect(told.map(({ index, isSuccess }) => [index, isSuccess])).toEqual([
      [2, true],
      [0, false],
      [1, true],
    ]);
    expect(told[1]).toMatchObject({
      tries: 3,
      reason: 'exit 1, Task has failed',
      logUrl: expect.stringContaining('t0'),
    });
    expect(shown).toEqual([0, 1, 2, 3]);
  });

  it('reads all pages of tasks', async () => {
    const { told } = await followAll({
      execution: () => execution({ succeededCount: 3 }, true),
      tasks: (_, count) => ({
        body: count === 0 ? { tasks: [taskEnd(0)], nextPageToken: 'p' } : { tasks: [taskEnd(1)] },
      }),
    });
    expect(told.map(({ index }) => index)).toEqual([0, 1]);
  });

  it.each([
    ['429', failure(429, 'RESOURCE_EXHAUSTED', 'slow down')],
    ['503', failure(503, 'UNAVAILABLE', 'try later')],
    ['a cut connection', 'cut' as const],
  ])('goes on looking after %s, which changes nothing', async (_, answer) => {
    const { end, clock } = await followAll({
      execution: (_call, count) => (count < 5 ? answer : execution({ succeededCount: 3 }, true)),
      tasks: (_call, count) =>
        count < 2 ? answer : { body: { tasks: [taskEnd(0), taskEnd(1), taskEnd(2)] } },
    });
    expect(end.succeeded).toBe(3);
    expect(clock.sleptMs).toHaveLength(7);
    expect(standIn.callsOf('run')).toEqual([]);
  });

  it.each([
    [403, 'PERMISSION_DENIED'],
    [404, 'NOT_FOUND'],
  ])('ends at %i, which will not pass', async (status, code) => {
    await expect(followAll({ execution: () => failure(status, code, 'no') })).rejects.toThrow(
      `follow ${EXECUTION}: `,
    );
    expect(standIn.calls).toHaveLength(1);
  });

  it('ends at once when it is aborted in the middle of a call', async () => {
    const stop = new AbortController();
    const execution = () => {
      stop.abort(new Error('ctrl-C'));
      return 'silence' as const;
    };
    await expect(followAll({ execution }, stop.signal)).rejects.toThrow('ctrl-C');
  });
});
