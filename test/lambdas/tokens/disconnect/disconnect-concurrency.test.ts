import { describe, expect, test } from '@jest/globals';
import type { Dependencies } from '../../../../lambdas/tokens/dependencies.ts';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { rejectionOf } from '../../../support/rejection.ts';
import { World } from '../../../support/world/world.ts';

const connected = async () => {
  const world = new World();
  await world.connect('main');
  return world;
};
const end = (world: World, deps: Dependencies = world.dependencies(), force = false) =>
  disconnect('main', deps, { deadline: world.deadline, force });

describe('a disconnection during a step', () => {
  test('waits for the step and revokes the tokens that the step has stored', async () => {
    const world = await connected();
    world.pass(3000);
    let ending: Promise<unknown> | undefined;
    const stepping = step(
      'main',
      world.dependencies({
        intercept: (point, call) => {
          if (point === 'vault.publish') {
            ending = end(world, { ...world.dependencies(), wait: async () => void (await stepping) });
          }
          return call();
        },
      }),
      { deadline: world.deadline },
    );
    await stepping;
    expect(await ending).toMatchObject({ status: 'disconnected', revokedAt: expect.any(Number) });
    expect(world.published('main')).toBeUndefined();
    expect(world.zoom.hasLiving('main')).toBe(false);
  });

  test('is refused for three minutes after a step that was killed, says when to retry, and changes nothing', async () => {
    const world = await connected();
    const lease = { owner: 'killed', now: world.time, until: world.time + 180, early: true };
    const held = await world.store.lease('main', lease);
    expect(await rejectionOf(end(world))).toMatchObject({ class: 'retry', code: 'busy', retryAfter: 180 });
    expect(await world.store.get('main')).toEqual(held);
    world.pass(180);
    expect(await end(world)).toMatchObject({ status: 'disconnected' });
  });
});

test('a disconnection during another one waits for it, and changes nothing more', async () => {
  const world = await connected();
  let second: Promise<unknown> | undefined;
  const first = end(
    world,
    world.dependencies({
      intercept: (point, call) => {
        const waiting = { ...world.dependencies(), wait: async () => void (await first) };
        if (point === 'zoom.revoke') second ??= end(world, waiting);
        return call();
      },
    }),
  );
  const ended = await first;
  expect(await second).toEqual(ended);
  expect(await world.item('main')).toEqual(ended);
});

describe('a disconnection during a consent', () => {
  /** Disconnects before the commit of a consent, which Zoom answers later (`isNewer`) or has answered before. */
  const crossing = async (isNewer: boolean) => {
    const world = await connected();
    const disconnecting = async () => {
      if (!isNewer) world.pass(5);
      await end(world);
      if (isNewer) world.pass(5);
    };
    const deps = world.dependencies({
      intercept: async (point, call) => {
        if (isNewer && point === 'zoom.token') await disconnecting();
        if (!isNewer && point === 'store.commitConsent') await disconnecting();
        return call();
      },
    });
    return { world, outcome: await world.connect('main', deps).catch((error) => error) };
  };

  test('yields to the consent when Zoom issues its tokens after the disconnection', async () => {
    const { world, outcome } = await crossing(true);
    expect(outcome).toMatchObject({ item: { status: 'active' } });
    expect(world.zoom.accepts(world.published('main'))).toBe(true);
  });

  test('wins when Zoom issued the tokens before it, and those tokens are revoked', async () => {
    const { world, outcome } = await crossing(false);
    expect(outcome).toMatchObject({ class: 'rejected', code: 'disconnected' });
    expect(await world.item('main')).toMatchObject({ status: 'disconnected', sealedTokens: '' });
    expect(world.published('main')).toBeUndefined();
    expect(world.zoom.hasLiving('main')).toBe(false);
  });

  test('yields to a consent that comes while the secret is being deleted, and the next sweep publishes the new token', async () => {
    const world = await connected();
    const deps = world.dependencies({
      intercept: async (point, call) => {
        const result = await call();
        if (point === 'vault.unpublish') await world.connect('main');
        return result;
      },
    });
    expect(await rejectionOf(end(world, deps))).toMatchObject({ class: 'rejected', code: 'overtaken' });
    world.pass(60);
    await sweep(world.dependencies(), { deadline: world.deadline });
    expect(await world.item('main')).toMatchObject({ status: 'active', publishedVersion: 3 });
    expect(world.zoom.accepts(world.published('main'))).toBe(true);
  });
});
