import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { disconnecting, type Plan, plan, rotatingKeys } from '../support/model/plan.ts';
import { play } from '../support/model/run.ts';
import { cryptoInOrder } from '../support/world/crypto-in-order.ts';
import { MemoryStore } from '../support/world/memory-store.ts';
import { World } from '../support/world/world.ts';

/** For more runs or another seed: MODEL_RUNS=100000 MODEL_SEED=42 npm test -- test/model. A failure prints its seed. */
const numRuns = Number(process.env.MODEL_RUNS ?? 800);
const seed = process.env.MODEL_SEED === undefined ? {} : { seed: Number(process.env.MODEL_SEED) };
/** A run takes some 40 ms; a busy machine may take five times as long. */
const timeout = 60_000 + numRuns * 200;

// Nothing but the requests is in any order, so that a seed repeats a run.
let restore: () => void;
beforeAll(() => {
  restore = cryptoInOrder();
});
afterAll(() => restore());

describe('sweeps, rotations, consents, disconnections and faults in any order', () => {
  test(
    'keep every promise',
    async () => {
      await fc.assert(
        fc.asyncProperty(plan, (each) => play(each)),
        { numRuns, ...seed },
      );
    },
    timeout,
  );
});

describe('rotations of the keys beside rotations of the tokens and consents, in any order', () => {
  test(
    'keep every promise, and end with everything sealed by the current key',
    async () => {
      await fc.assert(
        fc.asyncProperty(rotatingKeys, (each) => play(each)),
        { numRuns: Math.ceil(numRuns / 4), ...seed },
      );
    },
    timeout,
  );
});

/** A store that seals again whatever the item holds by now. */
class CarelessStore extends MemoryStore {
  override async reseal(...[item, sealedTokens]: Parameters<MemoryStore['reseal']>) {
    const { items } = await this.sealed({ limit: 1000 });
    return super.reseal(items.find(({ key }) => key === item.key) ?? item, sealedTokens);
  }
}

class CarelessWorld extends World {
  override readonly store = new CarelessStore();
}

test(
  'a store that seals again whatever an item holds by now is found to break a promise',
  async () => {
    const property = fc.asyncProperty(rotatingKeys, (each) => play(each, new CarelessWorld()));
    const { failed, errorInstance } = await fc.check(property, {
      numRuns: 1500,
      seed: 3,
      endOnFailure: true,
    });
    expect(failed).toBe(true);
    expect(String(errorInstance)).toMatch(/older tokens were stored|avoidable loss|atomic/);
  },
  timeout,
);

/** A store that grants the lease to every function. */
class GenerousStore extends MemoryStore {
  override lease(connection: string, lease: Parameters<MemoryStore['lease']>[1]) {
    return super.lease(connection, { ...lease, now: Number.MAX_SAFE_INTEGER });
  }
}

const withoutDisconnects = (each: Plan): Plan => ({
  ...each,
  events: each.events.filter(({ does }) => does !== 'disconnect'),
});

/** A store that disconnects while another function holds the lease. */
class HastyStore extends MemoryStore {
  override beginDisconnect(connection: string, by: Parameters<MemoryStore['beginDisconnect']>[1]) {
    return super.beginDisconnect(connection, { ...by, now: Number.MAX_SAFE_INTEGER });
  }
}

class HastyWorld extends World {
  override readonly store = new HastyStore();
}

class GenerousWorld extends World {
  override readonly store = new GenerousStore();
}

test(
  'a store that grants the lease to every function is found to break a promise',
  async () => {
    const property = fc.asyncProperty(plan, (each) => play(withoutDisconnects(each), new GenerousWorld()));
    const { failed, errorInstance } = await fc.check(property, { numRuns: 500, seed: 1, endOnFailure: true });
    expect(failed).toBe(true);
    expect(String(errorInstance)).toMatch(
      /single flight|avoidable loss|lost response|an older version|was not pushed/,
    );
  },
  timeout,
);

test(
  'a disconnection that does not wait for the lease is found to break a promise',
  async () => {
    const property = fc.asyncProperty(disconnecting, (each) => play(each, new HastyWorld()));
    const { failed, errorInstance } = await fc.check(property, {
      numRuns: 1500,
      seed: 1,
      endOnFailure: true,
    });
    expect(failed).toBe(true);
    expect(String(errorInstance)).toMatch(
      /disconnected: (a token is still published|the pushed token)|token was removed|single flight/,
    );
  },
  timeout,
);
