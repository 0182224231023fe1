import { readdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorText } from '../../shared/errors.ts';
import { unlessAbsent } from '../../shared/store/folder/files.ts';

/*
 * What lies in a spool:
 *
 *   {writer}/owner, store, raw/…          a run: the process it belongs to, the store its chunks belong to, its chunks
 *   {writer}~{token}/…                    a dead run that the process of the token took over, where it lay
 *   {writer}.set-aside/…                  what is left of a run once everything that could be stored is stored
 *   .{writer}/                            a run in the making
 */

/** Names the process a run belongs to; touched while it lives. */
export const OWNER = 'owner';
/** Names the store its chunks belong to: a rehearsal's leftovers must never end up in the real one. */
export const STORE = 'store';
export const SET_ASIDE = '.set-aside';
/** A file that could not be read keeps its bytes under this name. */
export const UNREADABLE = '.unreadable';
const CHUNKS = 'raw';

/** The folder's name before anyone took it over. */
export const runNameOf = (folder: string): string => basename(folder).split('~')[0] ?? '';
/** The process that took the folder over; undefined where nobody did. */
export const takerOf = (folder: string): string | undefined => basename(folder).split('~')[1];
export const takenName = (folder: string, token: string): string => `${runNameOf(folder)}~${token}`;

/** The names under which others hold this run. */
export function takersOf(spool: string, run: string): string[] {
  try {
    return readdirSync(spool).filter(
      (name) => takerOf(name) !== undefined && runNameOf(name) === basename(run),
    );
  } catch {
    return []; // the spool as a whole is gone, or cannot be read
  }
}

/** True for what a run holds beside its chunks and may be deleted with it. */
export const isMark = (name: string): boolean => name === OWNER || name === STORE || name.endsWith('.part');

/** True for the file of a chunk, plain or compressed. */
export const isChunkFile = (name: string): boolean =>
  name.startsWith(`${CHUNKS}/`) && /\.(csv|jsonl)(\.gz)?$/.test(name);

/** All files under a folder at any depth, by their names in it. What cannot be listed is told and left out. */
export async function filesUnder(folder: string, tell?: (problem: string) => void): Promise<string[]> {
  const found: string[] = [];
  const list = async (inner: string): Promise<void> => {
    const entries = await unlessAbsent(() => readdir(join(folder, inner), { withFileTypes: true })).catch(
      (error) => {
        if (!tell) throw error;
        tell(`list ${join(folder, inner)}: ${errorText(error)}`);
        return undefined;
      },
    );
    for (const entry of entries ?? []) {
      const name = inner === '' ? entry.name : `${inner}/${entry.name}`;
      if (entry.isDirectory()) await list(name);
      else found.push(name);
    }
  };
  await list('');
  return found;
}
