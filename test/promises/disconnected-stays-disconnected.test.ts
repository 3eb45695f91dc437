import { beforeEach, describe, expect, test } from '@jest/globals';
import { disconnect } from '../../lambdas/tokens/disconnect/disconnect.ts';
import { LEASE_SECONDS } from '../../lambdas/tokens/lease.ts';
import { step } from '../../lambdas/tokens/rotation/step.ts';
import type { FunctionOptions } from '../support/world/world.ts';
import { openFleet } from './fleet.ts';

const HOUR = 3600;

let world: Awaited<ReturnType<typeof openFleet>>['world'];
let run: Awaited<ReturnType<typeof openFleet>>['run'];
beforeEach(async () => {
  ({ world, run } = await openFleet());
});

describe('Disconnected stays disconnected', () => {
  const end = (options?: FunctionOptions) =>
    disconnect('one', world.dependencies(options), { deadline: world.deadline, force: false });

  test('because a disconnection waits for a step under way and removes the token that it publishes', async () => {
    let ended: Promise<unknown> | undefined;
    const stepping = step(
      'one',
      world.dependencies({
        intercept: (point, call) => {
          const deps = { ...world.dependencies(), wait: async () => void (await stepping) };
          if (point === 'zoom.token')
            ended = disconnect('one', deps, { deadline: world.deadline, force: false });
          return call();
        },
      }),
      { deadline: world.deadline },
    );
    expect(await stepping).toMatchObject({ kind: 'settled', rotated: true, published: true });
    await ended;
    for (let hour = 0; hour < 2; hour += 1) {
      world.pass(HOUR);
      await run();
    }
    expect(await world.item('one')).toMatchObject({ status: 'disconnected', sealedTokens: '' });
    expect(world.published('one')).toBeUndefined();
    expect(world.zoom.hasLiving('one')).toBe(false);
  });

  test('because a function whose lease has expired can store nothing', async () => {
    await step(
      'one',
      world.dependencies({
        intercept: async (point, call) => {
          if (point !== 'zoom.token') return call();
          world.pass(LEASE_SECONDS);
          const result = await call();
          await end();
          return result;
        },
      }),
      { deadline: world.deadline },
    );
    expect(await world.item('one')).toMatchObject({ status: 'disconnected', sealedTokens: '' });
  });

  test('until a newer consent connects it again', async () => {
    await end();
    world.pass(1);
    await world.connect('one');
    expect(await world.item('one')).toMatchObject({ status: 'active' });
    expect(world.zoom.accepts(world.published('one'))).toBe(true);
  });
});
