import { readdir, readFile, rename, rm, rmdir, stat, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorCode, errorText } from '../../shared/errors.ts';
import type { Log } from '../../shared/program/log.ts';
import { unlessAbsent } from '../../shared/store/folder/files.ts';
import { processToken, stateOf } from '../../shared/store/folder/process-token.ts';
import { SignsOfLife } from '../../shared/store/folder/signs-of-life.ts';
import { MINUTE_MS } from '../../shared/time.ts';
import {
  filesUnder,
  isChunkFile,
  isMark,
  OWNER,
  runNameOf,
  SET_ASIDE,
  STORE,
  takenName,
  takerOf,
} from './run-files.ts';

/** A run that cannot be looked up (it is of another container) counts as dead when it showed no sign of life for so long. */
const UNSEEN_MS = MINUTE_MS;

/** `monotonicMs` is of a clock that nobody sets. */
type Dependencies = { log: Log; monotonicMs: () => number };

/** A dead run that is ours now, and its chunk files by their names in the folder. */
export type AdoptedRun = { folder: string; files: string[] };

/**
 * Takes over the runs for the same store in the spool whose process has died. A run stays where it lies and is given our
 * token by one rename: that takes no room, goes to one of several recorders only, and never makes a path longer. Nothing that
 * goes wrong with one folder, or with the spool as a whole, is more than a line in the log.
 */
export class Adoption {
  readonly #spool: string;
  readonly #storeUrl: string;
  readonly #token: string;
  readonly #log: Log;
  readonly #signs: SignsOfLife;
  readonly #held = new Set<string>();
  readonly #finishing = new Set<Promise<void>>();
  readonly #told = new Set<string>();

  private constructor(spool: string, storeUrl: string, token: string, { log, monotonicMs }: Dependencies) {
    this.#spool = spool;
    this.#storeUrl = storeUrl;
    this.#token = token;
    this.#log = log;
    this.#signs = new SignsOfLife(UNSEEN_MS, monotonicMs);
  }

  static async of(spool: string, storeUrl: string, deps: Dependencies): Promise<Adoption> {
    return new Adoption(spool, storeUrl, await processToken(), deps);
  }

  /** Looks for dead runs. Never rejects. */
  async look(): Promise<AdoptedRun[]> {
    const adopted: AdoptedRun[] = [];
    for (let before = -1; before < adopted.length; ) {
      before = adopted.length; // runs that lay inside of another lie beside it now
      for (const name of await this.#names()) {
        const run = await this.#safely(`take over ${name}`, () => this.#takeOver(name));
        if (run) adopted.push(run);
      }
    }
    return adopted;
  }

  /** Tells other recorders on this spool that what was taken over has an owner who lives. */
  async touch(): Promise<void> {
    const now = new Date();
    for (const folder of this.#held) {
      const touched = [join(folder, OWNER), folder].map((path) => utimes(path, now, now).catch(() => {}));
      await Promise.all(touched);
    }
  }

  /** Everything that could be stored is: the run is removed, or set aside with what nobody can use. Never rejects. */
  async finish({ folder }: AdoptedRun): Promise<void> {
    this.#held.delete(folder);
    const finishing = this.#clear(folder);
    this.#finishing.add(finishing);
    await finishing;
    this.#finishing.delete(finishing);
  }

  /** Gives up what is not stored, for the next recorder on this spool. Never rejects. */
  async release(): Promise<void> {
    for (const folder of this.#held) {
      await this.#safely(`give up ${folder}`, async () => {
        await rm(join(folder, OWNER), { force: true });
        await moved(folder, join(this.#spool, runNameOf(folder)));
      });
    }
    this.#held.clear();
    await Promise.all(this.#finishing);
  }

  async #clear(folder: string): Promise<void> {
    await this.#safely(`clear ${folder}`, async () => {
      const files = await filesUnder(folder, (problem) => this.#tell(problem));
      const left = files.filter((name) => !isMark(name)).length;
      if (left === 0) return removeRun(folder);
      const aside = join(this.#spool, `${runNameOf(folder)}${SET_ASIDE}`);
      if (await moved(folder, aside))
        this.#tell(`store ${left} files of a dead run: they are set aside in ${aside}`);
    });
  }

  async #names(): Promise<string[]> {
    return (await this.#safely(`list ${this.#spool}`, () => unlessAbsent(() => readdir(this.#spool)))) ?? [];
  }

  async #takeOver(name: string): Promise<AdoptedRun | undefined> {
    if (name.endsWith(SET_ASIDE)) return undefined;
    const path = join(this.#spool, name);
    if (name.startsWith('.')) return this.#removeUnfinished(path);
    const storeUrl = await unlessAbsent(() => readFile(join(path, STORE), 'utf8'));
    if (storeUrl === undefined && takerOf(path)) await rmdir(path).catch(() => {}); // one died while it removed this run
    if (storeUrl !== this.#storeUrl) return undefined;
    if (!(await this.#isDead(path))) return undefined;
    const folder = join(this.#spool, takenName(name, this.#token));
    if (!(await moved(path, folder))) return undefined;
    this.#held.add(folder);
    await this.#unpack(folder);
    const files = (await filesUnder(folder, (problem) => this.#tell(problem))).filter(isChunkFile);
    return { folder, files };
  }

  async #isDead(path: string): Promise<boolean> {
    const token = takerOf(path) ?? (await unlessAbsent(() => readFile(join(path, OWNER), 'utf8')));
    if (token === undefined) return true; // given up
    const state = await stateOf(token);
    return state === 'unknown' ? this.#isUnseen(path, token) : state === 'ended';
  }

  async #isUnseen(path: string, token: string): Promise<boolean> {
    const info =
      (await unlessAbsent(() => stat(join(path, OWNER)))) ?? (await unlessAbsent(() => stat(path)));
    return this.#signs.isUnseen(path, `${token} ${info?.mtimeMs}`);
  }

  /** Earlier versions moved a dead run into the folder of the one that took it over, with what it had taken over itself. */
  async #unpack(folder: string): Promise<void> {
    const inner = join(folder, 'adopted');
    for (const name of (await unlessAbsent(() => readdir(inner))) ?? []) {
      await this.#safely(`take over ${name}`, () => moved(join(inner, name), join(this.#spool, name)));
    }
    await rmdir(inner).catch(() => {});
  }

  /** A run in the making lasts a moment: one that a process died in, or that a full disk left, holds nothing. */
  async #removeUnfinished(path: string): Promise<undefined> {
    const token = await unlessAbsent(() => readFile(join(path, OWNER), 'utf8'));
    if (token === undefined) return; // somebody else's
    const state = await stateOf(token);
    if (state === 'alive' || (state === 'unknown' && !(await this.#isUnseen(path, token)))) return;
    const files = await filesUnder(path);
    if (files.every(isMark)) await rm(path, { recursive: true, force: true });
  }

  async #safely<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#tell(`${what}: ${errorText(error)}`, error);
      return undefined;
    }
  }

  /** Once: the spool is looked through every half minute. */
  #tell(problem: string, error?: unknown): void {
    if (this.#told.has(problem)) return;
    this.#told.add(problem);
    this.#log.error({ error }, problem);
  }
}

/** Its marks last: a run that is removed in part is found again. */
async function removeRun(folder: string): Promise<void> {
  const entries = await readdir(folder);
  const others = entries.filter((name) => name !== OWNER && name !== STORE);
  for (const name of others) await rm(join(folder, name), { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}

/** False where there is nothing (any more) to move: another recorder was faster. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw new Error(`move ${basename(from)} to ${basename(to)}: ${errorText(error)}`, { cause: error });
  }
}
