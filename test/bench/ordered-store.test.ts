import { OrderedStore } from '../../bench/scale/ordered-store.ts';
import { describeConnectionStore } from '../support/store-contract/contract.ts';

// What the benchmark of a fleet says is worth as much as its store.
describeConnectionStore('the store of the benchmark', async () => ({
  store: new OrderedStore(),
  close: async () => {},
}));
