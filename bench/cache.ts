import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where benchmarks keep what takes long to make: market days and the tools they compare with. */
export function cacheFolder(): string {
  return join(homedir(), '.cache/tapelake/bench');
}
