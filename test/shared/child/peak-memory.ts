import { existsSync, readFileSync } from 'node:fs';

const STATUS = '/proc/self/status';

/**
 * The most memory this program has held, in bytes. What Node reports begins, on Linux, with the memory of the process that started it
 * (getrusage(2): the maximum lives through an exec), so the kernel's figure for this program alone is taken where there is one.
 */
export function peakMemoryBytes(): number {
  const kilobytes = existsSync(STATUS)
    ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(STATUS, 'utf8'))?.[1]
    : undefined;
  return 1024 * (kilobytes === undefined ? process.resourceUsage().maxRSS : Number(kilobytes));
}
