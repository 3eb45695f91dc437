import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type Plan, plan, play } from '../support/model/run.ts';
import { MemoryStore } from '../support/world/memory-store.ts';
import { World } from '../support/world/world.ts';

/** More, and other ones: MODEL_RUNS=100000 MODEL_SEED=42 npm test -- test/model. A failure prints its seed. */
const numRuns = Number(process.env.MODEL_RUNS ?? 2000);
const seed = process.env.MODEL_SEED === undefined ? {} : { seed: Number(process.env.MODEL_SEED) };
/** Generous: some 10 ms a run, on a busy machine. */
const timeout = 60_000 + numRuns * 30;

describe('sweeps, rotations on demand, consents, disconnections and faults in any interleaving', () => {
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

/** A store that gives the lease to everybody. */
class GenerousStore extends MemoryStore {
  override lease(connection: string, lease: Parameters<MemoryStore['lease']>[1]) {
    return super.lease(connection, { ...lease, now: Number.MAX_SAFE_INTEGER });
  }
}

const withoutDisconnects = (each: Plan): Plan => ({
  ...each,
  events: each.events.filter(({ does }) => does !== 'disconnect'),
});

/** A store that disconnects while somebody holds the lease. */
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
  'the check bites: with a lease that everybody gets, two steps are found at once',
  async () => {
    const property = fc.asyncProperty(plan, (each) => play(withoutDisconnects(each), new GenerousWorld()));
    const { failed, errorInstance } = await fc.check(property, { numRuns: 500, seed: 1, endOnFailure: true });
    expect(failed).toBe(true);
    expect(String(errorInstance)).toMatch(/single flight|avoidable loss|an older version/);
  },
  timeout,
);

test(
  'the check bites: with a disconnection that waits for no lease, a published token stays',
  async () => {
    const property = fc.asyncProperty(plan, (each) => play(each, new HastyWorld()));
    const { failed, errorInstance } = await fc.check(property, {
      numRuns: 1000,
      seed: 1,
      endOnFailure: true,
    });
    expect(failed).toBe(true);
    expect(String(errorInstance)).toMatch(/disconnected: a published token stays|token was taken away/);
  },
  timeout,
);
