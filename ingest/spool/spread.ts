import { createHash } from 'node:crypto';

const SPREAD_MS = 20_000;

/** How long a symbol's chunks wait before they are stored, so that hundreds of symbols do not write in the same second. */
export function spreadMs(symbol: string): number {
  return createHash('sha256').update(symbol).digest().readUInt32BE(0) % SPREAD_MS;
}
