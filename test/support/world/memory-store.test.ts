import { describeConnectionStore } from '../store-contract/contract.ts';
import { MemoryStore } from './memory-store.ts';

// The model tests believe this store: it keeps the same contract as the table.
describeConnectionStore('the store in memory', async () => ({
  store: new MemoryStore(),
  close: async () => {},
}));
