import { beforeEach, expect, test } from '@jest/globals';
import { bundleRooms, fullBundles } from '../../../../lambdas/tokens/operate/bundle-rooms.ts';
import { fleetUses } from '../../../../lambdas/tokens/operate/fleet-uses.ts';
import { moveConnection } from '../../../../lambdas/tokens/operate/move-connection.ts';
import type { Bundle } from '../../../../lambdas/tokens/publication/bundle.ts';
import { nextSlot } from '../../../../lambdas/tokens/publication/slots.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { World } from '../../../support/world/world.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.connectTo('sales', 'anna');
  world.pass(1);
  await world.connectTo('sales', 'ben');
});

const bytes = () => Buffer.byteLength(JSON.stringify(world.bundle('sales')));
const roomsAt = async (bundleBytes = 48_000) =>
  bundleRooms((await fleetUses(world.store, world.time)).places, { store: world.store, bundleBytes });

test('a bundle has room as long as one more of its largest token fits', async () => {
  const { largestToken = 0 } = (await world.store.bundle('sales')) as Bundle;
  const needed = bytes() + `,"a":""`.length + largestToken;
  const sales = { bundle: 'sales', members: 2, bytes: bytes(), newest: 'ben' };
  expect(await roomsAt(needed)).toEqual([{ ...sales, mostBytes: needed, hasRoom: true }]);
  expect(await roomsAt(needed - 1)).toEqual([{ ...sales, mostBytes: needed - 1, hasRoom: false }]);
});

test('all bundles are found, by name, and a bundle without a connected member is not', async () => {
  await world.connectTo('ads', 'cleo');
  expect((await roomsAt()).map(({ bundle }) => bundle)).toEqual(['ads', 'sales']);
  await moveConnection({ connection: 'cleo', place: 'own' }, world.operator(), { deadline: world.deadline });
  expect((await roomsAt()).map(({ bundle }) => bundle)).toEqual(['sales']);
});

test('a bundle that has outgrown its size names the members that do not fit, until they have moved', async () => {
  const small = { ...world.operator(), bundleBytes: bytes() - 1 };
  world.pass(nextSlot('sales', world.time) - world.time);
  await sweep(small, { deadline: world.deadline });
  expect(await fullBundles([await world.item('ben')], small)).toMatchObject([
    { bundle: 'sales', excess: ['ben'] },
  ]);
  const move = { connection: 'ben', place: 'own' as const, keepSeconds: 0 };
  await moveConnection(move, small, { deadline: world.deadline });
  expect(await fullBundles([await world.item('ben')], small)).toEqual([]);
  expect((await fullBundles([await world.item('anna')], small))[0]).not.toHaveProperty('excess');
});
