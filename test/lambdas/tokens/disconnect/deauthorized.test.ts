import { beforeEach, expect, test } from '@jest/globals';
import { disconnectDeauthorized } from '../../../../lambdas/tokens/disconnect/deauthorized.ts';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { World } from '../../../support/world/world.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.connect('main');
});

test('a removal of the app in the second of the consent leaves the consent, which may be the later one', async () => {
  const item = await world.item('main');
  const ended = disconnectDeauthorized(item, item.consentedAt, world.dependencies(), world.deadline);
  expect(await ended).toBe(false);
  expect(await world.item('main')).toMatchObject({ status: 'active' });
});

test.each([
  { seconds: 120, isCertain: true },
  { seconds: 119, isCertain: false },
])(
  'a removal $seconds s after the consent is certain to be the later one: $isCertain',
  async ({ seconds, isCertain }) => {
    const item = await world.item('main');
    const at = item.consentedAt + seconds;
    world.pass(seconds);
    await disconnectDeauthorized(item, at, world.dependencies(), world.deadline);
    expect((await world.item('main')).revokedAt).toBe(isCertain ? at : undefined);
  },
);

test('a removal of the app that is reported late makes a disconnection no older', async () => {
  const { consentedAt } = await world.item('main');
  world.pass(100);
  const disconnectedAt = world.time;
  const intercept = <T>(point: string, call: () => Promise<T>) =>
    point === 'vault.unpublish' ? Promise.reject(new Error('down')) : call();
  const options = { deadline: world.deadline, force: false };
  await expect(disconnect('main', world.dependencies({ intercept }), options)).rejects.toThrow();

  const item = await world.item('main');
  await disconnectDeauthorized(item, consentedAt + 50, world.dependencies(), world.deadline);
  await world.runStarted();
  expect(await world.item('main')).toMatchObject({
    status: 'disconnected',
    disconnectedAt,
    sealedTokens: '',
  });
});

test('a removal of the app does not end a consent that came while the event was being read', async () => {
  const seen = await world.item('main');
  world.pass(10);
  await world.connect('main');
  const ended = disconnectDeauthorized(seen, seen.consentedAt + 5, world.dependencies(), world.deadline);
  await expect(ended).rejects.toMatchObject({ class: 'rejected', code: 'overtaken' });
  expect(await world.item('main')).toMatchObject({ status: 'active', generation: 2 });
});

test('a consent that is a minute older by the clocks may be the newer one, so its tokens are revoked and not believed dead', async () => {
  const item = await world.item('main');
  world.pass(60);
  await disconnectDeauthorized(item, item.consentedAt + 60, world.dependencies(), world.deadline);
  expect(await world.item('main')).not.toHaveProperty('revokedAt');
  await world.runStarted();
  expect(world.zoom.hasLiving('main')).toBe(false);
  expect(await world.item('main')).toMatchObject({
    status: 'disconnected',
    sealedTokens: '',
    revokedAt: world.time,
  });
});

test('a removal of the app that is delivered again changes nothing while the rest is left to do', async () => {
  const seen = await world.item('main');
  world.pass(60);
  await disconnectDeauthorized(seen, seen.consentedAt + 60, world.dependencies(), world.deadline);
  const left = await world.item('main');
  const again = disconnectDeauthorized(left, seen.consentedAt + 60, world.dependencies(), world.deadline);
  expect(await again).toBe(false);
  expect(await world.item('main')).toEqual(left);
});
