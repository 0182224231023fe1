// The bucket of the latency measure: fake-gcs-server with the day in it, and a proxy in front that makes each request wait.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Processes that serve `gs://lake` at `endpoint`. */
export type Servers = {
  endpoint: string;
  /** CPU time the two have taken; undefined where the system does not tell (it is not Linux). */
  cpuSeconds(): ServersCpu | undefined;
  stop(): void;
};

export type ServersCpu = { emulator: number; proxy: number };

/** The emulator's program: in PATH, where `go install` puts it, or in the cache folder; undefined where it is not. */
export function findEmulator(): string | undefined {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    join(goPath(), 'bin'),
    join(homedir(), '.cache/tapelake'),
  ];
  return folders.map((folder) => join(folder, 'fake-gcs-server')).find((path) => existsSync(path));
}

/** Starts the emulator with the raw chunks of the folder store `day` in the bucket `lake`, and the proxy. `folder` is for its files. */
export async function startServers(
  program: string,
  day: string,
  folder: string,
  delayMs: number,
): Promise<Servers> {
  const data = join(folder, 'data');
  cpSync(join(day, 'raw'), join(data, 'lake/raw'), { recursive: true }); // it takes no link for a bucket
  const port = String(await freePort());
  const place = ['-scheme', 'http', '-host', '127.0.0.1', '-port', port];
  const files = ['-filesystem-root', join(folder, 'buckets'), '-data', data];
  const emulator = spawn(program, [...place, ...files], { stdio: ['ignore', 'ignore', 'pipe'] });
  const proxyArgs = [join(import.meta.dirname, 'delay.ts'), port, String(delayMs)];
  const proxy = spawn(process.execPath, proxyArgs, { stdio: ['ignore', 'pipe', 'inherit'] });
  const stop = (): void => {
    for (const child of [emulator, proxy]) child.kill('SIGKILL');
  };
  try {
    await firstLine(emulator.stderr, /server started/);
    emulator.stderr.resume(); // nobody reads on, but the pipe must not fill up
    const proxyPort = await firstLine(proxy.stdout, /^\d+$/);
    return {
      endpoint: `http://127.0.0.1:${proxyPort}`,
      cpuSeconds: () =>
        existsSync('/proc/self/stat')
          ? { emulator: cpuSeconds(emulator), proxy: cpuSeconds(proxy) }
          : undefined,
      stop,
    };
  } catch (error) {
    stop();
    throw error;
  }
}

async function firstLine(output: Readable, wanted: RegExp): Promise<string> {
  const said: string[] = [];
  for await (const line of createInterface({ input: output })) {
    if (wanted.test(line)) return line;
    said.push(line);
  }
  throw new Error(`start the bucket's servers: ${said.join('\n')}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** Of a running process: user and system time are fields 14 and 15 of its `stat`, in hundredths of a second (proc(5)). */
function cpuSeconds({ pid }: ChildProcess): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from field 3 on: the name in field 2 may hold blanks
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function goPath(): string {
  try {
    return execFileSync('go', ['env', 'GOPATH'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return join(homedir(), 'go');
  }
}
