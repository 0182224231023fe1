import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const REPOSITORY = join(import.meta.dirname, '../..');

/** A program of this repository, running as a process of its own. */
export type Program = {
  exited: Promise<number>;
  /** The first line of its output, from now on, that matches. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  /** Asks it to end and waits until it has. @throws Error when it ends with another code than 0. */
  stop(): Promise<void>;
};

/** Starts `node {script}`. Its output is shown to the person, read line by line, or hidden; of a hidden one the end is told when it fails. */
export function startProgram(script: string, args: string[], output: 'shown' | 'read' | 'hidden'): Program {
  const child = spawn(process.execPath, [join(REPOSITORY, script), ...args], {
    stdio: output === 'shown' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env: {}, // settings of the person's own environment are not meant for the demo
  });
  let said = '';
  child.stderr?.on('data', (data: Buffer) => {
    said = `${said}${data}`.slice(-2_000);
  });
  const exited = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGTERM' ? 0 : 1)));
  });
  const lines = child.stdout ? createInterface(child.stdout) : undefined;
  return {
    exited,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        lines?.on('line', (line) => {
          const match = pattern.exec(line);
          if (match) resolve(match);
        });
        void exited.then((code) =>
          reject(new Error(`run ${script}: it ended with exit code ${code}\n${said}`)),
        );
      }),
    stop: async () => {
      child.kill('SIGTERM');
      const code = await exited;
      if (code !== 0) throw new Error(`run ${script}: it ended with exit code ${code}\n${said}`);
    },
  };
}
