import { afterAll, beforeAll, expect } from '@jest/globals';
import { openStore } from '../../shared/program/open-store.ts';
import type { Store } from '../../shared/store/store.ts';
import { openReplay } from '../../simulator/recording/replay.ts';
import { contentOf, runJobOn } from '../aggregate-job/run-job.ts';
import { describeWithEmulator, type Emulator, startEmulator } from '../shared/store/emulator.ts';
import { hurtShare, openFaultyBucket, SEEDS } from '../shared/store/faulty-bucket.ts';
import { temporaryFolder } from '../shared/temporary-folder.ts';
import { RECORDINGS, recorded } from '../simulator/recorded.ts';
import { readChunks } from './chunks.ts';
import { recordReplay } from './record-replay.ts';

/** No run of one seed takes so long. */
const SEED_MS = 60_000;

/** The daily files of a store's chunks, which are built in it. */
async function barsOf(store: Store): Promise<[string, string][]> {
  expect((await runJobOn(store, ['--keep-raw'])).code).toBe(0);
  const content = await contentOf(store);
  return [...content]
    .filter(([name]) => name.endsWith('.csv'))
    .map(([name, bytes]) => [name, bytes.toString('base64')]);
}

describeWithEmulator('the recorder on a bucket behind a faulty network', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator();
  });
  afterAll(() => emulator.stop());

  const stores = async (): Promise<void> => {
    const folder = await temporaryFolder();
    const expected = await openStore(folder.path, { writable: true });
    await recordReplay(expected, openReplay(RECORDINGS));
    const expectedChunks = await readChunks(expected);
    const expectedBars = await barsOf(expected);
    await folder.remove();
    expect(expectedBars).toHaveLength(8);

    for (const seed of SEEDS) {
      const { store, proxy, clean } = await openFaultyBucket(emulator, `recorder-${seed}`, {
        seed,
        share: 0.2,
      });
      try {
        await recordReplay(store, openReplay(RECORDINGS));
        expect(await readChunks(await clean())).toEqual(expectedChunks);
        expect(await barsOf(store)).toEqual(expectedBars);
        expect(hurtShare(proxy)).toBeGreaterThan(0.1);
      } finally {
        await proxy.close();
      }
    }
  };
  recorded(
    'stores the rows it stores in a folder, each once, and they give the same bars',
    stores,
    (1 + SEEDS.length) * SEED_MS,
  );
});
