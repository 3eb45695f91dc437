import { beforeEach, expect, test } from '@jest/globals';
import { unlinkN8n } from '../../../../lambdas/tokens/push/link-n8n.ts';
import { type Intercept, World } from '../../../support/world/world.ts';

// Two operators at once: Secrets Manager has no conditional write.

let world: World;
const instance = { url: 'https://n8n.example.com', apiKey: 'of another n8n' };
const names = () => [...world.settings.instances.keys()].sort();
const once = (where: string, happens: () => Promise<unknown>): Intercept => {
  let hasHappened = false;
  return async (point, call) => {
    const result = await call();
    if (point !== where || hasHappened) return result;
    hasHappened = true;
    await happens();
    return result;
  };
};

beforeEach(async () => {
  world = new World();
  for (const name of ['main', 'second']) await world.connect(name);
});

test('a link writes its instance again when another command has overwritten it', async () => {
  const intercept = once('settings.write', () => world.settings.write(new Map([['home', instance]])));
  await world.link('main', world.dependencies({ intercept }));
  expect(names()).toEqual(['home', 'office']);
});

test.each([1, 2])(
  'a link fails when write %i of its instance fails, so that the operator repeats it',
  async (number) => {
    let writes = 0;
    const intercept: Intercept = async (point, call) => {
      // Another command removes the instance before the second write.
      if (point === 'store.setPushTargets') await world.settings.write(new Map());
      if (point !== 'settings.write') return call();
      writes += 1;
      return writes === number ? Promise.reject(new Error('no permission')) : call();
    };
    await expect(world.link('main', world.dependencies({ intercept }))).rejects.toThrow('no permission');
  },
);

test('a link writes its instance again when an unlink has removed it before the target was stored', async () => {
  const intercept = once('store.setPushTargets', () => world.settings.write(new Map()));
  await world.link('main', world.dependencies({ intercept }));
  expect(names()).toEqual(['office']);
});

test('an unlink restores the instance when a link came in between', async () => {
  await world.link('main');
  const intercept = once('settings.write', async () => {
    const lease = { owner: 'linking', now: world.time, until: world.time + 9, early: true };
    const held = await world.store.lease('second', lease);
    if (!held) throw new Error('no lease');
    const target = { instance: 'office', credentialId: 'id', pushedVersion: 1, failures: 0 };
    await world.store.setPushTargets(held, [target]);
  });
  const options = { deadline: world.deadline };
  await unlinkN8n({ connection: 'main', instance: 'office' }, world.dependencies({ intercept }), options);
  expect(names()).toEqual(['office']);
});

test('a consent during the request to n8n is pushed as well', async () => {
  const intercept = once('n8n.fetch', () => world.connect('main'));
  await world.link('main', world.dependencies({ intercept }));
  expect(await world.pushed('main')).toBe((await world.tokens('main')).accessToken);
  expect((await world.item('main')).targets).toMatchObject([{ pushedVersion: 2 }]);
});

test('an eleventh n8n instance of one connection is rejected', async () => {
  const held = await world.store.lease('main', {
    owner: 'me',
    now: world.time,
    until: world.time + 9,
    early: true,
  });
  if (!held) throw new Error('no lease');
  const targets = Array.from({ length: 10 }, (_, i) => ({
    instance: `n${i}`,
    credentialId: 'id',
    pushedVersion: 1,
    failures: 0,
  }));
  await world.store.setPushTargets(held, targets);
  await world.store.release(held);
  await expect(world.link('main')).rejects.toMatchObject({ class: 'rejected', code: 'too_many_targets' });
});
