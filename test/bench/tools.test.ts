// The programs the benchmarks compare with, where a registry does not have all of them.

import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { installTools } from '../../bench/tools.ts';
import { temporaryFolder } from '../shared/temporary-folder.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder.path, 'bin'));
  await program('python3', 'exit 1');
});
afterEach(() => folder.remove());

async function program(name: string, script: string): Promise<void> {
  const path = join(folder.path, 'bin', name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}

/** An npm that has what matches `had`, installs it as npm does, and says what it was asked for. */
const npm = (had: string) => `
PATH=/usr/bin:/bin
for spec; do :; done
echo "$spec" >> ${folder.path}/asked
case "$spec" in ${had}) ;; *) echo "npm error code ETARGET" >&2; echo "npm error notarget No matching version for $spec" >&2; exit 1 ;; esac
name=\${spec%@*}
mkdir -p "$3/node_modules/$name"
echo "{\\"version\\": \\"\${spec##*@}\\"}" > "$3/node_modules/$name/package.json"`;

function install() {
  const lines: string[] = [];
  const env = { PATH: join(folder.path, 'bin') };
  const tools = installTools(join(folder.path, 'cache'), {
    note: () => {},
    print: (line) => lines.push(line),
    env,
  });
  return { tools, lines };
}
const asked = async (): Promise<string[]> =>
  (await readFile(join(folder.path, 'asked'), 'utf8')).trim().split('\n');

describe('the tools of the benchmarks', () => {
  it('are asked for in one version each, and only once', async () => {
    await program('npm', npm('*'));
    const { tools, lines } = install();
    expect(tools.has).toEqual({ duckdb: true, archiver: true, tardis: true });
    expect(lines).toEqual(['Polars and pandas are left out: no Python 3 here has or installs them']);
    const specs = await asked();
    expect(specs).toHaveLength(3);
    for (const spec of specs) expect(spec).toMatch(/^(@\w+\/)?[\w-]+@\d+\.\d+\.\d+(-r\.\d+)?$/);
    expect(install().tools.has).toEqual(tools.has);
    expect(await asked()).toEqual(specs);
  });

  it('are left out with one line each where they cannot be had, and the others are there', async () => {
    await program('npm', npm('archiver@*'));
    const { tools, lines } = install();
    expect(tools).toMatchObject({ has: { duckdb: false, archiver: true, tardis: false }, python: undefined });
    expect(lines).toEqual([
      expect.stringMatching(
        /^DuckDB is left out: npm error notarget No matching version for @duckdb\/node-api@\S+$/,
      ),
      expect.stringMatching(
        /^tardis-dev is left out: npm error notarget No matching version for tardis-dev@\S+$/,
      ),
      expect.stringMatching(/^Polars and pandas are left out/),
    ]);
  });

  it('are left out where there is no npm at all', () => {
    const { tools, lines } = install();
    expect(tools.has).toEqual({ duckdb: false, archiver: false, tardis: false });
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^DuckDB is left out: .*ENOENT/);
  });
});
