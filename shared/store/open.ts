import { openFolderStore } from './folder.ts';
import type { Store } from './store.ts';

/** Opens the store a URL names: a folder, or `gs://bucket[/prefix]`. */
export async function openStore(url: string, options: { writable: boolean }): Promise<Store> {
  return openFolderStore(url, options);
}
