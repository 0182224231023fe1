import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { REPOSITORY } from './dockerfile.ts';

/** nobody */
const UID = 65_534;
/** The clone is hidden: often it lies where only its owner may enter, and an image has nothing of it anyway. */
const SEAL = `
mount -t tmpfs -o mode=0700 tmpfs "$HIDDEN" || exit 99
for folder in $WRITABLE; do mount --bind "$folder" "$folder" || exit 99; done
mount -o remount,ro,bind / || exit 99
exec setpriv --reuid=${UID} --regid=${UID} --clear-groups "$@"`;

/** True where this user may make a root file system of its own and change the user: as root on Linux. */
export function canSeal(): boolean {
  try {
    execFileSync('unshare', ['-m', 'sh', '-c', SEAL, 'sh', 'true'], { env: seal([]), stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The folder for temporary files, or another where everyone may come in if that is for its owner alone (as pam_tmpdir makes it). */
export function openTemporaryFolder(): string {
  return [tmpdir(), '/var/tmp', '/tmp'].find(everyoneMayEnter) ?? tmpdir();
}

function everyoneMayEnter(folder: string): boolean {
  const isOpen = (statSync(folder, { throwIfNoEntry: false })?.mode ?? 0) & 0o001;
  return isOpen !== 0 && (folder === dirname(folder) || everyoneMayEnter(dirname(folder)));
}

/**
 * Starts a program as a platform runs a container: as a user without rights, without the clone, every file read-only except the
 * `writable` folders (no blanks in their names), only the given environment.
 */
export function spawnSealed(
  command: string[],
  { cwd, writable, env }: { cwd: string; writable: string[]; env: Record<string, string> },
): ChildProcess {
  for (const folder of writable) chownSync(folder, UID, UID);
  return spawn('unshare', ['-m', 'sh', '-c', SEAL, 'sh', ...command], {
    cwd,
    env: { ...env, ...seal(writable) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

const seal = (writable: string[]): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HIDDEN: REPOSITORY,
  WRITABLE: writable.join(' '),
});
