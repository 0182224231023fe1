import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Answers, EXECUTION, execution, failure, operation, startStandIn, taskEnd } from './stand-in.ts';

const MAIN = join(import.meta.dirname, '../../../aggregate-job/execute/main.ts');

let standIn: Awaited<ReturnType<typeof startStandIn>> | undefined;
afterEach(() => standIn?.close());

function run(args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env.PATH ?? '' } });
  const ended = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]).then(
    ([[code], stdout, stderr]) => ({ code: Number(code), stdout, stderr }),
  );
  return { child, ended };
}

async function runAgainst(answers: Partial<Answers>, args: string[] = []) {
  standIn = await startStandIn(answers);
  return run(['--project', 'p', '--run-api', standIn.url, ...args]);
}

describe('npm run execute', () => {
  it('starts, follows and tells every task; a failed one makes the exit code 1', async () => {
    const failed = { exitCode: 1, message: 'Task has failed', retried: 2 };
    const { ended } = await runAgainst(
      {
        run: () => operation(),
        execution: () => execution({ succeededCount: 2, failedCount: 1 }, true),
        tasks: () => ({ body: { tasks: [taskEnd(0), taskEnd(1, failed), taskEnd(2)] } }),
      },
      ['--from', '2024-07-18', '--to', '2024-07-19', '--tasks', '3'],
    );
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(1);
    expect(stdout).toBe(`${EXECUTION}\n`);
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { severity: 'INFO', message: 'task 0: done' },
      {
        severity: 'ERROR',
        message: expect.stringMatching(/^task 1: failed after 3 tries: exit 1, Task has failed {2}https/),
      },
      { severity: 'INFO', message: 'task 2: done' },
      { severity: 'INFO', message: '3 of 3 tasks have ended' },
    ]);
  });

  it('exits 0 when all tasks are done, and starts nothing with --follow', async () => {
    const { ended } = await runAgainst(
      {
        execution: () => execution({ succeededCount: 3 }, true),
        tasks: () => ({ body: { tasks: [taskEnd(0)] } }),
      },
      ['--follow', 'tapelake-aggregate-x1'],
    );
    expect((await ended).code).toBe(0);
    expect(standIn?.callsOf('run')).toEqual([]);
    expect(standIn?.callsOf('execution')[0]?.path).toBe(`/v2/${EXECUTION}`);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'leaves the execution running at %s and says how to go on',
    async (signal) => {
      const { child, ended } = await runAgainst({
        run: () => operation(),
        execution: () => execution({ runningCount: 3 }),
      });
      await standIn?.next('execution');
      child.kill(signal);
      const { code, stderr } = await ended;
      expect(code).toBe(130);
      expect(stderr).toContain('--follow tapelake-aggregate-x1');
      expect(stderr).toContain('gcloud run jobs executions cancel tapelake-aggregate-x1');
      expect(standIn?.callsOf('run')).toHaveLength(1);
    },
  );

  it('exits 2 with one line when it may not start the job', async () => {
    const { ended } = await runAgainst({ run: () => failure(403, 'PERMISSION_DENIED', 'no') });
    const { code, stderr } = await ended;
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('exits 2 with one line when it is not told the project', async () => {
    const { code, stderr } = await run([]).ended;
    expect([code, stderr]).toEqual([2, '--project is missing, write e.g. --project my-project\n']);
  });
});
