import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const REPOSITORY = join(import.meta.dirname, '../..');
/** A program that has not ended so long after it was asked to is killed. */
const KILLED_AFTER_MS = 10_000;

/** A program of this repository, running as a process of its own. */
export type Program = {
  exited: Promise<number>;
  /** The first line of its output, from now on, that matches. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  /** Asks it to end and waits until it has. @throws Error when it ends with another code than 0. */
  stop(): Promise<void>;
};

/** Starts `node {script}`. Its output is shown to the person, read line by line, or hidden; of a hidden one the end is told when it fails. */
export type StartProgram = (script: string, args: string[], output: 'shown' | 'read' | 'hidden') => Program;

/** Does work that starts programs, and ends those that still run when it is done, fails or is stopped. */
export async function withPrograms<T>(
  signal: AbortSignal,
  work: (start: StartProgram) => Promise<T>,
): Promise<T> {
  const running = new Set<ChildProcess>();
  const start: StartProgram = (script, args, output) => {
    signal.throwIfAborted();
    const child = spawnProgram(script, args, output);
    running.add(child);
    child.once('exit', () => running.delete(child));
    return programOf(script, child);
  };
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    return await Promise.race([work(start), stopped]);
  } finally {
    await Promise.all([...running].map(ended));
  }
}

async function ended(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const killing = setTimeout(() => child.kill('SIGKILL'), KILLED_AFTER_MS);
  await exited;
  clearTimeout(killing);
}

function spawnProgram(script: string, args: string[], output: 'shown' | 'read' | 'hidden'): ChildProcess {
  return spawn(process.execPath, [join(REPOSITORY, script), ...args], {
    stdio: output === 'shown' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env: {}, // settings of the person's own environment are not meant for the demo
  });
}

function programOf(script: string, child: ChildProcess): Program {
  let said = '';
  child.stderr?.on('data', (data: Buffer) => {
    said = `${said}${data}`.slice(-2_000);
  });
  const exited = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGTERM' ? 0 : 1)));
  });
  const failure = (code: number): Error =>
    new Error(`run ${script}: it ended with exit code ${code}\n${said}`);
  const lines = child.stdout ? createInterface(child.stdout) : undefined;
  return {
    exited,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        lines?.on('line', (line) => {
          const match = pattern.exec(line);
          if (match) resolve(match);
        });
        void exited.then((code) => reject(failure(code)));
      }),
    stop: async () => {
      child.kill('SIGTERM');
      const code = await exited;
      if (code !== 0) throw failure(code);
    },
  };
}
