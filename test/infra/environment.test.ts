// What the programs read from the environment, and what the deployment sets, must be the same.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { BUILD, jobSettings } from '../../aggregate-job/settings.ts';
import { RECORD, recorderSettings } from '../../ingest/settings.ts';
import type { Settings } from '../../shared/program/setting.ts';
import { readSettings } from '../../shared/program/settings.ts';
import { execForm, REPOSITORY, readDockerfile } from './dockerfile.ts';
import {
  block,
  blocks,
  evaluate,
  expression,
  hasTerraform,
  readTerraform,
  type Terraform,
} from './terraform.ts';

/** Variables that a deployment leaves alone, and why. */
const LEFT_OUT: Record<string, Record<string, string>> = {
  ingest: {
    STORE: 'RAW names the bucket',
    WRITER_ID: 'the host name tells the recorders apart, a fixed name would not',
    PORT: 'a name that Cloud Run keeps for itself: it is given as a flag',
    HOST: 'set by the image',
    GCS_API_ENDPOINT: 'for the emulator',
  },
  'aggregate-job': {
    STORE: 'RAW and RESULTS name the buckets',
    DATE: 'a scheduled run does what there is to do',
    FROM: 'set by npm run execute for one execution',
    TO: 'set by npm run execute for one execution',
    GCS_API_ENDPOINT: 'for the emulator',
    CLOUD_RUN_EXECUTION: 'set by Cloud Run',
    CLOUD_RUN_TASK_INDEX: 'set by Cloud Run',
    CLOUD_RUN_TASK_COUNT: 'set by Cloud Run',
  },
};

const recorderFrom = (env: NodeJS.ProcessEnv) =>
  recorderSettings(readSettings(RECORD.settings, [], env), 'host');
const jobFrom = (env: NodeJS.ProcessEnv) => jobSettings(readSettings(BUILD.settings, [], env));

/** Every variable that a setting may come from. */
function namesRead(settings: Settings): string[] {
  return Object.values(settings).flatMap(({ env }) => env ?? []);
}

/** The names a main.ts and what it calls with the environment read past the settings. */
function namesInSource(room: string, ...files: string[]): string[] {
  const source = files.map((file) => readFileSync(join(REPOSITORY, room, file), 'utf8')).join('\n');
  return [
    ...source.matchAll(/\benv\.([A-Z_]+)|'(CLOUD_RUN_\w+)'|\{ ([A-Z_ ='',]+) \}: NodeJS\.ProcessEnv/g),
  ].flatMap(([, property, quoted, destructured]) =>
    [property, quoted, ...(destructured?.match(/[A-Z_]{2,}/g) ?? [])].flatMap((name) => name ?? []),
  );
}

const READ: Record<string, string[]> = {
  ingest: [...namesRead(RECORD.settings), ...namesInSource('ingest', 'main.ts')],
  'aggregate-job': [
    ...namesRead(BUILD.settings),
    ...namesInSource('aggregate-job', 'main.ts', 'plan/task.ts'),
  ],
};

let terraform: Terraform;
beforeAll(async () => {
  terraform = await readTerraform();
});

/** The variables of the deployed container. */
function namesSet(room: string): string[] {
  return Object.keys(block(terraform.local(room === 'ingest' ? 'recorder_env' : 'job_env')));
}

function container(room: string): Record<string, unknown> {
  const outer =
    room === 'ingest'
      ? terraform.resource('google_cloud_run_v2_worker_pool', 'recorder')
      : block(terraform.resource('google_cloud_run_v2_job', 'aggregate')['template']);
  return block(block(outer['template'])['containers']);
}

describe.each(['ingest', 'aggregate-job'])('the environment of %s', (room) => {
  it('is read at all', () =>
    expect(READ[room]).toEqual(expect.arrayContaining(['SYMBOLS', 'RAW', 'GCS_API_ENDPOINT'])));

  it('has every variable that the program reads and no other', () => {
    const left = Object.keys(LEFT_OUT[room] ?? {});
    expect(namesSet(room).sort()).toEqual(
      [...new Set(READ[room])].filter((name) => !left.includes(name)).sort(),
    );
  });

  it('reaches the container', () => {
    const name = room === 'ingest' ? 'recorder_env' : 'job_env';
    expect(container(room)['dynamic']).toEqual({
      env: [
        {
          for_each: expression(`local.${name}`),
          content: [{ name: expression('env.key'), value: expression('env.value') }],
        },
      ],
    });
    expect(container(room)['env']).toBeUndefined();
  });
});

describe('npm run execute', () => {
  it('sets variables that the job reads', () => {
    const source = readFileSync(join(REPOSITORY, 'aggregate-job/execute/main.ts'), 'utf8');
    const names = /const given = \{ (.+) \};/.exec(source)?.[1]?.match(/[A-Z]+(?=:)/g);
    expect(names).toEqual(['FROM', 'TO', 'SYMBOLS']);
    expect(READ['aggregate-job']).toEqual(expect.arrayContaining(names ?? ['?']));
  });
});

describe('the command of the recorder', () => {
  it('is the image’s own with the port that the probe asks', async () => {
    const { command, args } = container('ingest');
    const [program, ...rest] = execForm(await readDockerfile('ingest')) ?? [];
    expect([command, args]).toEqual([
      [program],
      [...rest, '--port', expression('tostring(local.recorder_port)')],
    ]);
    const probe = block(container('ingest')['liveness_probe']);
    expect(blocks([probe], 'http_get')).toEqual([
      { path: '/livez', port: expression('local.recorder_port') },
    ]);
    expect(container('ingest')['startup_probe']).toBeUndefined();
  });
});

describe('the image of the recorder', () => {
  it('listens where the probe can reach it, wherever it runs', async () => {
    const { word, text } = (await readDockerfile('ingest')).find(({ text }) => text.startsWith('HOST')) ?? {};
    expect(`${word} ${text}`).toBe('ENV HOST=0.0.0.0');
    const env = { SYMBOLS: 'BTCUSDT', RAW: 'gs://raw', HOST: '0.0.0.0' };
    expect(recorderFrom(env)).toMatchObject({ host: '0.0.0.0' });
  });
});

(hasTerraform ? describe : describe.skip)('the values (skipped without terraform)', () => {
  const env = (name: string, variables = {}) =>
    evaluate(`local.${name}`, variables) as Record<string, string>; // a map of strings

  it('are settings the recorder takes', () => {
    expect(recorderFrom(env('recorder_env'))).toMatchObject({
      rawUrl: 'gs://raw',
      chunkMinutes: 1,
    });
    expect(env('recorder_env', { spool_mib: '1024' })['SPOOL_MAX_BYTES']).toBe(String(2 ** 30));
  });

  it('are settings the job takes, and those it has anyway but for the stores', () => {
    const { raw, results, ...deployed } = jobFrom(env('job_env'));
    expect([raw, results]).toEqual(['gs://raw', 'gs://results']);
    expect(jobFrom({ RAW: 'a', RESULTS: 'b' })).toMatchObject(deployed);
  });

  it('give the recorder memory for its spool', () => {
    expect(evaluate('local.recorder_memory_mib', { spool_mib: '1024' })).toBe(768 + 1024);
  });
});
