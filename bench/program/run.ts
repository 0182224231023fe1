import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** A program with its arguments; `node` programs are TypeScript files of this repository. */
export type Program = {
  name: string;
  command: 'node' | 'python';
  args: string[];
  /** Done before each run, not timed. */
  prepare?(): void;
};

/** What one run of a whole process took, start-up included. */
export type Run = { seconds: number; cpuSeconds: number; peakBytes: number };

/** Runs programs as whole processes, with the Python of the tools; those of Node all with the same compile cache, filled by the run that does not count. */
export function programRunner(python: string | undefined, compileCache: string) {
  return async ({ command, args }: Program): Promise<Run> => {
    const [file, usage] =
      command === 'node' ? [process.execPath, 'usage.ts'] : [python ?? 'python3', 'usage.py'];
    return runProcess(file, [join(import.meta.dirname, usage), ...args], {
      ...process.env,
      NODE_COMPILE_CACHE: compileCache,
    });
  };
}

export type RunProgram = ReturnType<typeof programRunner>;

async function runProcess(file: string, args: string[], env: NodeJS.ProcessEnv): Promise<Run> {
  const startMs = performance.now();
  const child = spawn(file, args, { env, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  let [errors, usage] = ['', ''];
  child.stderr?.on('data', (text) => {
    errors += text;
  });
  child.stdio[3]?.on('data', (text) => {
    usage += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const seconds = (performance.now() - startMs) / 1000;
  if (code !== 0) throw new Error(`run ${file} ${args.join(' ')}: exit code ${code}\n${errors}`);
  const { cpuSeconds, peakBytes }: Omit<Run, 'seconds'> = JSON.parse(usage);
  return { seconds, cpuSeconds, peakBytes };
}
