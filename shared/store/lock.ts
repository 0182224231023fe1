import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../errors.ts';

const RETRY_MS = 5;

/**
 * Runs `work` while this process alone holds the lock on `name`. The lock is a file that names its holder's process;
 * one left behind by a dead process is taken over. For processes of one machine.
 */
export async function withLock<T>(folder: string, name: string, work: () => Promise<T>): Promise<T> {
  const path = join(folder, 'locks', createHash('sha256').update(name).digest('hex'));
  await mkdir(join(folder, 'locks'), { recursive: true });
  while (!(await tryLock(path))) {
    await breakAbandoned(path);
    await sleep(RETRY_MS);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** Removes unfinished writes of processes that are no longer alive. */
export async function removeAbandoned(folder: string): Promise<void> {
  const unfinished = join(folder, 'unfinished');
  const names = await readdir(unfinished).catch(() => []);
  const abandoned = names.filter((name) => !isAlive(Number.parseInt(name, 10)));
  await Promise.all(abandoned.map((name) => rm(join(unfinished, name), { force: true })));
}

/** Links a file that already names this process, so that a lock is never seen without its holder. */
async function tryLock(path: string): Promise<boolean> {
  const mine = `${path}.${randomUUID()}`;
  await writeFile(mine, String(process.pid));
  try {
    await link(mine, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(mine, { force: true });
  }
}

/** Moves the file aside before it is deleted, so that of several processes that see the same dead holder only one breaks its lock. */
async function breakAbandoned(path: string): Promise<void> {
  const holder = await readFile(path, 'utf8').catch(() => '');
  if (holder === '' || isAlive(Number(holder))) return;
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  await rm(aside, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
