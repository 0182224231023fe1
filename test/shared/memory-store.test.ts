import { MemoryStore } from './memory-store.ts';
import { storeContract } from './store-contract.ts';

storeContract('the memory of a test', async () => ({ store: new MemoryStore(), dispose: async () => {} }));
