import { mkdir, symlink, writeFile } from 'node:fs/promises';
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
});
