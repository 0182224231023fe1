import { afterAll, beforeAll } from '@jest/globals';
import { storeContract } from '../contract.ts';
import { openFaultyBucket, SEEDS } from '../faulty-bucket.ts';
import { type StrictGcs, startStrictGcs } from '../strict-gcs/server.ts';

let gcs: StrictGcs;
let buckets = 0;
beforeAll(async () => {
  gcs = await startStrictGcs();
});
afterAll(() => gcs.stop());

const open = (share: number, seed: number) => async () => {
  const { store, proxy } = await openFaultyBucket(gcs, `bucket-${buckets++}`, { share, seed });
  return { store, dispose: proxy.close };
};

storeContract('a strict bucket', open(0, 1), { runs: 10 });
for (const seed of SEEDS)
  storeContract(`a strict bucket behind a faulty network (seed ${seed})`, open(0.15, seed), {
    runs: 5,
    many: 150,
    answersGetLost: true,
  });
