import { describeConnectionStore } from '../../support/connection-store-contract.ts';
import { MemoryStore } from '../../support/memory-store.ts';

// The model tests believe this store: it keeps the same contract as the table.
describeConnectionStore('the store in memory', async () => ({
  store: new MemoryStore(),
  close: async () => {},
}));
