import { UsageError } from '../errors.ts';
import { openFolderStore } from './folder.ts';
import { type GcsOptions, openGcsStore } from './gcs.ts';
import type { Store } from './store.ts';

export type StoreOptions = {
  writable: boolean;
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
  const { writable, gcsApiEndpoint, gcsPatience, warn } = options;
  if (url.startsWith('gs://'))
    return openGcsStore(url, { apiEndpoint: gcsApiEndpoint, patience: gcsPatience, warn });
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url))
    throw new UsageError(`open store ${url}: stores are folders or gs://BUCKET[/PREFIX]`);
  return openFolderStore(url, { writable });
}
