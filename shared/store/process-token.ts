import { readFile, readlink } from 'node:fs/promises';
import { errorCode } from '../errors.ts';

/** How long the word of a process that cannot be looked up (it runs in another container) is believed. */
export type Patience = { unseenMs: number };

/**
 * Names this process for others that share its folder: its id, when it started (ids are used again, and the first
 * process of every container is number 1) and its process-id namespace. Without /proc it is the id alone.
 */
export async function processToken(): Promise<string> {
  return `${process.pid}.${(await startOf(process.pid)) ?? ''}.${await namespace()}`;
}

/** True when the process of a token has ended; one of another namespace counts as ended `unseenMs` after it last wrote. */
export async function hasEnded(token: string, writtenMs: number, { unseenMs }: Patience): Promise<boolean> {
  const [pid = '', start = '', space = ''] = token.split('.');
  if (space !== (await namespace())) return Date.now() - writtenMs > unseenMs;
  if (!exists(Number(pid))) return true;
  const presentStart = await startOf(Number(pid));
  return presentStart !== undefined && presentStart !== start;
}

/** The start time in clock ticks since boot (proc(5), field 22); 'ended' for a process that only waits to be reaped; undefined without /proc. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before may hold blanks
  return fields?.[0] === 'Z' ? 'ended' : fields?.[19];
}

async function namespace(): Promise<string> {
  const link = await readlink('/proc/self/ns/pid').catch(() => '');
  return link.replace(/\D/g, '');
}

function exists(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
