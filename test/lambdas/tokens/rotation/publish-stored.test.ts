import { beforeEach, expect, test } from '@jest/globals';
import { moveConnection } from '../../../../lambdas/tokens/operate/move-connection.ts';
import { placeOf } from '../../../../lambdas/tokens/publication/place.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type Intercept, World } from '../../../support/world/world.ts';

let world: World;
let isVaultDown: boolean;
beforeEach(async () => {
  world = new World();
  isVaultDown = false;
});

const intercept: Intercept = (point, call) =>
  isVaultDown && point === 'vault.publish' ? Promise.reject(new Error('Secrets Manager is down')) : call();
const accessToken = async () => (await world.tokens('anna')).accessToken;
async function sweepFor(minutes: number) {
  for (let minute = 0; minute < minutes; minute += 1) {
    await sweep(world.dependencies({ intercept }), { deadline: world.deadline });
    world.pass(60);
  }
}

test.each([undefined, placeOf('sales')])(
  'a token that could not be published reaches n8n while Zoom is down (place: %s)',
  async (place) => {
    await world.connect('anna', undefined, 'anna', false, place);
    await world.runStarted();
    const read = () => (place ? world.bundle('sales')?.anna : world.published('anna'));
    isVaultDown = true;
    // The second token is granted, and is due for its own replacement when Secrets Manager works again.
    while ((await world.item('anna')).version < 2) await sweepFor(1);
    const { expiresAt } = await world.item('anna');
    world.zoom.isDown = true;
    world.time = expiresAt - 10 * 60;
    await sweepFor(2);
    expect(read()).not.toBe(await accessToken());
    isVaultDown = false;
    await sweepFor(6);
    const item = await world.item('anna');
    expect(item).toMatchObject({ version: 2, publishedVersion: 2, validUntil: expiresAt });
    expect(item.lastError?.code).toBe('zoom_unavailable');
    expect(read()).toBe(await accessToken());
  },
);

test('an old place ends in its time while Zoom is down', async () => {
  await world.connect('anna');
  const move = { connection: 'anna', place: placeOf('sales'), keepSeconds: 55 * 60 };
  await moveConnection(move, world.operator(), { deadline: world.deadline });
  world.zoom.isDown = true;
  await sweepFor(62);
  expect(world.vault.published.has('anna')).toBe(false);
  expect((await world.item('anna')).oldPlaces).toEqual([]);
});

test.each([
  ['is published once while Zoom is down', 10, 1],
  ['is not published after it has expired', -1, 0],
])('a stored token %s', async (_, minutesLeft, versions) => {
  await world.connect('anna');
  isVaultDown = true;
  while ((await world.item('anna')).version < 2) await sweepFor(1);
  world.zoom.isDown = true;
  isVaultDown = false;
  const before = world.vault.history.length;
  world.time = (await world.item('anna')).expiresAt - minutesLeft * 60;
  await sweepFor(30);
  expect(world.vault.history).toHaveLength(before + versions);
});
