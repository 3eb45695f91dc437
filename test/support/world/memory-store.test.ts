import { describeConnectionStore } from '../store-contract/contract.ts';
import { MemoryStore } from './memory-store.ts';

// The tests of the domain rely on this store, so it must keep the same contract as the table.
describeConnectionStore('the memory store', async () => ({
  store: new MemoryStore(),
  close: async () => {},
}));
