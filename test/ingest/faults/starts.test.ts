import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openGcsStore } from '../../../shared/store/gcs/gcs.ts';
import type { Store } from '../../../shared/store/store.ts';
import { type Emulator, findEmulator, startEmulator } from '../../shared/store/emulator.ts';
import type { Surroundings } from './recorder-process.ts';
import { IS_FULL, report } from './report.ts';
import { Trial } from './trial.ts';
import { leaveBroken, leaveChunks } from './waiting.ts';

/** How soon recording must begin once the exchange is there; measured only where the whole matrix is asked for. */
const BEGINS_WITHIN_MS = 5_000;
const WAITING = IS_FULL ? [0, 1_000] : [60];

/** A start into the cold: what is given to the recorder, what else waits in the spool, and when the trouble ends. */
type Start = {
  flags?: string[];
  surroundings?: Surroundings;
  /** Rows of more chunks that wait. */
  waiting?: string[];
  store?: { url: string; open: () => Promise<Store> };
  /** Resolves when the exchange is there. */
  there?: () => Promise<void>;
  /** The trouble passes after recording has begun. */
  passes?: () => void;
  end?: () => void;
};

const BUCKET_AWAY = 'the bucket away';
const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0;
const isRoot = process.getuid?.() === 0;
const canDrop = !isRoot || spawnSync('setpriv', ['--bounding-set=-all', 'true']).status === 0;

describe('a recorder begins, and loses nothing that waits, with', () => {
  let emulator: Emulator | undefined;
  beforeAll(async () => {
    if (findEmulator() !== undefined) emulator = await startEmulator();
  });
  afterAll(() => emulator?.stop());

  const troubles: [string, string, (trial: Trial, spool: string) => Promise<Start>][] = [
    [
      'the bucket away',
      findEmulator() ? '' : 'needs fake-gcs-server',
      (trial) => bucketAway(trial, emulator),
    ],
    ['a full disk', canMount ? '' : 'no mount namespaces here for a small disk', fullDisk],
    ['a spool that is read-only', canMount ? '' : 'no mount namespaces here', readOnly],
    [
      'a folder in it that is somebody else’s',
      canDrop ? '' : 'no setpriv here to drop root’s rights',
      foreign,
    ],
    ['broken leftovers', '', broken],
    ['the exchange away', '', exchangeAway],
    ['REST away', '', restAway],
  ];
  const cases = troubles.flatMap((trouble) => WAITING.map((count) => ({ trouble, count })));

  for (const { trouble, count } of cases) {
    const [name, missing, prepare] = trouble;
    const may = missing === '' || process.env['TAPELAKE_REQUIRE_EMULATOR'] === '1';
    // The storage client loads its parts when they are needed, which a concurrent test must not do.
    const test = name === BUCKET_AWAY ? it : it.concurrent;
    (may ? test : it.skip)(
      `${name} and ${count} chunks waiting${missing && ` (skipped: ${missing})`}`,
      async () => {
        const trial = await Trial.start({
          seed: 41,
          durationMs: 4_000,
          symbols: ['BTCUSDT'],
          depthEveryMs: 500,
        });
        try {
          await tryStart(trial, name, count, prepare);
        } finally {
          await trial.close();
        }
      },
      120_000,
    );
  }
});

async function tryStart(
  trial: Trial,
  name: string,
  count: number,
  prepare: (trial: Trial, spool: string) => Promise<Start>,
): Promise<void> {
  const spool = join(trial.folder, 'spool');
  const start = await prepare(trial, spool);
  const storeUrl = start.store?.url ?? trial.lake;
  const waiting = [...(await leaveChunks(spool, storeUrl, count)), ...(start.waiting ?? [])];
  try {
    const flags = ['--store', storeUrl, '--stale-after-s', '30', ...(start.flags ?? [])];
    const recorder = trial.record(flags, start.surroundings);
    const startedMs = Date.now();
    await recorder.said('recording begins');
    const thereMs = start.there ? await start.there().then(() => Date.now()) : startedMs;
    await trial.listening(2);
    const beganAfterMs = Date.now() - thereMs;
    start.passes?.();
    await trial.exchange.ended;
    recorder.kill('SIGTERM');
    expect(await recorder.ended).toMatchObject({ code: 0 });
    for (let more = 0; more < 5 && (await left(spool)).length > 0; more++) {
      const next = trial.record(['--store', storeUrl], { env: start.surroundings?.env ?? {} });
      await next.said('recording begins');
      next.kill('SIGTERM');
      expect(await next.ended).toMatchObject({ code: 0 });
    }
    const verdict = await trial.verdict(await start.store?.open());
    report(`start with ${name}, ${count} chunks waiting`, 1, [verdict], `began after ${beganAfterMs} ms`);
    expect(verdict.invented.sort()).toEqual(waiting.sort());
    expect(verdict).toMatchObject({ lost: [], repeated: [] });
    expect(verdict.delivered).toBeGreaterThan(20);
    expect(await left(spool)).toEqual([]);
    if (IS_FULL) expect(beganAfterMs).toBeLessThan(BEGINS_WITHIN_MS);
  } finally {
    start.end?.();
  }
}

/** What a later start could still store. */
async function left(spool: string): Promise<string[]> {
  const names = await readdir(spool);
  return names.filter((name) => name !== 'broken.set-aside' && name !== 'lost+found');
}

async function bucketAway(_trial: Trial, emulator: Emulator | undefined): Promise<Start> {
  if (!emulator) throw new Error('find fake-gcs-server: not in PATH');
  const bucket = `start-${Math.random().toString(36).slice(2)}`;
  await emulator.createBucket(bucket);
  const { port, hostname } = new URL(emulator.url);
  let isAway = true;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    if (isAway) return socket.destroy();
    const other = connect(Number(port), hostname);
    other.on('error', () => socket.destroy());
    socket.on('close', () => other.destroy());
    return socket.pipe(other).pipe(socket);
  });
  const url = `gs://${bucket}`;
  return {
    surroundings: { env: { GCS_API_ENDPOINT: `http://127.0.0.1:${await listen(server)}` } },
    store: { url, open: () => openGcsStore(url, { apiEndpoint: emulator.url }) },
    passes: () => {
      isAway = false;
    },
    end: () => server.close(),
  };
}

/** A small disk, filled to its last byte beside what waits. */
async function fullDisk(trial: Trial, spool: string): Promise<Start> {
  const small = join(trial.folder, 'small');
  const fill = `dd if=/dev/zero of=${small}/filler bs=4k 2>/dev/null || true`;
  const mount = `mkdir -p ${small} && mount -t tmpfs -o size=16m none ${small}`;
  return {
    flags: ['--spool', small],
    surroundings: { inNamespace: `${mount} && { mv ${spool}/* ${small}/; ${fill}; }` },
  };
}

async function readOnly(_trial: Trial, spool: string): Promise<Start> {
  const mount = `mount --bind ${spool} ${spool} && mount -o remount,bind,ro ${spool}`;
  return { surroundings: { inNamespace: mount } };
}

/** Nobody may look into it, and root has no rights beyond those of others. */
async function foreign(_trial: Trial, spool: string): Promise<Start> {
  await mkdir(join(spool, 'lost+found'), { recursive: true });
  await chmod(join(spool, 'lost+found'), 0);
  return { surroundings: isRoot ? { program: 'setpriv --bounding-set=-all node' } : {} };
}

async function broken(trial: Trial, spool: string): Promise<Start> {
  return { waiting: await leaveBroken(spool, trial.lake) };
}

async function exchangeAway(trial: Trial): Promise<Start> {
  const { faults } = trial.witness;
  let asked = 0;
  faults.onHandshake = () => {
    asked++;
    return { status: 503, headers: {}, body: '' };
  };
  faults.onAnswer = () => 'cut';
  return {
    there: async () => {
      while (asked < 2) await sleep(20);
      faults.onHandshake = () => undefined;
      faults.onAnswer = (_, answer) => answer;
    },
  };
}

/** It takes the question and never answers. */
async function restAway(): Promise<Start> {
  const server = createServer((socket) => void socket.on('error', () => {}));
  return {
    flags: ['--rest-url', `http://127.0.0.1:${await listen(server)}`],
    end: () => server.close(),
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a server that listens on a port has one
  return port;
}
