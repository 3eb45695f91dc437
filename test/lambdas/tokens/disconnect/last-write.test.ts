import { expect, test } from '@jest/globals';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { LEASE_SECONDS } from '../../../../lambdas/tokens/lease.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { NEVER } from '../../../../lambdas/tokens/schedule.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type Intercept, World } from '../../../support/world/world.ts';

/** The function is killed when it reaches that call. */
const killedAt =
  (...points: string[]): Intercept =>
  (point, call) =>
    points.includes(point) ? new Promise(() => {}) : call();

/** Rotates, and is killed before the step's end, so that the tokens of the connection's item are newer than its pair's. */
async function rotateAndDie(world: World): Promise<string> {
  const deps = world.dependencies({ intercept: killedAt('vault.publish') });
  void step('main', deps, { deadline: world.deadline, early: true });
  const before = (await world.item('main')).version;
  while ((await world.item('main')).version === before) await new Promise(setImmediate);
  world.pass(LEASE_SECONDS);
  return (await world.item('main')).sealedTokens;
}

test('a disconnection never brings earlier tokens back while it erases the last ones', async () => {
  const world = new World();
  await world.connect('main');
  const last = await rotateAndDie(world);

  const seen: (string | undefined)[] = [];
  const isErasing = { now: false };
  world.store.request = async (perform) => {
    const response = perform();
    if (!isErasing.now) return response;
    // A reader comes after each of the requests.
    isErasing.now = false;
    seen.push((await world.store.get('main'))?.sealedTokens);
    isErasing.now = true;
    return response;
  };
  const intercept: Intercept = async (point, call) => {
    isErasing.now = point === 'store.finishDisconnect';
    try {
      return await call();
    } finally {
      isErasing.now = false;
    }
  };
  await disconnect('main', world.dependencies({ intercept }), { deadline: world.deadline, force: false });

  expect(seen.length).toBeGreaterThan(1);
  expect(new Set(seen)).toEqual(new Set([last, '']));
});

/** Disconnects, and is killed before the request of that number of those that end the disconnection. */
async function disconnectAndDie(world: World, survived: number): Promise<void> {
  const killed = Promise.withResolvers<void>();
  let requests = survived;
  const intercept: Intercept = (point, call) => {
    if (point !== 'store.finishDisconnect') return call();
    world.store.request = (perform) => {
      if (requests > 0) {
        requests -= 1;
        return Promise.resolve(perform());
      }
      killed.resolve();
      return new Promise(() => {});
    };
    return call();
  };
  const deps = world.dependencies({ intercept });
  void disconnect('main', deps, { deadline: world.deadline, force: false }).catch(() => {});
  await killed.promise;
  world.store.request = async (perform) => perform();
}

test.each([0, 1, 2, 3])(
  'a disconnection that was killed after %d of its last requests is completed by a sweep',
  async (survived) => {
    const world = new World();
    await world.connect('main');
    await disconnectAndDie(world, survived);
    world.pass(LEASE_SECONDS);
    await sweep(world.dependencies(), { deadline: world.deadline });
    const item = await world.item('main');
    expect(item).toMatchObject({ status: 'disconnected', sealedTokens: '', dueAt: NEVER, failures: 0 });
    expect(item.revokedAt).toBeDefined();
    expect(item).not.toHaveProperty('leaseOwner');
    expect((await world.store.sealed({ limit: 100 })).items).toEqual([]);
  },
);
