import { beforeEach, expect, test } from '@jest/globals';
import { moveConnection } from '../../../../lambdas/tokens/operate/move-connection.ts';
import { placeOf } from '../../../../lambdas/tokens/publication/place.ts';
import { nextSlot } from '../../../../lambdas/tokens/publication/slots.ts';
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
const bundled = () => world.bundle('sales')?.anna;

test('a connection that moves into a bundle is kept current in both places for a day', async () => {
  await world.connect('anna');
  const view = await move('anna', { place: SALES });
  expect(view.expression).toBe('{{ $secrets.aws.n8n_zoom_bundle_sales.parseJson().anna }}');
  expect(view.oldPlaces).toEqual([{ place: 'own', until: Math.floor(world.time) + DAY }]);
  expect([bundled(), world.published('anna')]).toEqual(Array(2).fill(await accessToken('anna')));
  world.pass(nextSlot('sales', world.time) - world.time + 40 * 60);
  await sweepNow();
  expect((await world.item('anna')).version).toBe(2);
  expect([bundled(), world.published('anna')]).toEqual(Array(2).fill(await accessToken('anna')));
});

test('the old place ends after its time', async () => {
  await world.connect('anna');
  await move('anna', { place: SALES, keepSeconds: 600 });
  world.pass(599);
  await sweepNow();
  expect(world.published('anna')).toBeDefined();
  world.pass(1);
  await sweepNow();
  expect(world.published('anna')).toBeUndefined();
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
  expect(world.published('anna')).toBe(await accessToken('anna'));
});

test('--keep 0 and --finish end the old place before the command returns', async () => {
  await world.connect('anna');
  await world.connect('ben');
  await move('anna', { place: SALES, keepSeconds: 0 });
  expect(world.published('anna')).toBeUndefined();
  await move('ben', { place: SALES });
  expect(world.published('ben')).toBeDefined();
  expect((await move('ben', { finish: true })).oldPlaces).toEqual([]);
  expect(world.published('ben')).toBeUndefined();
  expect(world.bundle('sales')).toEqual({ anna: await accessToken('anna'), ben: await accessToken('ben') });
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
  expect(world.published('anna')).toBe(await accessToken('anna'));
  world.pass(120);
  await sweepNow();
  expect(bundled()).toBe(await accessToken('anna'));
  expect(world.published('anna')).toBeUndefined();
});
