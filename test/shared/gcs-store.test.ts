import { afterAll, beforeAll } from '@jest/globals';
import { openStore } from '../../shared/store/open.ts';
import { describeWithEmulator, type Emulator, startEmulator } from './emulator.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { storeContract } from './store-contract.ts';

/** Impatient, so that a silent server costs a test little. */
const PATIENCE = { silenceMs: 250, retry: { firstDelayMs: 2, maxDelayMs: 50, totalMs: 60_000 } };

/** One seed in every run, ten in the long one. */
const SEEDS = Array.from({ length: process.env.TAPELAKE_FAULTS === 'full' ? 10 : 1 }, (_, n) => n + 1);

describeWithEmulator('a bucket', () => {
  let emulator: Emulator;
  let buckets = 0;
  beforeAll(async () => {
    emulator = await startEmulator();
  });
  afterAll(() => emulator.stop());

  const openBehindFaults = (share: number, seed: number) => async () => {
    const bucket = `bucket-${buckets++}`;
    await emulator.createBucket(bucket);
    const proxy = await startFaultProxy(emulator.url, { seed, share });
    const store = await openStore(`gs://${bucket}/some/prefix`, {
      writable: true,
      gcsApiEndpoint: proxy.url,
      gcsPatience: PATIENCE,
    });
    return { store, dispose: proxy.close };
  };

  storeContract('a bucket', openBehindFaults(0, 1), { runs: 10 });
  for (const seed of SEEDS) {
    const name = `a bucket behind a faulty network (seed ${seed})`;
    storeContract(name, openBehindFaults(0.15, seed), { runs: 5, answersGetLost: true });
  }
});
