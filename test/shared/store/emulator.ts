import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from '@jest/globals';
import { temporaryFolder } from '../temporary-folder.ts';

/*
 * fake-gcs-server stands in for Google Cloud Storage. Where it differs from the real one (v1.56):
 * - deletion ignores ifGenerationMatch (the fault proxy adds `generation`, which it does look at);
 * - a listing without maxResults gives all objects;
 * - asking a resumable session how much it has (`Content-Range: bytes *\/1000`) finishes the upload with what is there;
 *   the announced checksum then refuses it, and the upload begins anew: continuing one is tested with `strict-gcs/`;
 * - it knows no permissions (nor do the tests here: they are in `strict-gcs/`), no rate limits and no HTTPS.
 */

export type Emulator = { url: string; createBucket(name: string): Promise<void>; stop(): Promise<void> };

const GET_IT = 'go install github.com/fsouza/fake-gcs-server@v1.56.1';

/** The emulator's program: in PATH, where `go install` puts it, or in the cache folder; undefined where it is not. */
export function findEmulator(): string | undefined {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    join(goPath(), 'bin'),
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tapelake'),
  ];
  return folders.map((folder) => join(folder, 'fake-gcs-server')).find((path) => existsSync(path));
}

/** Tests that need the emulator; without it they are skipped with a line that says how to get it, or fail where it is required. */
export function describeWithEmulator(name: string, tests: () => void): void {
  if (findEmulator() !== undefined) describe(name, tests);
  else if (process.env.TAPELAKE_REQUIRE_EMULATOR === '1') {
    it(`${name}: needs fake-gcs-server`, () => {
      throw new Error(`find fake-gcs-server: not in PATH, get it with: ${GET_IT}`);
    });
  } else it.skip(`${name}: needs fake-gcs-server, get it with: ${GET_IT}`, () => {});
}

/** Starts the emulator on a free port of this machine, with a folder of its own. */
export async function startEmulator(): Promise<Emulator> {
  const program = findEmulator();
  if (program === undefined) throw new Error(`find fake-gcs-server: not in PATH, get it with: ${GET_IT}`);
  const folder = await temporaryFolder();
  const port = await freePort();
  const args = [
    '-scheme',
    'http',
    '-host',
    '127.0.0.1',
    '-port',
    String(port),
    '-filesystem-root',
    folder.path,
  ];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  await started(child);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    createBucket: (name) => createBucket(url, name),
    stop: async () => {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
      await folder.remove();
    },
  };
}

async function started(child: ChildProcess): Promise<void> {
  if (!child.stderr) throw new Error('start fake-gcs-server: no output');
  const lines = createInterface({ input: child.stderr });
  for await (const [line] of lineEvents(lines)) if (/server started/.test(line)) break;
  child.stderr.resume(); // nobody reads on, but the pipe must not fill up
}

async function* lineEvents(lines: ReturnType<typeof createInterface>): AsyncGenerator<[string]> {
  for await (const line of lines) yield [line];
  throw new Error('start fake-gcs-server: it ended');
}

async function createBucket(url: string, name: string): Promise<void> {
  const answer = await fetch(`${url}/storage/v1/b`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  if (!answer.ok) throw new Error(`create bucket ${name}: ${answer.status}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a server that listens on a port has one
  server.close();
  await once(server, 'close');
  return port;
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
