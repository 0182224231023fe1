import { openStore } from '../../../shared/program/open-store.ts';
import type { Store } from '../../../shared/store/store.ts';
import type { Emulator } from './emulator.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

/** One seed in every run, ten in the long one. */
export const SEEDS = Array.from({ length: process.env.TAPELAKE_FAULTS === 'full' ? 10 : 1 }, (_, n) => n + 1);

/** Impatient, so that a silent server costs a test little. */
export const IMPATIENCE = { silenceMs: 250, retry: { firstDelayMs: 2, maxDelayMs: 50, totalMs: 60_000 } };

/** A new bucket, and a store on it behind a network that hurts `share` of all calls. */
export async function openFaultyBucket(
  emulator: Pick<Emulator, 'url' | 'createBucket'>,
  bucket: string,
  { seed, share }: { seed: number; share: number },
): Promise<{ store: Store; proxy: FaultProxy; clean: () => Promise<Store> }> {
  await emulator.createBucket(bucket);
  const proxy = await startFaultProxy(emulator.url, { seed, share });
  const url = `gs://${bucket}/some/prefix`;
  const store = await openStore(url, { writable: true, gcsApiEndpoint: proxy.url, gcsPatience: IMPATIENCE });
  return { store, proxy, clean: () => openStore(url, { writable: false, gcsApiEndpoint: emulator.url }) };
}

/** How large a share of the calls was hurt. */
export function hurtShare({ counts: { requests, ...faults } }: FaultProxy): number {
  return Object.values(faults).reduce((sum, count) => sum + count, 0) / requests;
}
