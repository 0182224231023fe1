import { mkdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, errorText, UsageError } from '../../shared/errors.ts';
import type { Log } from '../../shared/program/log.ts';
import { processToken } from '../../shared/store/folder/process-token.ts';
import type { Tally } from '../health/tally.ts';
import { filesUnder, isMark, OWNER, STORE, takersOf } from './run-files.ts';

type Dependencies = { log: Log; tally: Tally };

/** Where a run's folder lies, how it is called, and the store its chunks belong to. */
export type RunFolderOptions = { spool: string; writer: string; storeUrl: string };

/**
 * This run's folder in the spool, `{spool}/{writer}`: made when there is room for it, and begun anew under a further name
 * when it is gone, because it was deleted or because another recorder took this run for dead. Its calls are synchronous,
 * so that nothing comes between the look at the folder and the write into it.
 */
export class RunFolder {
  readonly #options: RunFolderOptions;
  readonly #token: string;
  readonly #deps: Dependencies;
  readonly #taken = new Set<string>();
  #current: { path: string; id: string } | undefined;
  #nextNumber = 0;

  constructor(options: RunFolderOptions, token: string, deps: Dependencies) {
    this.#options = options;
    this.#token = token;
    this.#deps = deps;
  }

  /** The folder as it was last seen; undefined where there is none yet. */
  get path(): string | undefined {
    return this.#current?.path;
  }

  /** True for a former folder of this run that another recorder took, and whose rows it stores. */
  wasTaken(path: string): boolean {
    return this.#taken.has(path);
  }

  /** The folder, this run's own beyond doubt. @throws where it has to be made and the disk refuses */
  ready(): string {
    if (this.#current && identityOf(this.#current.path) === this.#current.id) return this.#current.path;
    if (this.#current) this.#lost(this.#current.path);
    this.#current = undefined;
    const path = this.#make();
    this.#current = { path, id: identityOf(path) };
    return path;
  }

  /** Tells other recorders on this spool that the run is alive. */
  touch(): void {
    const now = new Date();
    const path = this.#current?.path;
    if (path !== undefined && identityOf(path) === this.#current?.id) utimesSync(join(path, OWNER), now, now);
  }

  /** Gives the run up: removed when it holds nothing, else left for the next recorder on this spool. */
  async release(): Promise<void> {
    const path = this.#current?.path;
    if (path === undefined || identityOf(path) !== this.#current?.id) return;
    const files = await filesUnder(path);
    if (files.every(isMark)) await rm(path, { recursive: true, force: true });
    else await rm(join(path, OWNER), { force: true });
  }

  /** It appears with its marks in it, so no other recorder takes it for an abandoned one. */
  #make(): string {
    const { spool, storeUrl } = this.#options;
    const n = this.#freeNumber();
    const name = this.#name(n);
    const unseen = join(spool, `.${name}`);
    try {
      mkdirSync(spool, { recursive: true });
      mkdirSync(unseen);
      writeFileSync(join(unseen, OWNER), this.#token);
      writeFileSync(join(unseen, STORE), storeUrl);
      renameSync(unseen, join(spool, name));
    } catch (cause) {
      removeQuietly(unseen);
      throw new Error(`make run folder ${join(spool, name)}: ${errorText(cause)}`, { cause });
    }
    this.#nextNumber = n + 1;
    return join(spool, name);
  }

  /** Never a name this run had before, so that a path tells which of its folders a file was in. */
  #freeNumber(): number {
    const { spool } = this.#options;
    const isTaken = (name: string): boolean =>
      identityOf(join(spool, name)) !== '' || takersOf(spool, name).length > 0;
    let n = this.#nextNumber;
    while (isTaken(this.#name(n))) n++;
    return n;
  }

  #name(n: number): string {
    const { writer } = this.#options;
    return n === 0 ? writer : `${writer}.${n}`;
  }

  #lost(path: string): void {
    const { log, tally } = this.#deps;
    tally.lostFolders++;
    const [taker] = takersOf(this.#options.spool, path);
    if (taker !== undefined) this.#taken.add(path);
    const why = taker === undefined ? 'it was deleted or moved away' : `another recorder took it as ${taker}`;
    log.error({ path, taker }, `use run folder ${path}: ${why}; a new one is begun`);
  }
}

/**
 * Opens this run's folder. A spool that cannot be written to does not stop a start: that is told, rows wait in memory and the
 * folder is made as soon as it can be. @throws UsageError where the spool is no folder
 */
export async function openRunFolder(options: RunFolderOptions, deps: Dependencies): Promise<RunFolder> {
  const run = new RunFolder(options, await processToken(), deps);
  try {
    run.ready();
  } catch (cause) {
    if (isNoFolder(options.spool))
      throw new UsageError(`--spool ${options.spool}: is no folder, choose another`, { cause });
    deps.tally.spoolFailures++;
    deps.log.error({ error: cause }, `${errorText(cause)}; rows wait in memory until it can be made`);
  }
  return run;
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

/** Stays through everything but another folder in its place; empty where there is none. */
function identityOf(path: string): string {
  try {
    const { dev, ino, birthtimeNs } = statSync(path, { bigint: true });
    return `${dev} ${ino} ${birthtimeNs}`;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return '';
    throw error;
  }
}

function isNoFolder(path: string): boolean {
  try {
    return !statSync(path).isDirectory();
  } catch (error) {
    return errorCode(error) === 'ENOTDIR';
  }
}

/** What a full disk left half-made. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // the error before it says what is wrong with this disk
  }
}
