import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';

const NPM_PACKAGES = ['@duckdb/node-api@1.5', 'tardis-dev@13', 'archiver@8'];
const PYTHON_PACKAGES = ['polars', 'pandas'];

/** The programs that are compared with, in the bench's own folder: the product is not to carry them. */
export type Tools = { npmFolder: string; python: string | undefined };

/** Installs what is missing. Without a Python, `python` is undefined and its programs are left out. */
export function installTools(log: (text: string) => void): Tools {
  const npmFolder = join(cacheFolder(), 'tools');
  if (!NPM_PACKAGES.every((name) => existsSync(join(npmFolder, 'node_modules', packageName(name))))) {
    log('installing DuckDB and tardis-dev');
    mkdirSync(npmFolder, { recursive: true });
    execFileSync('npm', ['install', '--prefix', npmFolder, '--no-audit', '--no-fund', ...NPM_PACKAGES]);
  }
  return { npmFolder, python: installPython(log) };
}

const packageName = (spec: string): string => spec.slice(0, spec.lastIndexOf('@'));

function installPython(log: (text: string) => void): string | undefined {
  const folder = join(cacheFolder(), 'python');
  const python = join(folder, 'bin/python3');
  if (canImport(python)) return python;
  try {
    log('installing Polars and pandas');
    execFileSync('python3', ['-m', 'venv', folder], { stdio: 'ignore' });
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', ...PYTHON_PACKAGES], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return canImport(python) ? python : undefined;
}

function canImport(python: string): boolean {
  try {
    execFileSync(python, ['-c', `import ${PYTHON_PACKAGES.join(', ')}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
