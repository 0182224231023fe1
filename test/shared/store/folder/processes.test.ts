import { createHash } from 'node:crypto';
import { existsSync, utimesSync } from 'node:fs';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openFolderStore } from '../../../../shared/store/folder/folder.ts';
import { withLock } from '../../../../shared/store/folder/lock.ts';
import { hasEnded, processToken, stateOf } from '../../../../shared/store/folder/process-token.ts';
import type { Store } from '../../../../shared/store/store.ts';
import { outputOf, startChild } from '../../child/process.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { listed, written } from '../contract.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: Store;
const privateFolder = (): string => join(folder.path, '.tapelake');

beforeEach(async () => {
  folder = await temporaryFolder();
  store = await openFolderStore(folder.path, { writable: true });
});
afterEach(() => folder.remove());

describe('two processes on one folder', () => {
  it('share every create and remove between them and lose no replace', async () => {
    const rounds = 60;
    await store.create('counter', Buffer.from('0'));
    for (let n = 0; n < rounds; n++) await store.create(`doomed/${n}`, Buffer.from('x'));
    const racers = ['left', 'right'];
    const outputs = await Promise.all(
      racers.map((who) => outputOf('race.ts', [folder.path, who, String(rounds)])),
    );
    const won: { created: number[]; removed: number[] }[] = outputs.map((lines) =>
      JSON.parse(lines.join('')),
    );
    const all = Array.from({ length: rounds }, (_, n) => n);
    const inOrder = (numbers: number[]): number[] => numbers.sort((a, b) => a - b);
    expect(inOrder(won.flatMap(({ created }) => created))).toEqual(all);
    expect(inOrder(won.flatMap(({ removed }) => removed))).toEqual(all);
    for (const [index, { created }] of won.entries()) {
      for (const n of created)
        expect((await store.read(`created/${n}`))?.bytes.toString()).toBe(racers[index]);
    }
    expect((await store.read('counter'))?.bytes.toString()).toBe(String(2 * rounds));
    expect(await listed(store, 'doomed/')).toEqual([]);
  });
});

describe('a process killed while it writes', () => {
  it.each([1, 7, 23])('after %d writes leaves old or new, and all it was told is stored', async (writes) => {
    const bytes = 300_000;
    const child = startChild('write-forever.ts', [folder.path, String(bytes)]);
    const acknowledged: string[] = [];
    for await (const line of child.lines) {
      acknowledged.push(line);
      if (acknowledged.length === writes) await child.kill();
    }
    const again = await openFolderStore(folder.path, { writable: true });
    const found = await listed(again, '');
    const names = found.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['replaced', ...acknowledged]));
    expect(names.length - acknowledged.length).toBeLessThanOrEqual(2);
    for (const { name } of found) {
      const content = (await again.read(name))?.bytes ?? Buffer.alloc(0);
      expect(content.equals(Buffer.alloc(bytes, content[0]))).toBe(true);
    }
    expect(await readdir(join(privateFolder(), 'unfinished'))).toEqual([]);
  });
});

describe('a lock', () => {
  it('of a killed process is taken over, by one at a time', async () => {
    const generation = written(await store.create('locked', Buffer.from('old')));
    const child = startChild('hold-lock.ts', [privateFolder(), 'locked']);
    expect((await child.lines.next()).value).toBe('held');
    await child.kill();
    const bodies = Array.from({ length: 8 }, (_, n) => Buffer.from(`body ${n}`));
    const results = await Promise.all(bodies.map((body) => store.replace('locked', body, generation)));
    expect(results.filter((result) => result !== undefined)).toHaveLength(1);
    expect(await readdir(join(privateFolder(), 'locks'))).toEqual([]);
  });

  it('of another container is taken over when it stayed the same while it was watched, whatever the clocks say', async () => {
    const locks = join(privateFolder(), 'locks');
    await withLock(privateFolder(), 'x', () => Promise.resolve()); // makes the folder
    const path = join(locks, createHash('sha256').update('x').digest('hex'));
    const place = (): Promise<void> => writeFile(path, '1.1.4026531999');
    let nowMs = 0;
    let replacedAtMs = 0;
    const monotonicMs = (): number => {
      nowMs += 10_000;
      // In the middle it is let go, and taken again at a time that lies far back.
      if (nowMs === 50_000) {
        replacedAtMs = nowMs;
        utimesSync(path, 1_000_000, 1_000_000);
      }
      return nowMs;
    };
    await place();
    await utimes(path, 2_000_000, 2_000_000);
    const takenAtMs = await withLock(privateFolder(), 'x', () => Promise.resolve(nowMs), monotonicMs);
    expect(replacedAtMs).toBe(50_000);
    expect(takenAtMs).toBeGreaterThanOrEqual(replacedAtMs + 60_000);
    expect(await readdir(locks)).toEqual([]);
  });

  it('is held by one at a time, and let go when the work fails', async () => {
    let inside = 0;
    const work = async (): Promise<void> => {
      expect(++inside).toBe(1);
      await new Promise(setImmediate);
      inside--;
      throw new Error('work failed');
    };
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, () => withLock(privateFolder(), 'x', work)),
    );
    for (const result of results) expect(result).toMatchObject({ reason: new Error('work failed') });
  });
});

describe('a process token', () => {
  const patience = { unseenMs: 60_000 };

  it('tells a living process from one that has ended', async () => {
    expect(await hasEnded(await processToken(), 0, patience)).toBe(false);
    const [, start, space] = (await processToken()).split('.');
    expect(await hasEnded(`999999999.${start}.${space}`, Date.now(), patience)).toBe(true);
    expect(await hasEnded('', 0, patience)).toBe(true);
  });

  (existsSync('/proc/self/stat') ? it : it.skip)(
    'is not fooled by an id used again, nor by one of another container',
    async () => {
      const [pid, start, space] = (await processToken()).split('.');
      expect(await hasEnded(`${pid}.${Number(start) - 1}.${space}`, Date.now(), patience)).toBe(true);
      expect(await hasEnded(`${pid}.${start}.1`, Date.now(), patience)).toBe(false);
      expect(await hasEnded(`${pid}.${start}.1`, Date.now() - 61_000, patience)).toBe(true);
      // The first namespace has the same number everywhere: another boot may be another machine.
      const elsewhere = `${pid}.${start}.${space?.replace(/-.*/, '-00000000')}`;
      expect([await stateOf(elsewhere), await stateOf(await processToken())]).toEqual(['unknown', 'alive']);
    },
  );
});

describe('unfinished files', () => {
  it('stay while their process lives', async () => {
    await store.create('a', Buffer.from('x')); // makes the folder
    const unfinished = join(privateFolder(), 'unfinished');
    const mine = `${await processToken()}_1`;
    await writeFile(join(unfinished, mine), 'half');
    await writeFile(join(unfinished, `999999999.1.${(await processToken()).split('.')[2]}_2`), 'half');
    await openFolderStore(folder.path, { writable: true });
    expect(await readdir(unfinished)).toEqual([mine]);
    expect((await listed(store, '')).map(({ name }) => name)).toEqual(['a']);
  });
});
