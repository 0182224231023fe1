// The demo as a process with programs of its own: none of them may outlive it.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const REPOSITORY = resolve(import.meta.dirname, '../..');

let folder = '';
let started: number[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tapelake-demo-'));
  started = [];
});
afterEach(() => {
  for (const pid of started.filter(isAlive)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true });
});

const PLAIN = [process.execPath, 'tapelake.ts', 'demo'];

/** Starts the demo in a folder that looks like the repository and is none. */
function startDemo([program = '', ...args] = PLAIN) {
  const rooms = ['shared', 'simulator', 'ingest', 'aggregate-job', 'examples'];
  for (const name of ['package.json', 'node_modules', 'tapelake.ts', ...rooms])
    symlinkSync(join(REPOSITORY, name), join(folder, name));
  const child = spawn(program, args, { cwd: folder, env: { PATH: process.env.PATH ?? '', HOME: folder } });
  started.push(child.pid ?? 0);
  const ended = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { child, ended: ended.then(([[code], , stderr]) => ({ code: Number(code), stderr })) };
}

/** The demo's programs by their scripts, as soon as all of `scripts` run. */
async function programsOf({ pid = 0 }: ChildProcess, scripts: string[]): Promise<Record<string, number>> {
  for (;;) {
    const found = programsUnder(pid);
    started.push(...Object.values(found));
    if (scripts.every((script) => script in found)) return found;
    if (!isAlive(pid)) throw new Error('demo: it has ended');
    await setImmediate();
  }
}

/** Programs that a process has started, or one that it has started. */
function programsUnder(ancestor: number): Record<string, number> {
  const lines = execFileSync('ps', ['-A', '-o', 'ppid=,pid=,args='], { encoding: 'utf8' }).split('\n');
  const rows = lines.flatMap((line) => {
    const [, parent, pid, args = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)/.exec(line) ?? [];
    const [, script] =
      /([\w-]+)(?:\/main\.ts\b|$)/.exec(/main\.ts|tapelake\.ts/.test(args) ? args : '') ?? [];
    return { parent: Number(parent), pid: Number(pid), script };
  });
  const own = new Set([ancestor]);
  // children may be listed before their parents
  for (const _ of rows) for (const { parent, pid } of rows) if (own.has(parent)) own.add(pid);
  const programs = rows.filter(({ pid, script }) => pid !== ancestor && own.has(pid) && script !== undefined);
  return Object.fromEntries(programs.map(({ pid, script = '' }) => [script, pid]));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the demo', () => {
  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('ends its programs and itself at %s', async (signal, code) => {
    const { child, ended } = startDemo();
    const programs = await programsOf(child, ['simulator', 'ingest']);
    child.kill(signal);
    expect(await ended).toEqual({ code, stderr: 'demo: stopped, and so are its programs\n' });
    expect(Object.values(programs).filter(isAlive)).toEqual([]);
  });

  it('ends its programs and itself when npm, which runs it, is told to end', async () => {
    const { child, ended } = startDemo(['npm', 'run', '-s', 'demo']);
    const programs = await programsOf(child, ['demo', 'simulator', 'ingest']);
    child.kill('SIGTERM');
    expect((await ended).stderr).toContain('demo: stopped, and so are its programs');
    expect(Object.values(programs).filter(isAlive)).toEqual([]);
  });

  it('ends its recorder and says why when the exchange dies', async () => {
    const { child, ended } = startDemo();
    const { simulator = 0, ingest = 0 } = await programsOf(child, ['simulator', 'ingest']);
    process.kill(simulator, 'SIGKILL');
    const { code, stderr } = await ended;
    expect(stderr).toContain('run simulator/main.ts: it ended with exit code 1');
    expect(code).toBe(1);
    expect(isAlive(ingest)).toBe(false);
  });
});
