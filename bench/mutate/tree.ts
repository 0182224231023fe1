import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A copy of the sources in a folder of its own, in which one file at a time is changed. */
export type Tree = {
  path: string;
  /** Runs `work` while `file` holds `text`. */
  withText<T>(file: string, text: string, work: () => Promise<T>): Promise<T>;
};

/** Copies what git knows or would add, as it lies there now; packages are shared, since nobody changes them. */
export function copyTree(root: string, path: string): Tree {
  for (const file of filesOf(root)) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    cpSync(join(root, file), join(path, file));
  }
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'));
  return {
    path,
    withText: async (file, text, work) => {
      const original = readFileSync(join(path, file), 'utf8');
      writeFileSync(join(path, file), text);
      try {
        return await work();
      } finally {
        writeFileSync(join(path, file), original);
      }
    },
  };
}

/** Changes whenever any file does: a survivor of yesterday's tests may be caught by today's. */
export function treeHash(root: string): string {
  const hash = createHash('sha256');
  for (const file of filesOf(root))
    if (/\.(ts|js|json)$/.test(file)) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}

function filesOf(root: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  return listed.split('\0').filter((file) => file !== '' && existsSync(join(root, file)));
}
