import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { it } from '@jest/globals';

const DATA = resolve(import.meta.dirname, '../../../shared/data');

/** The recorded minutes around a midnight, kept outside of the repository. */
export const RECORDINGS = ['btcusdt', 'ethusdt'].map(
  (symbol) => `${DATA}/replay/${symbol}-20240718T2357.jsonl.gz`,
);

/** The exchange's own klines of the whole minutes of the BTCUSDT recording. */
export const KLINES = `${DATA}/klines/BTCUSDT-1m-20240718T2358-20240719T0004.csv`;

/** A test on the recorded data; skipped, and saying so, where they are absent. */
export function recorded(name: string, test: () => void | Promise<void>, timeoutMs?: number): void {
  if (existsSync(DATA)) it(name, test, timeoutMs);
  else it.skip(`${name} (skipped: no recorded data in ${DATA})`, test);
}
