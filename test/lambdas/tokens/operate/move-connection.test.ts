import { beforeEach, expect, test } from '@jest/globals';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { moveConnection } from '../../../../lambdas/tokens/operate/move-connection.ts';
import { rotateNow } from '../../../../lambdas/tokens/operate/rotate-now.ts';
import type { Bundle } from '../../../../lambdas/tokens/publication/bundle.ts';
import { placeOf } from '../../../../lambdas/tokens/publication/place.ts';
import { nextSlot } from '../../../../lambdas/tokens/publication/slots.ts';
import { MOST_REMOVALS, MOST_WRITES } from '../../../../lambdas/tokens/publication/version-budget.ts';
import { addPublication } from '../../../../lambdas/tokens/publication-room.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { World } from '../../../support/world/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

const DAY = 24 * 60 * 60;
const SALES = placeOf('sales');
type Move = Parameters<typeof moveConnection>[0];
const move = (connection: string, request: Omit<Move, 'connection'>) =>
  moveConnection({ connection, ...request }, world.operator(), { deadline: world.deadline });
const sweepNow = () => sweep(world.dependencies(), { deadline: world.deadline });
const accessToken = async (connection: string) => (await world.tokens(connection)).accessToken;
const own = (connection: string) => world.vault.published.get(connection)?.value;
const bundled = () => world.bundle('sales')?.anna;

test('a connection that moves into a bundle is kept current in both places for a day', async () => {
  await world.connect('anna');
  const view = await move('anna', { place: SALES });
  expect(view.expression).toBe('{{ $secrets.aws.n8n_zoom_bundle_sales.parseJson().anna }}');
  expect(view.oldPlaces).toEqual([{ place: 'own', until: Math.floor(world.time) + DAY }]);
  expect([bundled(), own('anna')]).toEqual(Array(2).fill(await accessToken('anna')));
  world.pass(nextSlot('sales', world.time) - world.time + 40 * 60);
  await sweepNow();
  expect((await world.item('anna')).version).toBe(2);
  expect([bundled(), own('anna')]).toEqual(Array(2).fill(await accessToken('anna')));
});

test('a disconnected connection is not moved', async () => {
  await world.connect('anna');
  await disconnect('anna', world.operator(), { deadline: world.deadline, force: false });
  await expect(move('anna', { place: SALES })).rejects.toMatchObject({
    class: 'rejected',
    code: 'not_connected',
    action: 'Connect it in its new place: npx zoom-tokens connect anna --bundle sales',
  });
  await expect(move('anna', { place: 'own' })).rejects.toMatchObject({
    action: 'Connect it in its new place: npx zoom-tokens connect anna --no-bundle',
  });
  await expect(move('anna', { finish: true })).rejects.toMatchObject({
    action: 'Connect it: npx zoom-tokens connect anna',
  });
  expect(world.bundle('sales')).toBeUndefined();
});

test('the old place ends after its time', async () => {
  await world.connect('anna');
  await move('anna', { place: SALES, keepSeconds: 600 });
  world.pass(599);
  await sweepNow();
  expect(own('anna')).toBeDefined();
  world.pass(1);
  await sweepNow();
  expect(own('anna')).toBeUndefined();
  expect(bundled()).toBe(await accessToken('anna'));
  expect((await world.item('anna')).oldPlaces).toEqual([]);
});

test('an old bundle ends after its time, and the others in it stay', async () => {
  await world.connectTo('sales', 'anna', 'ben');
  await move('anna', { place: 'own', keepSeconds: 600 });
  expect(bundled()).toBe(await accessToken('anna'));
  world.pass(600);
  await sweepNow();
  expect(world.bundle('sales')).toEqual({ ben: await accessToken('ben') });
  expect(own('anna')).toBe(await accessToken('anna'));
});

test("a connection that leaves a bundle at once uses the disconnections' reserve of versions", async () => {
  await useUpVersions();
  await move('user_0', { place: 'own', keepSeconds: 0 });
  await expectLeft('user_0');
});

test("an old bundle that ends after its time uses the disconnections' reserve of versions", async () => {
  await world.connectTo('sales', 'anna');
  await move('anna', { place: 'own', keepSeconds: 60 });
  await useUpVersions();
  world.pass(60);
  await sweepNow();
  await expectLeft('anna');
});

test('a connection that leaves a bundle without any version left is published, and the old place ends with its slot', async () => {
  await useUpVersions();
  for (let left = 0; left < 13; left += 1) await move(`user_${left}`, { place: 'own', keepSeconds: 0 });
  const view = await move('user_13', { place: 'own', keepSeconds: 0 });
  const until = Math.floor(world.time);
  expect(view).toMatchObject({ place: 'own', publishedVersion: view.version, failures: 0 });
  expect(view.oldPlaces).toEqual([{ place: SALES, until, waitsUntil: nextSlot('sales', until) }]);
  expect(own('user_13')).toBe(await accessToken('user_13'));
  expect(world.bundle('sales')).toHaveProperty('user_13');
  world.pass(nextSlot('sales', world.time) - world.time);
  await sweepNow();
  expect(world.bundle('sales')).not.toHaveProperty('user_13');
  expect((await world.item('user_13')).oldPlaces).toEqual([]);
});

test('a rotation does not fail for an old place without a version left, which gets the token with its slot', async () => {
  await world.connectTo('sales', 'anna');
  await move('anna', { place: 'own', keepSeconds: 2 * DAY });
  const bundle = (await world.store.bundle('sales')) as Bundle;
  let { writes, removals } = bundle;
  for (let count = 1; count < MOST_WRITES; count += 1) writes = addPublication(writes, world.time);
  for (let count = 0; count < MOST_REMOVALS; count += 1) removals = addPublication(removals, world.time);
  await world.store.putBundle({
    ...{ ...bundle, revision: bundle.revision + 1 },
    ...(writes && removals && { writes, removals }),
  });
  world.pass(DAY - nextSlot('sales', world.time) + world.time);
  await rotateNow('anna', world.operator(), { deadline: world.deadline });
  const { failures, oldPlaces } = await world.item('anna');
  const waitsUntil = nextSlot('sales', world.time);
  expect({ failures, oldPlaces }).toMatchObject({ failures: 0, oldPlaces: [{ place: SALES, waitsUntil }] });
  expect(own('anna')).toBe(await accessToken('anna'));
  expect(bundled()).not.toBe(own('anna'));
  world.pass(waitsUntil - world.time);
  await sweepNow();
  expect(bundled()).toBe(own('anna'));
  expect((await world.item('anna')).oldPlaces?.[0]).not.toHaveProperty('waitsUntil');
});

async function useUpVersions() {
  for (let count = 0; count < 60; count += 1) await world.connectTo('sales', `user_${count}`);
  expect(await world.item('user_59')).toMatchObject({ lastError: { code: 'bundle_waits' } });
}

async function expectLeft(connection: string) {
  expect(world.bundle('sales')).toMatchObject({ user_1: await accessToken('user_1') });
  expect(world.bundle('sales')).not.toHaveProperty(connection);
  expect((await world.item(connection)).oldPlaces).toEqual([]);
  expect((await world.store.bundle('sales'))?.removals).toBeDefined();
}

test('--keep 0 and --finish end the old place before the command returns', async () => {
  await world.connect('anna');
  await world.connect('ben');
  await move('anna', { place: SALES, keepSeconds: 0 });
  expect(own('anna')).toBeUndefined();
  await move('ben', { place: SALES });
  expect(own('ben')).toBeDefined();
  expect((await move('ben', { finish: true })).oldPlaces).toEqual([]);
  expect(own('ben')).toBeUndefined();
  expect(world.bundle('sales')).toEqual({ anna: await accessToken('anna'), ben: await accessToken('ben') });
});

test('a repetition of a move with --keep changes when the old place ends, and without it nothing', async () => {
  await world.connect('anna');
  const ends = async (keepSeconds?: number) => {
    const view = await move('anna', { place: SALES, ...(keepSeconds !== undefined && { keepSeconds }) });
    return view.oldPlaces?.map(({ until }) => until - Math.floor(world.time));
  };
  expect(await ends()).toEqual([DAY]);
  expect(await ends(3 * DAY)).toEqual([3 * DAY]);
  expect(await ends()).toEqual([3 * DAY]);
  expect(await ends(0)).toEqual([]);
  expect(own('anna')).toBeUndefined();
});

test('a connection that leaves a bundle and returns is in it again', async () => {
  await world.connectTo('sales', 'anna', 'ben');
  await move('anna', { place: 'own', keepSeconds: 0 });
  expect(bundled()).toBeUndefined();
  await move('anna', { place: SALES, keepSeconds: 0 });
  expect(bundled()).toBe(await accessToken('anna'));
});

test('a connection that does not fit is refused with the bundles that have room, and stays where it is', async () => {
  await world.connectTo('sales', 'ben');
  await world.connectTo('support', 'cleo');
  await world.connect('anna');
  const bundle = (await world.store.bundle('sales')) ?? { members: {} };
  const full = { ...bundle, members: { ...bundle.members, huge: { since: 0, bytes: 47_990 } } };
  const {
    bundle: name = 'sales',
    revision = 0,
    sequence = 0,
  } = bundle as { bundle?: string; revision?: number; sequence?: number };
  await world.store.putBundle({ ...full, bundle: name, revision: revision + 1, sequence });
  await expect(move('anna', { place: SALES })).rejects.toMatchObject({
    class: 'rejected',
    code: 'bundle_full',
    message: expect.stringContaining('Bundles with room: support.'),
  });
  expect((await world.item('anna')).place).toBeUndefined();
});

test('the disconnection of a connection that has moved removes it from both places', async () => {
  const { disconnect } = await import('../../../../lambdas/tokens/disconnect/disconnect.ts');
  await world.connect('anna');
  await move('anna', { place: SALES });
  await disconnect('anna', world.operator(), { deadline: world.deadline, force: false });
  expect([...world.vault.published.keys()]).toEqual([]);
});

test('a move whose publication fails is made up for by the next sweep', async () => {
  await world.connect('anna');
  const failing = {
    ...world.operator({
      intercept: (point, call) =>
        point === 'vault.publish' ? Promise.reject(new Error('Secrets Manager is down')) : call(),
    }),
  };
  await expect(
    moveConnection({ connection: 'anna', place: SALES, keepSeconds: 0 }, failing, {
      deadline: world.deadline,
    }),
  ).rejects.toThrow();
  expect(own('anna')).toBe(await accessToken('anna'));
  world.pass(120);
  await sweepNow();
  expect(bundled()).toBe(await accessToken('anna'));
  expect(own('anna')).toBeUndefined();
});
