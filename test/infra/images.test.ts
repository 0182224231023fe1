// The images as they would be built, laid out by hand because there is no container engine here, and run as Cloud Run runs them.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import packageJson from '../../package.json' with { type: 'json' };
import { parseManifest } from '../../shared/lake/manifest.ts';
import { manifestObjectName, rawPrefix } from '../../shared/lake/object-names.ts';
import { openStore } from '../../shared/program/open-store.ts';
import { type Emulator, findEmulator, startEmulator } from '../shared/store/emulator.ts';
import { temporaryFolder } from '../shared/temporary-folder.ts';
import { execForm, installDependencies, layOut, layOutRoom, readDockerfile } from './dockerfile.ts';
import { canSeal, openTemporaryFolder, spawnSealed } from './sealed.ts';

const ROOMS = ['ingest', 'aggregate-job'];
const DATE = '2024-07-18';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let node = process.execPath;
const app = (room: string): string => join(folder.path, room);
beforeAll(async () => {
  folder = await temporaryFolder(canSeal() ? openTemporaryFolder() : undefined);
  await installDependencies(app('dependencies'));
  for (const room of ROOMS) await layOut(await readDockerfile(room), app(room), app('dependencies'));
  await layOutRoom('simulator', app('simulator'), app('dependencies'));
  if (canSeal()) {
    node = join(folder.path, 'node'); // that of the clone may lie where only its owner may enter
    await copyFile(process.execPath, node);
  }
  execFileSync('chmod', ['-R', 'a+rX', folder.path]); // another user comes in
});
afterAll(() => folder.remove());

describe.each(ROOMS)('the image of %s', (room) => {
  it('starts node itself, so that SIGTERM arrives, as a user without rights', async () => {
    const instructions = await readDockerfile(room);
    expect(execForm(instructions)).toEqual(['node', `${room}/main.ts`]);
    expect(instructions.some(({ word }) => word === 'ENTRYPOINT')).toBe(false);
    expect(instructions.findLast(({ word }) => word === 'USER')?.text).toBe('node');
    expect(instructions.find(({ word }) => word === 'RUN')?.text).toMatch(/^npm ci --omit=dev /);
    for (const { word, text } of instructions.filter(({ word }) => word === 'FROM'))
      expect(`${word} ${text}`).toMatch(/^FROM node:24-slim( AS dependencies)?$/);
  });

  it('holds its room, the shared one and production packages, and nothing else', async () => {
    expect((await readdir(app(room))).sort()).toEqual(
      [room, 'node_modules', 'package.json', 'shared'].sort(),
    );
    const files = await readdir(app(room), { recursive: true });
    expect(
      files.filter((file) => /(^|\/)Dockerfile$|^(shared|ingest|aggregate-job)\/.*\.test\.ts$/.test(file)),
    ).toEqual([]);
    const has = (name: string): boolean => files.includes(join('node_modules', name, 'package.json'));
    expect(Object.keys(packageJson.dependencies).filter((name) => !has(name))).toEqual([]);
    expect(['jest', 'typescript', '@biomejs/biome', '@swc/core', 'fast-check', 'node'].filter(has)).toEqual(
      [],
    );
  });
});

describe('the images together', () => {
  let emulator: Emulator | undefined;
  const children: ChildProcess[] = [];
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await emulator?.stop();
  });

  function run(command: string[], options: Parameters<typeof spawnSealed>[1]) {
    const child = canSeal()
      ? spawnSealed(command, options)
      : spawn(command[0] ?? '', command.slice(1), { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    const ended = Promise.all([once(child, 'close'), child.stderr ? text(child.stderr) : '']).then(
      ([[code], said]) => ({ code, said }),
    );
    return { child, ended };
  }

  /** Rejects with what a program said when it ends, which it should not do yet. */
  function failureOf({ ended }: ReturnType<typeof run>): Promise<never> {
    const failure = ended.then(({ said }) => Promise.reject(new Error(said)));
    failure.catch(() => {}); // it ends later on, as it is asked to
    return failure;
  }

  /** Starts the image's program with nothing but these environment variables. */
  async function runImage(room: string, env: Record<string, string>, writable: string[]) {
    const [program, ...args] = execForm(await readDockerfile(room)) ?? [];
    expect(program).toBe('node');
    return run([node, ...args], { cwd: app(room), env, writable });
  }

  it(`record a day and build it${canSeal() ? ', without rights and on a read-only root' : ''}`, async () => {
    const [spool, lake] = [join(folder.path, 'spool'), join(folder.path, 'lake')];
    for (const path of [spool, lake]) await mkdir(path);
    emulator = findEmulator() === undefined ? undefined : await startEmulator();
    await emulator?.createBucket('raw');
    await emulator?.createBucket('results');
    const [raw, results] = emulator ? ['gs://raw', 'gs://results'] : [lake, lake];
    const cloud: Record<string, string> = emulator ? { GCS_API_ENDPOINT: emulator.url } : {};

    const market = [
      '--market',
      '--symbols',
      'BTCUSDT',
      '--date',
      DATE,
      '--depth-ms',
      '60000',
      '--trades-per-second',
      '0.1',
    ];
    const exchange = run([node, 'simulator/main.ts', ...market, '--clock', '2024-07-19T00:30:00Z'], {
      cwd: app('simulator'),
      env: {},
      writable: [],
    });
    const exchangeFailed = failureOf(exchange);
    const lines = createInterface({ input: exchange.child.stdout ?? process.stdin })[Symbol.asyncIterator]();
    const [, REST_URL = '', WS_URL = ''] =
      /^listening (\S+) (\S+)$/.exec((await Promise.race([lines.next(), exchangeFailed])).value ?? '') ?? [];

    const recorder = await runImage(
      'ingest',
      { ...cloud, SYMBOLS: 'BTCUSDT', RAW: raw, SPOOL: spool, CHUNK_MINUTES: '15', WS_URL, REST_URL },
      [spool, lake],
    );
    const played = await Promise.race([lines.next(), exchangeFailed, failureOf(recorder)]);
    expect(played.value).toMatch(/^ended/);
    recorder.child.kill('SIGTERM');
    expect(await recorder.ended).toMatchObject({ code: 0 });

    const task = { CLOUD_RUN_EXECUTION: 'job-x1', CLOUD_RUN_TASK_INDEX: '0', CLOUD_RUN_TASK_COUNT: '1' };
    const job = await runImage('aggregate-job', { ...cloud, ...task, RAW: raw, RESULTS: results, REST_URL }, [
      lake,
    ]);
    expect(await job.ended).toMatchObject({ code: 0 });

    const options = { writable: false, gcsApiEndpoint: emulator?.url };
    const stored = await (await openStore(results, options)).read(manifestObjectName('BTCUSDT', DATE));
    const manifest = parseManifest(stored?.bytes.toString() ?? 'null');
    expect(manifest.outputs.map(({ name }) => name)).toEqual(
      ['1s', '1m'].map((r) => `aggregated/BTCUSDT/${DATE}_${r}.csv`),
    );
    expect(manifest.trades.rows).toBeGreaterThan(1_000);
    expect(manifest.verdict).toBe('complete');
    for await (const { name } of (await openStore(raw, options)).list(rawPrefix()))
      throw new Error(`${name} was left`);
  });
});
