import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A script of this folder in a process of its own; `lines` are what it writes. */
export type Child = {
  lines: AsyncIterableIterator<string>;
  kill(): Promise<void>;
  ended: Promise<number | null>;
};

/** Starts `script` (a file of this folder). Its standard error is this process's own, so that a failure is seen. */
export function startChild(script: string, args: string[], nodeFlags: string[] = []): Child {
  const path = join(import.meta.dirname, script);
  const child = spawn(process.execPath, [...nodeFlags, path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close').then(() => child.exitCode);
  return {
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    ended,
    kill: () => killed(child, ended),
  };
}

/** All lines of a child that ends well. */
export async function outputOf(script: string, args: string[], nodeFlags: string[] = []): Promise<string[]> {
  const child = startChild(script, args, nodeFlags);
  const lines: string[] = [];
  for await (const line of child.lines) lines.push(line);
  const code = await child.ended;
  if (code !== 0) throw new Error(`run ${script}: exit code ${code}`);
  return lines;
}

async function killed(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}
