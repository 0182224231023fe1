import { resolve } from 'node:path';
import { errorText, UsageError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Clock } from '../time.ts';
import { openStore, type StoreOptions } from './open-store.ts';

/** What a program needs of a store that it only adds to. */
export type WriteOnlyStore = Pick<Store, 'url' | 'create'>;

export type PatientOptions = StoreOptions & {
  clock: Clock;
  /** A store that has said nothing for so long is away, and is opened when it is back. */
  firstWordMs: number;
};

/**
 * Opens a store for a program that must begin whether or not the store is there: one that is away is opened by the first
 * `create` that finds it back, and until then each says why it cannot. What a store says at once decides.
 * @throws UsageError when there is no such store or it may not be used, where that is known within `firstWordMs`. Later such
 * an answer is one failure like others: with the network away, credentials cannot be found either
 */
export async function openStoreOrLater(url: string, options: PatientOptions): Promise<WriteOnlyStore> {
  const { clock, firstWordMs, warn = () => {} } = options;
  let store: Promise<Store> | undefined;
  const opened = (): Promise<Store> => {
    store ??= openStore(url, options).catch((error) => {
      store = undefined;
      throw error;
    });
    return store;
  };
  const enough = new AbortController();
  const silence = clock.sleep(firstWordMs, enough.signal).then(
    () => Promise.reject(new Error(`no answer for ${firstWordMs / 1_000} s`)),
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([opened(), silence]);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    warn(`open store ${url}: ${errorText(error)}; it is tried again until it is there`);
    return { url: normalUrl(url), create: async (name, body) => (await opened()).create(name, body) };
  } finally {
    enough.abort();
  }
}

/** As the opened store writes it. */
function normalUrl(url: string): string {
  return url.startsWith('gs://') ? url.replace(/\/$/, '') : resolve(url);
}
