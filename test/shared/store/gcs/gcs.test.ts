import { afterAll, beforeAll } from '@jest/globals';
import { storeContract } from '../contract.ts';
import { describeWithEmulator, type Emulator, startEmulator } from '../emulator.ts';
import { openFaultyBucket, SEEDS } from '../faulty-bucket.ts';

describeWithEmulator('a bucket', () => {
  let emulator: Emulator;
  let buckets = 0;
  beforeAll(async () => {
    emulator = await startEmulator();
  });
  afterAll(() => emulator.stop());

  const open = (share: number, seed: number) => async () => {
    const { store, proxy } = await openFaultyBucket(emulator, `bucket-${buckets++}`, { share, seed });
    return { store, dispose: proxy.close };
  };

  storeContract('a bucket', open(0, 1), { runs: 10 });
  for (const seed of SEEDS) {
    const name = `a bucket behind a faulty network (seed ${seed})`;
    storeContract(name, open(0.15, seed), { runs: 5, many: 150, answersGetLost: true });
  }
});
