import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync } from 'node:fs';

/** nobody */
const UID = 65_534;
const SEAL = `
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

/**
 * Starts a program as a platform runs a container: as a user without rights, every file read-only except the `writable` folders
 * (no blanks in their names), only the given environment.
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
  WRITABLE: writable.join(' '),
});
