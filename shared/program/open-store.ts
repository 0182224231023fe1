import { UsageError } from '../errors.ts';
import { openFolderStore } from '../store/folder/folder.ts';
import type { GcsOptions } from '../store/gcs/gcs.ts';
import type { Store } from '../store/store.ts';

export type StoreOptions = {
  writable: boolean;
  /** The setting that named the store, for the message when it cannot be used: `--raw`. */
  option?: string | undefined;
  /** Where `gs://` is served when it is not Google: an emulator, `http://HOST:PORT`. */
  gcsApiEndpoint?: string | undefined;
  /** Told what a person should know though nothing failed. */
  warn?: ((message: string) => void) | undefined;
  gcsPatience?: GcsOptions['patience'];
};

/**
 * Opens the store a URL names: a folder, or `gs://bucket[/prefix]`.
 * @throws UsageError when there is no such store or it may not be used.
 */
export async function openStore(url: string, options: StoreOptions): Promise<Store> {
  try {
    return await openAny(url, options);
  } catch (error) {
    if (!(error instanceof UsageError) || options.option === undefined) throw error;
    throw new UsageError(`${options.option}: ${error.message}`, { cause: error.cause });
  }
}

async function openAny(url: string, options: StoreOptions): Promise<Store> {
  const { writable, gcsApiEndpoint, gcsPatience, warn } = options;
  if (url.startsWith('gs://')) {
    const { openGcsStore } = await import('../store/gcs/gcs.ts'); // the client takes a third of a second to load
    return openGcsStore(url, { apiEndpoint: gcsApiEndpoint, patience: gcsPatience, warn });
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url))
    throw new UsageError(`open store ${url}: stores are folders or gs://BUCKET[/PREFIX]`);
  return openFolderStore(url, { writable });
}
