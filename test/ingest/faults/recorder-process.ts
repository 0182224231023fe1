import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../../../ingest/main.ts');
/** Longer than any trial: only a recorder that hangs meets it. */
const WATCHDOG_MS = 1_200_000;

/** What a recorder said, line by line, as JSON; and how it ended. */
export type RecorderProcess = {
  lines: Record<string, unknown>[];
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the first line whose message begins so. */
  said(message: string): Promise<Record<string, unknown>>;
  ended: Promise<{ code: number | null; tookMs: number }>;
};

/** How a recorder is started: `inNamespace` is a shell command that is run before it in a mount namespace of its own. */
export type Surroundings = { inNamespace?: string; program?: string; env?: Record<string, string> };

/** Starts the real program. */
export function startRecorder(
  argv: string[],
  { inNamespace, program = 'node', env = {} }: Surroundings = {},
): RecorderProcess {
  const options = { env: { ...process.env, ...env } };
  const child = inNamespace
    ? spawn(
        'unshare',
        ['-rm', 'sh', '-c', `${inNamespace} && exec ${program} "$@"`, 'sh', MAIN, ...argv],
        options,
      )
    : spawn('sh', ['-c', `exec ${program} "$@"`, 'sh', MAIN, ...argv], options);
  const lines: Record<string, unknown>[] = [];
  const waiting: (() => void)[] = [];
  readLines(child, (line) => {
    lines.push(line);
    for (const wake of waiting.splice(0)) wake();
  });
  let killedAtMs = Date.now();
  const watchdog = setTimeout(() => child.kill('SIGKILL'), WATCHDOG_MS);
  return {
    lines,
    kill(signal) {
      killedAtMs = Date.now();
      child.kill(signal);
    },
    async said(message) {
      for (;;) {
        const line = lines.find((line) => String(line['message']).startsWith(message));
        if (line) return line;
        if (child.exitCode !== null) throw new Error(`recorder ended: ${JSON.stringify(lines.at(-1))}`);
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    ended: once(child, 'close').then(([code]) => {
      clearTimeout(watchdog);
      for (const wake of waiting.splice(0)) wake();
      return { code, tookMs: Date.now() - killedAtMs };
    }),
  };
}

function readLines(child: ChildProcess, onLine: (line: Record<string, unknown>) => void): void {
  let text = '';
  child.stderr?.on('data', (more) => {
    const lines = `${text}${more}`.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) onLine(line.startsWith('{') ? JSON.parse(line) : { message: line });
  });
}
