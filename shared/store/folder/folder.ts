import { createWriteStream } from 'node:fs';
import { access, constants, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { doing, UsageError } from '../../errors.ts';
import {
  type Body,
  type ByteRange,
  compareNames,
  isObjectName,
  type ObjectInfo,
  type Store,
  type StoredObject,
} from '../store.ts';
import {
  entriesOf,
  generationIfEqual,
  linked,
  linkedTo,
  markGeneration,
  readNow,
  statNow,
  unlessAbsent,
} from './files.ts';
import { removeAbandoned, unfinishedPath, withLock } from './lock.ts';

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

/** How often an object may vanish while a create compares itself with it. */
const MAX_LOOKS = 100;

/** A finished file that waits for its name. */
type Written = { path: string; generation: string };

class FolderStore implements Store {
  readonly url: string;
  readonly #private: string;

  constructor(root: string) {
    this.url = root;
    this.#private = join(root, PRIVATE);
  }

  async create(name: string, body: Body): Promise<string | undefined> {
    const path = this.#path(name);
    return doing('create', name, () =>
      this.#withWritten(body, async (written) => {
        await mkdir(dirname(path), { recursive: true });
        for (let looks = 0; !(await linked(written.path, path)); looks++) {
          const existing = await unlessAbsent(() => generationIfEqual(path, written.path));
          if (existing) return existing.generation;
          if (looks === MAX_LOOKS) throw new Error('its name is taken by what is neither file nor folder');
        }
        return written.generation;
      }),
    );
  }

  async read(name: string, range?: ByteRange): Promise<StoredObject | undefined> {
    const path = this.#path(name);
    return doing('read', name, () => unlessAbsent(async () => readNow(path, range)));
  }

  async stat(name: string): Promise<ObjectInfo | undefined> {
    const path = this.#path(name);
    return doing('stat', name, async () => {
      const info = await unlessAbsent(async () => statNow(path));
      return info && { name, ...info };
    });
  }

  async *list(prefix: string): AsyncIterable<ObjectInfo> {
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const names = (await doing('list', prefix, () => this.#namesUnder(folder)))
      .filter((name) => name.startsWith(prefix))
      .sort(compareNames);
    for (const name of names) {
      const info = await this.stat(name);
      if (info) yield info;
    }
  }

  async listFolders(prefix: string): Promise<string[]> {
    return doing('list', prefix, async () => {
      const { folders } = await this.#entries(prefix);
      const filled = await Promise.all(folders.map((name) => this.#holdsObjects(name)));
      return folders.filter((_, index) => filled[index]).sort(compareNames);
    });
  }

  async replace(name: string, body: Body, generation: string): Promise<string | undefined> {
    const path = this.#path(name);
    return doing('replace', name, () =>
      this.#withWritten(body, (written) =>
        withLock(this.#private, name, async () => {
          if ((await this.stat(name))?.generation !== generation) return undefined;
          await rename(written.path, path);
          return written.generation;
        }),
      ),
    );
  }

  async remove(name: string, generation: string): Promise<boolean> {
    const path = this.#path(name);
    return doing('remove', name, () =>
      withLock(this.#private, name, async () => {
        if ((await this.stat(name))?.generation !== generation) return false;
        await rm(path);
        return true;
      }),
    );
  }

  #path(name: string): string {
    if (!isPublic(name)) throw new Error(`use object name ${JSON.stringify(name)}: not allowed`);
    return join(this.url, name);
  }

  /** Writes the body to a file of its own, down to the disk: whoever sees its name, even after a power cut, sees all of it. */
  async #withWritten<T>(body: Body, work: (written: Written) => Promise<T>): Promise<T> {
    const path = await unfinishedPath(this.#private);
    try {
      const source = body instanceof Uint8Array ? [body] : body();
      await pipeline(Readable.from(source), createWriteStream(path, { flags: 'wx', flush: true }));
      return await work({ path, generation: await markGeneration(path) });
    } finally {
      await rm(path, { force: true });
    }
  }

  /** An object store knows no empty folders, so those that deletions left behind do not count. */
  async #holdsObjects(folder: string): Promise<boolean> {
    const { files, folders } = await this.#entries(folder);
    if (files.length > 0) return true;
    for (const inner of folders) {
      if (await this.#holdsObjects(inner)) return true;
    }
    return false;
  }

  async #namesUnder(folder: string): Promise<string[]> {
    const { files, folders } = await this.#entries(folder);
    const inner = await Promise.all(folders.map((name) => this.#namesUnder(name)));
    return [files, ...inner].flat();
  }

  /** What lies directly in a folder (empty, or with a final `/`), by whole names; a name that no object can have is passed over. */
  async #entries(folder: string): Promise<{ files: string[]; folders: string[] }> {
    if (folder !== '' && !isPublic(folder.slice(0, -1))) return { files: [], folders: [] };
    const found: { files: string[]; folders: string[] } = { files: [], folders: [] };
    for (const entry of await entriesOf(join(this.url, folder))) {
      const name = `${folder}${entry.name}`;
      if (!isPublic(name)) continue;
      const seen = entry.isSymbolicLink() ? await linkedTo(this.url, name) : entry;
      if (seen?.isFile()) found.files.push(name);
      else if (seen?.isDirectory()) found.folders.push(`${name}/`);
    }
    return found;
  }
}

const isPublic = (name: string): boolean => isObjectName(name) && name.split('/')[0] !== PRIVATE;
