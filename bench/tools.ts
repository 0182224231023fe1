import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorText } from '../shared/errors.ts';

/** What is compared with, by the names it has here. In the versions that were measured; DuckDB's end in `-r.N`, which no range matches. */
const NPM_PACKAGES = {
  duckdb: { title: 'DuckDB', name: '@duckdb/node-api', version: '1.5.6-r.1' },
  archiver: { title: 'archiver', name: 'archiver', version: '8.0.0' },
  tardis: { title: 'tardis-dev', name: 'tardis-dev', version: '13.35.3' },
};
const PYTHON_PACKAGES = ['polars', 'pandas'];

type NpmPackage = (typeof NPM_PACKAGES)[keyof typeof NPM_PACKAGES];

/** The programs that are compared with, in the bench's own folder: the product is not to carry them. */
export type Tools = {
  npmFolder: string;
  has: Record<keyof typeof NPM_PACKAGES, boolean>;
  python: string | undefined;
};

type World = { note(text: string): void; print(line: string): void; env: NodeJS.ProcessEnv };

/** Installs what is missing. What cannot be had is told in a line each, and its rows are left out. */
export function installTools(folder: string, world: World): Tools {
  const npmFolder = join(folder, 'tools');
  mkdirSync(npmFolder, { recursive: true });
  const has = (npmPackage: NpmPackage): boolean => installNpm(npmFolder, npmPackage, world);
  return {
    npmFolder,
    has: {
      duckdb: has(NPM_PACKAGES.duckdb),
      archiver: has(NPM_PACKAGES.archiver),
      tardis: has(NPM_PACKAGES.tardis),
    },
    python: installPython(join(folder, 'python'), world),
  };
}

function installNpm(folder: string, { title, name, version }: NpmPackage, world: World): boolean {
  if (installedVersion(folder, name) === version) return true;
  world.note(`installing ${title}`);
  const flags = ['--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error'];
  const failure = runs('npm', ['install', ...flags, `${name}@${version}`], world.env);
  if (failure !== undefined) world.print(`${title} is left out: ${failure}`);
  return failure === undefined;
}

function installedVersion(folder: string, name: string): unknown {
  try {
    const { version }: { version?: unknown } = JSON.parse(
      readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8'),
    );
    return version;
  } catch {
    return undefined;
  }
}

function installPython(folder: string, { note, print, env }: World): string | undefined {
  const python = join(folder, 'bin/python3');
  const canImport = (): boolean =>
    runs(python, ['-c', `import ${PYTHON_PACKAGES.join(', ')}`], env) === undefined;
  if (canImport()) return python;
  note('installing Polars and pandas');
  const isInstalled =
    runs('python3', ['-m', 'venv', folder], env) === undefined &&
    runs(python, ['-m', 'pip', 'install', '--quiet', ...PYTHON_PACKAGES], env) === undefined;
  if (isInstalled && canImport()) return python;
  print('Polars and pandas are left out: no Python 3 here has or installs them');
  return undefined;
}

/** Runs a program to its end. Undefined when it succeeds, else a line that says why it did not. */
function runs(program: string, args: string[], env: NodeJS.ProcessEnv): string | undefined {
  const { status, stderr, error } = spawnSync(program, args, { env, encoding: 'utf8' });
  if (error) return errorText(error);
  if (status === 0) return undefined;
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.includes('error code'));
  return lines[0] ?? `${program} ended with exit code ${status}`;
}
