import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { REPOSITORY } from './dockerfile.ts';
import {
  type Block,
  block,
  blocks,
  expression,
  hasTerraform,
  isFormatted,
  readTerraform,
  refusal,
  type Terraform,
} from './terraform.ts';

let terraform: Terraform;
beforeAll(async () => {
  terraform = await readTerraform();
});

const withTerraform = hasTerraform ? it : it.skip;

describe('infra', () => {
  withTerraform('is formatted (skipped without terraform)', () => expect(isFormatted()).toBe(true));

  it('describes every variable', async () => {
    expect(terraform.variables().length).toBeGreaterThan(10);
    for (const variable of terraform.variables())
      expect(variable).toMatchObject({ description: expect.any(String), type: expect.any(String) });
  });

  it('describes every output', () => {
    expect(terraform.outputs().length).toBeGreaterThan(3);
    for (const output of terraform.outputs()) expect(output['description']).toEqual(expect.any(String));
  });

  it('has an example that names variables as they are, and shows their defaults', () => {
    const example = readFileSync(join(REPOSITORY, 'infra/terraform.tfvars.example'), 'utf8');
    const [defaults = '', many = ''] = example.split('# Every perpetual');
    const lines = (text: string): [name: string, value: string][] =>
      [...text.matchAll(/^(?:# )?(\w+) += (.+)$/gm)].map(([, name = '', value = '']) => [name, value]);
    expect(lines(many).map(([name]) => terraform.variable(name)).length).toBeGreaterThan(2);
    for (const [name, value] of lines(defaults)) {
      if (!['project_id', 'alert_email'].includes(name))
        expect([name, terraform.variable(name)['default']]).toEqual([name, JSON.parse(value)]);
    }
  });

  it('is in Tokyo unless told otherwise', () =>
    expect(terraform.variable('region')['default']).toBe('asia-northeast1'));

  withTerraform.each(['us-central1', 'us-west1', 'US', 'us'])(
    'refuses %s and says why (skipped without terraform)',
    (region) => {
      expect(refusal({ region })).toContain('answers every request from a US address with 451');
    },
  );

  withTerraform.each(['asia-northeast1', 'europe-west6', 'australia-southeast1'])('takes %s', (region) => {
    expect(refusal({ region })).toBe('');
  });
});

withTerraform.each([
  [{ recorders: '0' }, 'At least one recorder'],
  [{ chunk_minutes: '2' }, 'Choose 1, 5 or 15'],
  [{ spool_mib: '4000' }, 'Raise recorder_cpu for more'],
])('infra refuses %j (skipped without terraform)', (variables, message) => {
  expect(refusal(variables)).toContain(message);
});

describe('the roles', () => {
  const role = (name: string): unknown =>
    terraform.resource('google_project_iam_custom_role', name)['permissions'];

  it('let the recorder create and read chunks, and the job list and delete them too', () => {
    expect(role('chunk_writer')).toEqual(['storage.objects.create', 'storage.objects.get']);
    expect(role('chunk_archiver')).toEqual(
      ['create', 'delete', 'get', 'list'].map((verb) => `storage.objects.${verb}`),
    );
  });

  it('let the scheduler start the job, and the build roll out what exists', () => {
    expect(role('job_starter')).toEqual(['run.jobs.run']);
    expect(role('deployer')).toEqual([
      'run.jobs.get',
      'run.jobs.update',
      'run.workerpools.get',
      'run.workerpools.update',
    ]);
    expect(role('operation_reader')).toEqual(['run.operations.get']);
  });

  /** Every grant as "who: role on what". */
  function grants(): string[] {
    const types = terraform.types().filter((type) => /_iam_(member|binding|policy)$/.test(type));
    return types
      .flatMap((type) => Object.values(terraform.resources(type)))
      .map((grant) => `${text(grant['member'])}: ${text(grant['role'])} on ${target(grant)}`)
      .sort();
  }
  const text = (value: unknown): string =>
    String(value).replace(
      /^\$\{(?:google_service_account|google_project_iam_custom_role)\.(\w+)\.\w+\}$/,
      '$1',
    );
  const target = ({ bucket, name, repository, service_account_id, project }: Block): string =>
    String(bucket ?? name ?? repository ?? service_account_id ?? project).replace(/^\$\{(.+)\.\w+\}$/, '$1');

  it('are given to whom they are for, on one thing each', () => {
    expect(grants()).toEqual([
      'build: deployer on google_cloud_run_v2_job.aggregate',
      'build: deployer on google_cloud_run_v2_worker_pool.recorder',
      'build: operation_reader on var',
      'build: roles/artifactregistry.writer on google_artifact_registry_repository.images',
      'build: roles/iam.serviceAccountUser on google_service_account.job',
      'build: roles/iam.serviceAccountUser on google_service_account.recorder',
      'build: roles/logging.logWriter on var',
      'build: roles/storage.objectViewer on google_storage_bucket.builds',
      'job: chunk_archiver on google_storage_bucket.raw',
      'job: roles/storage.objectUser on google_storage_bucket.results',
      'recorder: chunk_writer on google_storage_bucket.raw',
      'scheduler: job_starter on google_cloud_run_v2_job.aggregate',
    ]);
  });

  it('are those the programs run with', () => {
    const pool = block(terraform.resource('google_cloud_run_v2_worker_pool', 'recorder')['template']);
    const job = block(
      block(terraform.resource('google_cloud_run_v2_job', 'aggregate')['template'])['template'],
    );
    expect(pool['service_account']).toBe(expression('google_service_account.recorder.email'));
    expect(job['service_account']).toBe(expression('google_service_account.job.email'));
  });
});

describe('the buckets', () => {
  const bucket = (name: string): Block => terraform.resource('google_storage_bucket', name);

  it.each(['raw', 'results', 'builds'])('%s is open to nobody else', (name) => {
    expect(bucket(name)).toMatchObject({
      uniform_bucket_level_access: true,
      public_access_prevention: 'enforced',
    });
  });

  it('raw never deletes by itself, and keeps nothing that the job deletes', () => {
    expect(bucket('raw')).toMatchObject({
      force_destroy: false,
      soft_delete_policy: [{ retention_duration_seconds: 0 }],
    });
    expect(bucket('raw')).not.toHaveProperty('lifecycle_rule');
    expect(bucket('raw')).not.toHaveProperty('versioning');
  });

  it('results keeps old versions for a while, and zips where they cost least', () => {
    expect(bucket('results')).toMatchObject({ force_destroy: false, versioning: [{ enabled: true }] });
    expect(
      Number(blocks([bucket('results')], 'soft_delete_policy')[0]?.['retention_duration_seconds']),
    ).toBeGreaterThan(0);
    const rules = blocks([bucket('results')], 'lifecycle_rule').map((rule) => [
      block(rule['action']),
      block(rule['condition']),
    ]);
    expect(rules).toEqual([
      [{ type: 'Delete' }, { days_since_noncurrent_time: 30, with_state: 'ARCHIVED' }],
      [
        { type: 'SetStorageClass', storage_class: 'COLDLINE' },
        { age: 30, matches_prefix: ['archive/'], with_state: 'LIVE' },
      ],
      [{ type: 'Delete' }, { age: 30, matches_prefix: ['plans/'] }],
    ]);
  });
});

describe('the schedule', () => {
  it('starts the job twice a day with an access token', () => {
    const schedule = terraform.resource('google_cloud_scheduler_job', 'aggregate');
    expect(schedule).toMatchObject({ schedule: '0 1,13 * * *', time_zone: 'Etc/UTC' });
    expect(block(schedule['http_target'])).toEqual({
      http_method: 'POST',
      uri: `https://run.googleapis.com/v2/${expression('google_cloud_run_v2_job.aggregate.id')}:run`,
      oauth_token: [
        {
          service_account_email: expression('google_service_account.scheduler.email'),
          scope: 'https://www.googleapis.com/auth/cloud-platform',
        },
      ],
    });
  });

  it('leaves a run time before the next', () => {
    expect(terraform.variable('job_timeout')['default']).toBe('21600s');
    expect(terraform.variable('job_max_retries')['default']).toBe(2);
    expect(terraform.variable('recorders')['default']).toBe(2);
  });
});
