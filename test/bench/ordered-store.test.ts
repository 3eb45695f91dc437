import { OrderedStore } from '../../bench/scale/ordered-store.ts';
import { describeConnectionStore } from '../support/store-contract/contract.ts';

// The benchmark of a fleet is only as good as its store.
describeConnectionStore('the store of the benchmark', async () => ({
  store: new OrderedStore(),
  close: async () => {},
}));
