import { storeContract } from './contract.ts';
import { MemoryStore } from './memory-store.ts';

storeContract('the memory of a test', async () => ({ store: new MemoryStore(), dispose: async () => {} }));
