import { createHash } from 'node:crypto';
import { barsObjectName } from '../../shared/object-names.ts';
import type { Manifest } from '../../shared/schema/manifest.ts';
import type { Body, Store } from '../../shared/store/store.ts';
import { dayStartMs, SECOND_MS } from '../../shared/time.ts';
import { barsText } from '../bars/bar-text.ts';
import { combineBars } from '../bars/bars.ts';
import type { Resolution } from '../bars/resolution.ts';
import { combineFlags, type Findings } from './findings.ts';

/** Builds and stores the daily file of each resolution. */
export async function storeBars(
  results: Store,
  symbol: string,
  date: string,
  findings: Findings,
  resolutions: Resolution[],
): Promise<Manifest['outputs']> {
  const outputs: Manifest['outputs'] = [];
  for (const { name: resolution, seconds } of resolutions) {
    const name = barsObjectName(symbol, date, resolution);
    const bars = combineBars(findings.bars, seconds);
    const text = barsText(bars, {
      startMs: dayStartMs(date),
      resolutionMs: seconds * SECOND_MS,
      places: findings.decimals,
      seed: findings.seed,
      complete: combineFlags(findings.complete, seconds),
    });
    await putObject(results, name, text);
    outputs.push({ name, bytes: text.length, sha256: sha256(text), rows: bars.count });
  }
  return outputs;
}

/** Makes the object hold `body`, whatever it held before. @throws Error when someone else writes it at the same time. */
export async function putObject(store: Store, name: string, body: Body): Promise<string> {
  const created = await store.create(name, body);
  if (created !== undefined) return created;
  const info = await store.stat(name);
  const replaced = info && (await store.replace(name, body, info.generation));
  if (replaced === undefined) throw new Error(`write ${name}: another run writes it at the same time`);
  return replaced;
}

/** SHA-256 as hexadecimal text. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
