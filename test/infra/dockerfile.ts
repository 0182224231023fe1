import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

export const REPOSITORY = join(import.meta.dirname, '../..');

export type Instruction = { word: string; text: string };

/** The instructions of a Dockerfile, one a line. */
export async function readDockerfile(room: string): Promise<Instruction[]> {
  const lines = (await readFile(join(REPOSITORY, room, 'Dockerfile'), 'utf8')).split('\n');
  return lines
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, word = '', text = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
      return { word, text };
    });
}

/**
 * Does by hand what `docker build` does with our Dockerfiles: afterwards `folder` holds what the image has in /app.
 * `dependencies` is what {@link installDependencies} made.
 */
export async function layOut(
  instructions: Instruction[],
  folder: string,
  dependencies: string,
): Promise<void> {
  const isIgnored = await readIgnored();
  const last = instructions.findLastIndex(({ word }) => word === 'FROM');
  for (const { word, text } of instructions.slice(last)) {
    if (word !== 'COPY') continue;
    const [source = '', target = ''] = text.split(' ').slice(-2);
    if (text.startsWith('--from=dependencies ')) {
      await mkdir(folder, { recursive: true });
      execFileSync('cp', ['-al', dependencies, join(folder, target)]);
    } else {
      await cp(join(REPOSITORY, source), join(folder, target, target.endsWith('/') ? source : ''), {
        recursive: true,
        filter: (path) => !isIgnored(relative(REPOSITORY, path)),
      });
    }
  }
}

/** Lays out a program that no Dockerfile knows, as {@link layOut} would: its room, the shared one and `dependencies`. */
export async function layOutRoom(room: string, folder: string, dependencies: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  execFileSync('cp', ['-al', dependencies, join(folder, 'node_modules')]);
  for (const source of ['package.json', 'shared', room])
    await cp(join(REPOSITORY, source), join(folder, source), { recursive: true });
}

/** What the Dockerfiles' `npm ci --omit=dev --omit=optional` installs, taken from the packages that are installed here: tests ask no registry. */
export async function installDependencies(target: string): Promise<void> {
  const lock: unknown = JSON.parse(await readFile(join(REPOSITORY, 'package-lock.json'), 'utf8'));
  await mkdir(target, { recursive: true });
  // tar is many times faster than Node's own copying
  const copy = 'tar -chf - -C "$0" -- "$@" | tar -xf - -C "$TARGET" --strip-components=1';
  const env = { PATH: process.env.PATH ?? '', TARGET: target };
  execFileSync('sh', ['-c', copy, REPOSITORY, ...productionPaths(lock)], { env });
}

function productionPaths(lock: unknown): string[] {
  type Package = { dev?: boolean; optional?: boolean; devOptional?: boolean };
  const { packages } = lock as { packages: Record<string, Package> }; // npm's own format
  const isOutermost = (path: string): boolean => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path);
  return Object.entries(packages)
    .filter(
      ([path, { dev, optional, devOptional }]) => isOutermost(path) && !dev && !optional && !devOptional,
    )
    .map(([path]) => path);
}

/** Reads .dockerignore: everything is left out but what `!` takes back in, and files of a name anywhere. */
async function readIgnored(): Promise<(path: string) => boolean> {
  const lines = (await readFile(join(REPOSITORY, '.dockerignore'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const rules = lines.map((line) => {
    const [, not, anywhere, name = ''] = /^(!?)(\*\*\/)?(\*|[\w.-]+)$/.exec(line) ?? [];
    if (name === '') throw new Error(`read .dockerignore: ${line} is not understood here`);
    const matches = (parts: string[]): boolean =>
      name === '*' ? true : anywhere ? parts.includes(name) : parts[0] === name;
    return { isIgnored: not === '', matches };
  });
  return (path) => rules.findLast(({ matches }) => matches(path.split('/')))?.isIgnored ?? false;
}

/** The words of an exec-form CMD; undefined where it is in the shell form, which keeps signals from the program. */
export function execForm(instructions: Instruction[]): string[] | undefined {
  const text = instructions.findLast(({ word }) => word === 'CMD')?.text ?? '';
  return text.startsWith('[') ? JSON.parse(text) : undefined;
}
