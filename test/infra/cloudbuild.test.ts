import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { REPOSITORY } from './dockerfile.ts';
import { readTerraform, type Terraform } from './terraform.ts';

type Step = { id: string; name: string; entrypoint?: string; args: string[]; waitFor?: string[] };
type Build = {
  steps: Step[];
  substitutions: Record<string, string>;
  serviceAccount: string;
  options: Record<string, unknown>;
};

const build: Build = parse(readFileSync(join(REPOSITORY, 'cloudbuild.yaml'), 'utf8'));
const BUILT_IN: Record<string, string> = { PROJECT_ID: 'my-project', BUILD_ID: 'b-1' };

/** A text with its variables filled in as Cloud Build does. @throws Error for one that it does not know. */
function substitute(text: string): string {
  return text.replace(/\$\{(\w+)\}|\$([A-Z_]+)/g, (_, braced, bare) => {
    const value = BUILT_IN[braced ?? bare] ?? build.substitutions[braced ?? bare];
    if (value === undefined) throw new Error(`read cloudbuild.yaml: ${braced ?? bare} is not set`);
    return substitute(value);
  });
}

const step = (id: string): Step => {
  const found = build.steps.find((one) => one.id === id);
  if (!found) throw new Error(`read cloudbuild.yaml: there is no step ${id}`);
  return { ...found, args: found.args.map(substitute) };
};

/** Every step that has ended when this one starts. */
function endedBefore(id: string): string[] {
  return (step(id).waitFor ?? []).flatMap((one) => [one, ...endedBefore(one)]);
}

let terraform: Terraform;
beforeAll(async () => {
  terraform = await readTerraform();
});

describe('cloudbuild.yaml', () => {
  it('checks and tests with scripts that there are, before anything is built', () => {
    const scripts = [
      ...JSON.stringify([step('check').args, step('test').args]).matchAll(/npm run (\w+)|"(test)"/g),
    ];
    const names = scripts.map(([, run, test]) => run ?? test);
    expect(names).toEqual(['typecheck', 'lint', 'test']);
    expect(Object.keys(packageJson.scripts)).toEqual(expect.arrayContaining(names));
    for (const room of ['ingest', 'aggregate-job'])
      expect(endedBefore(`build-${room}`)).toEqual(expect.arrayContaining(['install', 'check', 'test']));
  });

  it('builds both images at the same time, each from its own Dockerfile', () => {
    expect(endedBefore('build-ingest')).not.toContain('build-aggregate-job');
    expect(endedBefore('build-aggregate-job')).not.toContain('build-ingest');
    for (const room of ['ingest', 'aggregate-job']) {
      const { args } = step(`build-${room}`);
      expect(args.at(-1)).toBe('.');
      const file = args.find((arg) => arg.startsWith('--file='))?.slice('--file='.length) ?? '';
      expect(existsSync(join(REPOSITORY, file))).toBe(true);
      expect(args).toContain(`--tag=asia-northeast1-docker.pkg.dev/my-project/tapelake/${room}:b-1`);
      expect(args).toContain(`--tag=asia-northeast1-docker.pkg.dev/my-project/tapelake/${room}:latest`);
    }
  });

  it('pushes where Terraform has made room, and rolls out what it pushed, to what Terraform has made', () => {
    const repository = terraform.resource('google_artifact_registry_repository', 'images')['repository_id'];
    expect(build.substitutions['_IMAGES']?.endsWith(`/${String(repository)}`)).toBe(true);
    expect(endedBefore('roll-out')).toEqual(expect.arrayContaining(['push-ingest', 'push-aggregate-job']));
    const script = step('roll-out').args.at(-1) ?? '';
    const job = terraform.resource('google_cloud_run_v2_job', 'aggregate')['name'];
    const pool = terraform.resource('google_cloud_run_v2_worker_pool', 'recorder')['name'];
    expect(script).toMatch(new RegExp(`jobs update ${String(job)} .*--image=".*/aggregate-job:b-1"`));
    expect(script).toMatch(new RegExp(`worker-pools update ${String(pool)} .*--image=".*/ingest:b-1"`));
    expect(terraform.variable('region')['default']).toBe(build.substitutions['_REGION']);
  });

  it('runs as its own account, whose logs go where that may write', () => {
    const account = terraform.resource('google_service_account', 'build')['account_id'];
    expect(substitute(build.serviceAccount)).toContain(`/${String(account)}@my-project.`);
    expect(build.options['logging']).toBe('CLOUD_LOGGING_ONLY');
  });

  it.each([
    ['true', ['run jobs update', 'run worker-pools update']],
    ['false', []],
  ])('rolls out when _ROLL_OUT is %s: %j', (rollOut, expected) => {
    const [flag = '', script = ''] = build.steps.find(({ id }) => id === 'roll-out')?.args ?? [];
    const text = substitute(script.replaceAll(`\${_ROLL_OUT}`, rollOut));
    const said = execFileSync('bash', [flag, `gcloud() { echo "called $*"; }\n${text}`], {
      encoding: 'utf8',
    });
    expect(said.split('\n').flatMap((line) => /^called (run [\w-]+ update)/.exec(line)?.[1] ?? [])).toEqual(
      expected,
    );
  });

  it('is what the first apply and the output ask for', () => {
    const images = readFileSync(join(REPOSITORY, 'infra/images.tf'), 'utf8');
    for (const name of [...images.matchAll(/(_[A-Z_]+)\s*=/g)].map(([, name = '']) => name))
      expect(Object.keys(build.substitutions)).toContain(name);
    expect(images).toContain('--config=cloudbuild.yaml');
  });
});
