import { createWriteStream } from 'node:fs';
import {
  access,
  constants,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorCode, UsageError } from '../errors.ts';
import { removeAbandoned, withLock } from './lock.ts';
import {
  type Body,
  type ByteRange,
  compareNames,
  isObjectName,
  type ObjectInfo,
  type Store,
  type StoredObject,
} from './store.ts';

/** The store's own files (unfinished writes, locks); never listed. */
const PRIVATE = '.tapelake';

/**
 * A folder as a store. A write goes to a temporary file that is then linked (create) or renamed (replace) to its
 * name, so a kill at any moment leaves the old or the new object. Several processes may share the folder.
 * @throws UsageError when the folder does not exist or, with `writable`, cannot be written.
 */
export async function openFolderStore(folder: string, { writable }: { writable: boolean }): Promise<Store> {
  const root = resolve(folder);
  await requireFolder(root, writable);
  if (writable) await removeAbandoned(join(root, PRIVATE));
  return new FolderStore(root);
}

async function requireFolder(root: string, writable: boolean): Promise<void> {
  const info = await stat(root).catch(() => undefined);
  if (!info?.isDirectory())
    throw new UsageError(`open store ${root}: no such folder, create it first (mkdir -p ${root})`);
  try {
    await access(root, writable ? constants.R_OK | constants.W_OK : constants.R_OK);
  } catch (cause) {
    throw new UsageError(
      `open store ${root}: not ${writable ? 'writable' : 'readable'}, check its permissions`,
      { cause },
    );
  }
}

class FolderStore implements Store {
  readonly url: string;
  #writes = 0;

  constructor(root: string) {
    this.url = root;
  }

  async create(name: string, body: Body): Promise<string | undefined> {
    const path = this.#path(name);
    return doing('create', name, async () => {
      const temporary = await this.#writeTemporary(body);
      try {
        await mkdir(dirname(path), { recursive: true });
        await link(temporary, path);
        return await generationOf(path);
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error;
        return (await sameContent(temporary, path)) ? await generationOf(path) : undefined;
      } finally {
        await rm(temporary, { force: true });
      }
    });
  }

  async read(name: string, range?: ByteRange): Promise<StoredObject | undefined> {
    const path = this.#path(name);
    return absentAsUndefined('read', name, async () => {
      const file = await open(path);
      try {
        const { ino, mtimeNs } = await file.stat({ bigint: true });
        const bytes = range ? await readRange(file, range) : await file.readFile();
        return { bytes, generation: `${ino}-${mtimeNs}` };
      } finally {
        await file.close();
      }
    });
  }

  async stat(name: string): Promise<ObjectInfo | undefined> {
    const path = this.#path(name);
    return absentAsUndefined('stat', name, async () => {
      const info = await stat(path, { bigint: true });
      if (!info.isFile()) return undefined;
      return { name, bytes: Number(info.size), generation: `${info.ino}-${info.mtimeNs}` };
    });
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const names = (await this.#namesUnder(folder))
      .filter((name) => name.startsWith(prefix))
      .sort(compareNames);
    for (const name of names) {
      const info = await this.stat(name);
      if (info) yield info;
    }
  }

  async listFolders(prefix: string): Promise<string[]> {
    const found = await doing('list', prefix, () => entriesOf(join(this.url, prefix)));
    const folders = found.filter((entry) => entry.isDirectory() && entry.name !== PRIVATE);
    const names = folders.map((entry) => `${prefix}${entry.name}/`).sort(compareNames);
    const filled = await Promise.all(names.map((name) => this.#holdsObjects(name)));
    return names.filter((_, index) => filled[index]);
  }

  async replace(name: string, body: Body, generation: string): Promise<string | undefined> {
    const path = this.#path(name);
    return doing('replace', name, async () => {
      const temporary = await this.#writeTemporary(body);
      try {
        return await withLock(join(this.url, PRIVATE), name, async () => {
          if ((await this.stat(name))?.generation !== generation) return undefined;
          await rename(temporary, path);
          return generationOf(path);
        });
      } finally {
        await rm(temporary, { force: true });
      }
    });
  }

  async remove(name: string, generation: string): Promise<boolean> {
    const path = this.#path(name);
    return doing('remove', name, () =>
      withLock(join(this.url, PRIVATE), name, async () => {
        if ((await this.stat(name))?.generation !== generation) return false;
        await rm(path);
        return true;
      }),
    );
  }

  #path(name: string): string {
    if (!isObjectName(name) || name.startsWith(`${PRIVATE}/`))
      throw new Error(`use object name ${JSON.stringify(name)}: not allowed`);
    return join(this.url, name);
  }

  async #writeTemporary(body: Body): Promise<string> {
    const folder = join(this.url, PRIVATE, 'unfinished');
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${process.pid}-${process.hrtime.bigint()}-${this.#writes++}`);
    try {
      const source = body instanceof Uint8Array ? [body] : body();
      await pipeline(Readable.from(source), createWriteStream(path, { flags: 'wx' }));
      await markGeneration(path);
      return path;
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  /** An object store knows no empty folders, so those that deletions left behind do not count. */
  async #holdsObjects(folder: string): Promise<boolean> {
    const entries = await entriesOf(join(this.url, folder));
    if (entries.some((entry) => entry.isFile())) return true;
    for (const entry of entries) {
      if (await this.#holdsObjects(`${folder}${entry.name}/`)) return true;
    }
    return false;
  }

  async #namesUnder(folder: string): Promise<string[]> {
    const found = await doing('list', folder, () => entriesOf(join(this.url, folder)));
    const names = found.map(async (entry) => {
      if (entry.isFile()) return [`${folder}${entry.name}`];
      return entry.isDirectory() && entry.name !== PRIVATE ? this.#namesUnder(`${folder}${entry.name}/`) : [];
    });
    return (await Promise.all(names)).flat();
  }
}

/** A file deleted and written anew within one clock tick may get the same inode and time; random microseconds keep the two apart. */
async function markGeneration(path: string): Promise<void> {
  const seconds = Math.floor(Date.now() / 1000) + Math.random();
  await utimes(path, seconds, seconds);
}

async function generationOf(path: string): Promise<string> {
  const { ino, mtimeNs } = await stat(path, { bigint: true });
  return `${ino}-${mtimeNs}`;
}

async function sameContent(a: string, b: string): Promise<boolean> {
  const [infoA, infoB] = await Promise.all([stat(a), stat(b)]);
  if (infoA.size !== infoB.size) return false;
  const [bytesA, bytesB] = await Promise.all([readFile(a), readFile(b)]);
  return bytesA.equals(bytesB);
}

async function readRange(file: Awaited<ReturnType<typeof open>>, { start, end }: ByteRange): Promise<Buffer> {
  const buffer = Buffer.alloc(end - start);
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

async function entriesOf(path: string) {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw error;
  }
}

async function doing<T>(verb: string, name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new Error(`${verb} ${name}`, { cause });
  }
}

async function absentAsUndefined<T>(
  verb: string,
  name: string,
  work: () => Promise<T | undefined>,
): Promise<T | undefined> {
  return doing(verb, name, async () => {
    try {
      return await work();
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
      throw error;
    }
  });
}
