import { beforeEach, describe, expect, test } from '@jest/globals';
import { assertPlace, assertRoom } from '../../../../lambdas/tokens/consent/choose-place.ts';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { type Place, placeOf } from '../../../../lambdas/tokens/publication/place.ts';
import { World } from '../../../support/world/world.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.connectTo('sales', 'anna');
});

const choose = async (connection: string, place: Place | undefined, bundleBytes = 60_000) =>
  assertPlace(connection, place, await world.store.get(connection), { store: world.store, bundleBytes });

describe('the place that an operator chooses for a consent', () => {
  test.each<[string, Place | undefined]>([
    ['the one that the connection has', placeOf('sales')],
    ['none', undefined],
  ])('may be %s', async (_, place) => {
    await expect(choose('anna', place)).resolves.toBeUndefined();
  });

  test.each<[Place, string]>([
    ['own', 'Move it first: npx zoom-tokens bundle anna --none'],
    ['none', 'Disconnect it first: npx zoom-tokens disconnect anna'],
    [placeOf('other'), 'Move it first: npx zoom-tokens bundle anna other'],
  ])('cannot be %s for a connection of another place', async (place, action) => {
    await expect(choose('anna', place)).rejects.toMatchObject({ code: 'other_place', action });
  });

  test('cannot be a bundle for a connection with a secret of its own', async () => {
    await world.connect('main');
    await expect(choose('main', placeOf('sales'))).rejects.toMatchObject({
      code: 'other_place',
      message: '"main" has a secret of its own already, not the bundle "sales".',
    });
    await expect(choose('main', 'own')).resolves.toBeUndefined();
  });

  test('may be another one once the connection is disconnected', async () => {
    await disconnect('anna', world.dependencies(), { deadline: world.deadline, force: true });
    await expect(choose('anna', placeOf('other'))).resolves.toBeUndefined();
  });

  test('cannot be a bundle without room, for a new connection', async () => {
    await expect(choose('zoe', placeOf('sales'), 20)).rejects.toMatchObject({ code: 'bundle_full' });
    await expect(choose('zoe', 'own', 20)).resolves.toBeUndefined();
  });
});

test('a full bundle is refused with the names of those that have room, in order', async () => {
  await world.connectTo('west', 'ben');
  await world.connectTo('east', 'cleo');
  const full = await world.store.bundle('sales');
  await world.store.putBundle({
    ...full,
    ...{ bundle: 'sales', sequence: 1, revision: (full?.revision ?? 0) + 1 },
    members: { anna: { since: 0, bytes: 60_000 } },
  });
  await expect(assertRoom('zoe', 'sales', { store: world.store, bundleBytes: 60_000 })).rejects.toMatchObject(
    {
      code: 'bundle_full',
      message: 'The bundle "sales" has no room for "zoe". Bundles with room: east, west.',
    },
  );
});
