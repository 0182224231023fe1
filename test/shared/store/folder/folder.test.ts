import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../../../../shared/errors.ts';
import { openFolderStore } from '../../../../shared/store/folder/folder.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { listed, storeContract } from '../contract.ts';

storeContract('a folder', async () => {
  const folder = await temporaryFolder();
  return { store: await openFolderStore(folder.path, { writable: true }), dispose: folder.remove };
});

async function inFolder(work: (path: string) => Promise<void>): Promise<void> {
  const folder = await temporaryFolder();
  try {
    await work(folder.path);
  } finally {
    await folder.remove();
  }
}

describe('openFolderStore', () => {
  it('refuses a folder that is not there, in one line that tells the fix', () =>
    inFolder(async (path) => {
      await writeFile(join(path, 'file'), 'x');
      for (const wrong of ['nowhere', 'file']) {
        const opening = openFolderStore(join(path, wrong), { writable: false });
        await expect(opening).rejects.toThrow(UsageError);
        await expect(opening).rejects.toThrow(
          `open store ${join(path, wrong)}: no such folder, create it first`,
        );
      }
    }));
});

describe('a folder store', () => {
  it('keeps its own files to itself', () =>
    inFolder(async (path) => {
      const store = await openFolderStore(path, { writable: true });
      await store.create('x/.tapelake/a', Buffer.from('x'));
      await writeFile(join(path, '.tapelake/unfinished/half'), 'half');
      expect((await listed(store, '')).map(({ name }) => name)).toEqual(['x/.tapelake/a']);
      expect(await store.listFolders('')).toEqual(['x/']);
      expect(await listed(store, '.tapelake/')).toEqual([]);
      expect(await store.listFolders('.tapelake/')).toEqual([]);
      await expect(store.read('.tapelake/locks')).rejects.toThrow('not allowed');
    }));

  it('passes over files whose names no object can have', () =>
    inFolder(async (path) => {
      const store = await openFolderStore(path, { writable: true });
      await store.create('x/day/a', Buffer.from('x'));
      await mkdir(join(path, 'x/other'));
      for (const name of ['back\\slash', 'two\nlines', 'be\u0007ll'])
        for (const folder of ['x/day', 'x/other']) await writeFile(join(path, folder, name), 'stray');
      expect((await listed(store, 'x/')).map(({ name }) => name)).toEqual(['x/day/a']);
      expect(await store.listFolders('x/')).toEqual(['x/day/']);
    }));

  it('says why when a name is taken by a folder, stands below a file, or leads nowhere', () =>
    inFolder(async (path) => {
      const store = await openFolderStore(path, { writable: true });
      await store.create('a/b', Buffer.from('x'));
      await expect(store.create('a', Buffer.from('x'))).rejects.toThrow('create a: a folder has this name');
      await expect(store.create('a/b/c', Buffer.from('x'))).rejects.toThrow(
        /^create a\/b\/c: (EEXIST|ENOTDIR)/,
      );
      await mkdir(join(path, 'links'));
      await symlink('/nowhere', join(path, 'links/dangling'));
      await expect(store.create('links/dangling', Buffer.from('x'))).rejects.toThrow(
        'create links/dangling: its name is taken',
      );
    }));

  it('sees linked files and folders as what they lead to, each name once, and no link that leads nowhere or in a ring', () =>
    inFolder(async (path) => {
      await mkdir(join(path, 'other disk/BTCUSDT/day'), { recursive: true });
      await writeFile(join(path, 'other disk/BTCUSDT/day/a'), 'first');
      await writeFile(join(path, 'other disk/single'), 'second');
      await mkdir(join(path, 'lake/raw/ETHUSDT'), { recursive: true });
      await symlink('../../other disk/BTCUSDT', join(path, 'lake/raw/BTCUSDT'));
      await symlink(join(path, 'other disk/single'), join(path, 'lake/raw/ETHUSDT/b'));
      await symlink('/nowhere', join(path, 'lake/raw/ETHUSDT/dangling'));
      await symlink('..', join(path, 'lake/raw/ETHUSDT/up'));
      await symlink(path, join(path, 'lake/raw/ETHUSDT/above'));
      await symlink('/', join(path, 'lake/raw/ETHUSDT/root'));
      await symlink('itself', join(path, 'lake/raw/ETHUSDT/itself'));
      await writeFile(join(path, 'lake/raw/ETHUSDT/no\\object'), '');
      await symlink(join(path, 'lake/raw'), join(path, 'other disk/BTCUSDT/back'));
      const store = await openFolderStore(join(path, 'lake'), { writable: true });
      const names = async (prefix: string) => (await listed(store, prefix)).map(({ name }) => name);
      expect(await names('')).toEqual(['raw/BTCUSDT/day/a', 'raw/ETHUSDT/b']);
      expect(await store.listFolders('raw/')).toEqual(['raw/BTCUSDT/', 'raw/ETHUSDT/']);
      const found = await store.read('raw/ETHUSDT/b');
      expect(found?.bytes.toString()).toBe('second');
      expect(await store.create('raw/ETHUSDT/b', Buffer.from('else'))).toBeUndefined();

      expect(await store.remove('raw/ETHUSDT/b', found?.generation ?? '')).toBe(true);
      expect(await names('raw/ETHUSDT/')).toEqual([]);
      expect(await readFile(join(path, 'other disk/single'), 'utf8')).toBe('second');
    }));
});
