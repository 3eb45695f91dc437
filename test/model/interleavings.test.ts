import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { MemoryStore } from '../support/memory-store.ts';
import { plan, play } from '../support/model-run.ts';
import { World } from '../support/world.ts';

/** More, and other ones: MODEL_RUNS=100000 MODEL_SEED=42 npm test -- test/model. A failure prints its seed. */
const numRuns = Number(process.env.MODEL_RUNS ?? 2000);
const seed = process.env.MODEL_SEED === undefined ? {} : { seed: Number(process.env.MODEL_SEED) };
/** Generous: some 10 ms a run, on a busy machine. */
const timeout = 60_000 + numRuns * 30;

describe('sweeps, rotations on demand, consents and faults in any interleaving', () => {
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

class GenerousWorld extends World {
  override readonly store = new GenerousStore();
}

test(
  'the check bites: with a lease that everybody gets, two refresh requests are found',
  async () => {
    const property = fc.asyncProperty(plan, (each) => play(each, new GenerousWorld()));
    const { failed, errorInstance } = await fc.check(property, { numRuns: 500, seed: 1 });
    expect(failed).toBe(true);
    expect(String(errorInstance)).toMatch(/single flight|avoidable loss/);
  },
  timeout,
);
