import { beforeEach, expect, test } from '@jest/globals';
import { moveConnection } from '../../../../lambdas/tokens/operate/move-connection.ts';
import { bytesOf, newBundle } from '../../../../lambdas/tokens/publication/bundle.ts';
import { placeOf } from '../../../../lambdas/tokens/publication/place.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type Intercept, World } from '../../../support/world/world.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.connect('anna');
});

const SALES = placeOf('sales');
const move = (options: { intercept?: Intercept; bundleBytes?: number } = {}) => {
  const { intercept, bundleBytes = 48_000 } = options;
  const deps = { ...world.operator(intercept && { intercept }), bundleBytes };
  return moveConnection({ connection: 'anna', place: SALES, keepSeconds: 0 }, deps, {
    deadline: world.deadline,
  });
};
const accessToken = async () => (await world.tokens('anna')).accessToken;
const own = () => world.vault.published.get('anna')?.value;

/** Sweeps each minute until the connection waits for a person. */
async function waitForReconnect() {
  world.zoom.deauthorize('anna');
  while ((await world.item('anna')).status !== 'reconnect') {
    world.pass(60);
    await sweep(world.dependencies(), { deadline: world.deadline });
  }
}

test('a connection whose token is longer than the room of the bundle is refused, and stays where it is', async () => {
  await world.connectTo('sales', 'ben');
  const bundle = (await world.store.bundle('sales')) ?? newBundle('sales');
  await world.store.putBundle({ ...bundle, largestToken: 1, revision: bundle.revision + 1 });
  await expect(move({ bundleBytes: bytesOf(bundle) + 20 })).rejects.toMatchObject({
    class: 'rejected',
    code: 'bundle_full',
    message: 'The bundle "sales" has no room for "anna". No other bundle has room.',
  });
  const { place, status } = await world.item('anna');
  expect({ place, status }).toEqual({ place: undefined, status: 'active' });
});

test('a connection that is due during an outage of Zoom moves with the token that it has', async () => {
  world.pass(55 * 60);
  world.zoom.isDown = true;
  const { version, validUntil } = await move();
  expect(world.bundle('sales')).toEqual({ anna: await accessToken() });
  expect(own()).toBeUndefined();
  expect(await world.item('anna')).toMatchObject({ version, publishedVersion: version, oldPlaces: [] });
  expect(validUntil).toBeGreaterThan(world.time);
});

test('a connection that waits for a person moves with the token that lives, and goes on waiting', async () => {
  world.pass(55 * 60);
  await waitForReconnect();
  // Zoom refuses after ten minutes at the latest, and the token of an hour may have ended.
  world.time = (await world.item('anna')).expiresAt - 60;
  await move();
  expect(world.bundle('sales')).toEqual({ anna: await accessToken() });
  expect(own()).toBeUndefined();
  expect(await world.item('anna')).toMatchObject({ status: 'reconnect', oldPlaces: [] });
});

test('the move of a connection whose token has expired says that n8n may not read it, and who can help', async () => {
  await waitForReconnect();
  world.pass(3600);
  await expect(move()).rejects.toMatchObject({
    class: 'reconnect',
    message: expect.stringMatching(
      /^"anna" was moved, but n8n may not read it in the bundle "sales" yet\. Zoom /,
    ),
    action: 'Reconnect: npx zoom-tokens connect anna',
  });
});

test('a move waits for the function that publishes it', async () => {
  let leases = 0;
  const intercept = (async (point: string, call: () => Promise<unknown>) => {
    if (point === 'store.lease') leases += 1;
    if (point === 'store.lease' && leases === 2) return undefined;
    return call();
  }) as Intercept;
  await move({ intercept });
  expect(world.bundle('sales')).toEqual({ anna: await accessToken() });
  leases = -1000;
  await moveConnection({ connection: 'anna', place: 'own' }, world.operator(), { deadline: world.deadline });
  const held = (async (point: string, call: () => Promise<unknown>) => {
    if (point === 'store.lease') leases += 1;
    return point === 'store.lease' && leases > -999 ? undefined : call();
  }) as Intercept;
  await expect(move({ intercept: held })).rejects.toMatchObject({
    class: 'retry',
    code: 'busy',
    message: '"anna" was moved, but another function is still publishing it.',
  });
});

test('a move out of a bundle does not wait for the function that is writing it, whose turn the old place awaits', async () => {
  await world.connectTo('sales', 'ben', 'cleo');
  const bundle = (await world.store.bundle('sales')) ?? newBundle('sales');
  const lease = { owner: 'another function', until: world.time + 120 };
  await world.store.putBundle({ ...bundle, lease, revision: bundle.revision + 1 });
  const view = await moveConnection({ connection: 'ben', place: 'own', keepSeconds: 0 }, world.operator(), {
    deadline: world.deadline,
  });
  expect(view).toMatchObject({ place: 'own', publishedVersion: view.version, failures: 0 });
  expect(view.oldPlaces).toMatchObject([{ place: SALES, waitsUntil: expect.any(Number) }]);
  expect(world.vault.published.get('ben')?.value).toBe((await world.tokens('ben')).accessToken);
  for (let minute = 0; minute < 4; minute += 1) {
    world.pass(60);
    await sweep(world.dependencies(), { deadline: world.deadline });
  }
  expect(Object.keys(world.bundle('sales') ?? {})).toEqual(['cleo']);
  expect((await world.item('ben')).oldPlaces).toEqual([]);
});
