import { readFile, readlink } from 'node:fs/promises';
import { errorCode } from '../../errors.ts';

/** How long the word of a process that cannot be looked up (it runs in another container) is believed. */
export type Patience = { unseenMs: number };

/** `unknown`: it runs in another container or on another machine, or ran before this one was started anew. */
export type ProcessState = 'alive' | 'ended' | 'unknown';

/**
 * Names this process for others that share its folder: its id, when it started (ids are used again, and the first
 * process of every container is number 1) and where: the process-id namespace and the boot of the machine, since the
 * first namespace of every machine has the same number. Without /proc it is the id alone.
 */
export async function processToken(): Promise<string> {
  return `${process.pid}.${(await startOf(process.pid)) ?? ''}.${await place()}`;
}

/** Whether the process of a token lives, as far as that can be seen from here. */
export async function stateOf(token: string): Promise<ProcessState> {
  const [pid = '', start = '', ofPlace = ''] = token.split('.');
  if (ofPlace !== (await place())) return 'unknown';
  if (!exists(Number(pid))) return 'ended';
  const presentStart = await startOf(Number(pid));
  return presentStart === undefined || presentStart === start ? 'alive' : 'ended';
}

/** True when the process of a token has ended; one that cannot be looked up counts as ended `unseenMs` after it last wrote. */
export async function hasEnded(token: string, writtenMs: number, { unseenMs }: Patience): Promise<boolean> {
  const state = await stateOf(token);
  return state === 'unknown' ? Date.now() - writtenMs > unseenMs : state === 'ended';
}

/** The start time in clock ticks since boot (proc(5), field 22); 'ended' for a process that only waits to be reaped; undefined without /proc. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before may hold blanks
  return fields?.[0] === 'Z' ? 'ended' : fields?.[19];
}

async function place(): Promise<string> {
  const link = await readlink('/proc/self/ns/pid').catch(() => '');
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return [link.replace(/\D/g, ''), boot.slice(0, 8)].filter((part) => part !== '').join('-');
}

function exists(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
