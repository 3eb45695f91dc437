import { beforeEach, describe, expect, test } from '@jest/globals';
import { TIMEOUT_SECONDS } from '../../lambdas/contract.ts';
import { LEASE_SECONDS } from '../../lambdas/tokens/lease.ts';
import { step } from '../../lambdas/tokens/rotation/step.ts';
import { ZOOM_TIMEOUT_SECONDS } from '../../lambdas/tokens/time-budget.ts';
import { FLEET, openFleet } from './fleet.ts';

let world: Awaited<ReturnType<typeof openFleet>>['world'];
let run: Awaited<ReturnType<typeof openFleet>>['run'];
beforeEach(async () => {
  ({ world, run } = await openFleet());
});

describe('Single flight', () => {
  test('sweeps, duplicate sweeps and operators’ rotations never send two refresh requests for a connection at once', async () => {
    const byHand = FLEET.map((name) =>
      step(name, world.dependencies(), { deadline: world.deadline, early: true }),
    );
    await Promise.all([run(), run(), ...byHand, run(), run()]);
    expect(world.zoom.mostInFlight).toBe(1);
    expect(world.zoom.refusals).toBe(0);
  });

  test('the lease lasts two minutes longer than the longest function, because two clocks may differ', () => {
    // test/lib/functions/functions.test.ts holds the deployed functions to these timeouts.
    const longest = Math.max(...Object.values(TIMEOUT_SECONDS));
    expect(LEASE_SECONDS).toBeGreaterThanOrEqual(longest + 2 * 60);
    expect(ZOOM_TIMEOUT_SECONDS).toBeLessThan(longest / 2);
  });
});
