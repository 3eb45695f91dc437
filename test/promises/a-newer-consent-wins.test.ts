import { beforeEach, describe, expect, test } from '@jest/globals';
import { step } from '../../lambdas/tokens/rotation/step.ts';
import type { Intercept } from '../support/world/world.ts';
import { openFleet } from './fleet.ts';

let world: Awaited<ReturnType<typeof openFleet>>['world'];
let run: Awaited<ReturnType<typeof openFleet>>['run'];
beforeEach(async () => {
  ({ world, run } = await openFleet());
});

describe('A newer consent wins', () => {
  const points = [
    'store.lease',
    'vault.sealingSeed',
    'vault.app',
    'zoom.token',
    'store.commitRotation',
    'vault.publish',
    'store.settle',
  ];

  test.each(
    points.flatMap((point) => [
      [point, 'before'],
      [point, 'after'],
    ]),
  )('when it arrives at the call %s, %s that call', async (where, when) => {
    let hasArrived = false;
    const intercept: Intercept = async (point, call) => {
      const arrives = point === where && !hasArrived;
      hasArrived ||= arrives;
      if (arrives && when === 'before') await world.connect('one');
      const result = await call();
      if (arrives && when === 'after') await world.connect('one');
      return result;
    };
    await step('one', world.dependencies({ intercept }), { deadline: world.deadline });
    expect(hasArrived).toBe(true);
    for (let minute = 0; minute < 8; minute += 1) {
      world.pass(60);
      await run();
    }
    expect(await world.item('one')).toMatchObject({ status: 'active', generation: 2 });
    const { accessToken, refreshToken } = await world.tokens('one');
    expect(world.zoom.isLiving('one', refreshToken)).toBe(true);
    expect(world.published('one')).toBe(accessToken);
  });
});
