import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A failure with a large difference writes a lot, and names its suite before. */
const SAID_LENGTH = 1 << 20;

export type SuitesRun = {
  outcome: 'passed' | 'failed' | 'timeout';
  /** The suite that failed; none when jest itself died. */
  failed: string[];
  seconds: Record<string, number>;
  /** What was said on standard error, for a person. */
  said: string;
};

/** Runs suites of a tree by jest, one after the other, until one fails or `limitMs` are over. */
export async function runSuites(root: string, suites: string[], limitMs: number): Promise<SuitesRun> {
  const report = join(root, '.jest-report.json');
  rmSync(report, { force: true });
  const { TAPELAKE_FAULTS: _, ...env } = process.env;
  const jest = [
    join(root, 'node_modules/jest/bin/jest.js'),
    ...[
      '--runInBand',
      '--bail',
      '--silent',
      '--watchman=false',
      '--testTimeout=30000',
      '--json',
      `--outputFile=${report}`,
    ],
    ...[`--cacheDirectory=${root}.jest-cache`, '--runTestsByPath', ...suites],
  ];
  const child = spawn(process.execPath, jest, {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let said = '';
  child.stderr.on('data', (part) => {
    said = (said + part).slice(-SAID_LENGTH);
  });
  const end = (): void => endGroup(child.pid); // with what a broken test left behind: that is of the group too
  process.prependOnceListener('exit', end); // before the folder is removed
  const exited = once(child, 'exit');
  const closed = once(child, 'close'); // which waits for all that hold its standard error
  const timer = new AbortController();
  const isLate = await Promise.race([
    exited.then(() => false),
    sleep(limitMs, true, { signal: timer.signal }).catch(() => false),
  ]);
  timer.abort();
  end();
  await closed;
  process.removeListener('exit', end);
  if (isLate) return { outcome: 'timeout', failed: [], seconds: {}, said };
  if (child.exitCode === 0) return { outcome: 'passed', failed: [], seconds: secondsOf(root, report), said };
  const failed = [...said.matchAll(/^FAIL (\S+)/gm)].flatMap(([, suite]) => suite ?? []);
  return { outcome: 'failed', failed, seconds: {}, said };
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // all of it has ended
  }
}

/** What jest's own report says of each suite; it writes none when a suite has failed. */
function secondsOf(root: string, report: string): Record<string, number> {
  const { testResults }: JestReport = JSON.parse(readFileSync(report, 'utf8'));
  return Object.fromEntries(
    testResults.map(({ name, startTime, endTime }) => [
      name.slice(root.length + 1),
      (endTime - startTime) / 1000,
    ]),
  );
}

/** The part of jest's `--json` that is read here. */
type JestReport = { testResults: { name: string; startTime: number; endTime: number }[] };
