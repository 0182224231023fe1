import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../errors.ts';
import { linked } from './files.ts';
import { hasEnded, processToken, stateOf } from './process-token.ts';
import { SignsOfLife } from './signs-of-life.ts';

const RETRY_MS = 5;
/** A lock is held for a few file operations; a write may take hours. */
const LOCK_UNSEEN_MS = 60_000;
const WRITE_PATIENCE = { unseenMs: 86_400_000 };

/**
 * Runs `work` while this process alone holds the lock on `name`. The lock is a file that names its holder's process;
 * one left behind by a dead process is taken over, and so is one of another container that stayed the same for a minute by
 * our own count: what clocks say of it is not believed, since they can be set. For processes of one machine.
 */
export async function withLock<T>(
  folder: string,
  name: string,
  work: () => Promise<T>,
  monotonicMs: () => number = () => performance.now(),
): Promise<T> {
  await mkdir(join(folder, 'locks'), { recursive: true });
  const path = join(folder, 'locks', createHash('sha256').update(name).digest('hex'));
  return holding(folder, path, work, new SignsOfLife(LOCK_UNSEEN_MS, monotonicMs));
}

/** A path for a file in the making, which names this process; {@link removeAbandoned} deletes it when the process is gone. */
export async function unfinishedPath(folder: string): Promise<string> {
  await mkdir(join(folder, 'unfinished'), { recursive: true });
  return join(folder, 'unfinished', `${await processToken()}_${randomUUID()}`);
}

/** Removes unfinished files of processes that are no longer alive. */
export async function removeAbandoned(folder: string): Promise<void> {
  const unfinished = join(folder, 'unfinished');
  const names = await readdir(unfinished).catch(() => []);
  const removals = names.map(async (name) => {
    const path = join(unfinished, name);
    const info = await stat(path).catch(() => undefined);
    const [token = ''] = name.split('_');
    if (info && (await hasEnded(token, info.mtimeMs, WRITE_PATIENCE))) await rm(path, { force: true });
  });
  await Promise.all(removals);
}

async function holding<T>(
  folder: string,
  path: string,
  work: () => Promise<T>,
  signs: SignsOfLife,
): Promise<T> {
  while (!(await tryLock(folder, path))) {
    if (await isAbandoned(path, signs)) await breakAbandoned(folder, path, signs);
    else await sleep(RETRY_MS);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** Links a file that already names this process, so that a lock is never seen without its holder. */
async function tryLock(folder: string, path: string): Promise<boolean> {
  const mine = await unfinishedPath(folder);
  await writeFile(mine, await processToken());
  try {
    return await linked(mine, path);
  } finally {
    await rm(mine, { force: true });
  }
}

/** Looks again under a lock of its own: whoever comes late to break a lock would else delete the one taken since. */
async function breakAbandoned(folder: string, path: string, signs: SignsOfLife): Promise<void> {
  const look = async (): Promise<void> => {
    if (await isAbandoned(path, signs)) await rm(path, { force: true });
  };
  await holding(folder, `${path}.break`, look, signs);
}

async function isAbandoned(path: string, signs: SignsOfLife): Promise<boolean> {
  try {
    const [holder, { mtimeMs, ino }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    const state = await stateOf(holder);
    return state === 'unknown' ? signs.isUnseen(path, `${holder} ${ino} ${mtimeMs}`) : state === 'ended';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false; // released in between
    throw error;
  }
}
