import { mkdir, readdir, readFile, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { doing, errorCode, errorText, UsageError } from '../../shared/errors.ts';
import { unlessAbsent } from '../../shared/store/files.ts';
import { hasEnded, processToken } from '../../shared/store/process-token.ts';

/** Names the process a run belongs to; touched while it lives. */
const OWNER = 'owner';
/** Names the store its chunks belong to: a rehearsal's leftovers must never end up in the real one. */
const STORE = 'store';
const ADOPTED = 'adopted';
/** A run of another container cannot be looked up: it counts as dead when it was not touched for so long. */
const PATIENCE = { unseenMs: 60_000 };

/**
 * Makes this run's folder in the spool, `{spool}/{writer}`. It appears with its owner in it, so no other run takes it for
 * an abandoned one. @throws UsageError where the spool cannot be written.
 */
export async function openRunFolder(spool: string, writer: string, storeUrl: string): Promise<string> {
  const path = join(spool, writer);
  const unseen = join(spool, `.${writer}`);
  try {
    await mkdir(unseen, { recursive: true });
    await writeFile(join(unseen, OWNER), await processToken());
    await writeFile(join(unseen, STORE), storeUrl);
    await rename(unseen, path);
  } catch (cause) {
    throw new UsageError(`--spool ${spool}: cannot be written (${errorText(cause)}), choose another folder`, {
      cause,
    });
  }
  return path;
}

/** Tells other recorders on this spool that the run is alive. */
export async function touchRunFolder(run: string): Promise<void> {
  const now = new Date();
  await utimes(join(run, OWNER), now, now);
}

/** Gives the run up: removed when it holds no chunk, else left for the next recorder on this spool. */
export async function releaseRunFolder(run: string): Promise<void> {
  if ((await chunkFiles(run)).length === 0) await rm(run, { recursive: true, force: true });
  else await rm(join(run, OWNER), { force: true });
}

/**
 * Takes over the runs for the same store in the spool whose process has died, and returns their chunk files. A run is moved into ours in
 * one step, so of two recorders that start together one gets it, and whoever comes after us finds it with our own.
 */
export async function adoptDeadRuns(spool: string, run: string): Promise<string[]> {
  const storeUrl = await readFile(join(run, STORE), 'utf8');
  const adopted: string[] = [];
  for (const name of await doing('list', spool, () => readdir(spool))) {
    const path = join(spool, name);
    if (name.startsWith('.') || name === basename(run)) continue;
    if (!(await isFor(path, storeUrl)) || !(await isDead(path))) continue;
    const target = join(run, ADOPTED, name);
    await mkdir(join(run, ADOPTED), { recursive: true });
    if (await moved(path, target)) adopted.push(...(await chunkFiles(target)));
  }
  return adopted;
}

/** Removes the empty folders of days before `date`: a recorder runs for months, and each day of each symbol has its own. */
export async function removeEmptyDays(run: string, date: string): Promise<void> {
  const entries = await readdir(run, { withFileTypes: true, recursive: true });
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  for (const folder of folders.sort().reverse()) {
    const day = /\/(\d{4}-\d\d-\d\d)(?:\/[^/]+)?$/.exec(folder)?.[1];
    if (day !== undefined && day < date) await rmdir(folder).catch(() => {}); // not empty: something waits there
  }
}

/** All chunk files under a run, plain or compressed. */
async function chunkFiles(run: string): Promise<string[]> {
  const entries = await readdir(run, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(csv|jsonl)(\.gz)?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

async function isFor(run: string, storeUrl: string): Promise<boolean> {
  return (await unlessAbsent(() => readFile(join(run, STORE), 'utf8'))) === storeUrl;
}

async function isDead(run: string): Promise<boolean> {
  try {
    const owner = join(run, OWNER);
    return await hasEnded(await readFile(owner, 'utf8'), (await stat(owner)).mtimeMs, PATIENCE);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return true; // given up
    throw error;
  }
}

async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false; // another recorder was faster
    throw error;
  }
}
