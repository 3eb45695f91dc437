import { beforeEach, expect, test } from '@jest/globals';
import { assertReadable, getConnectionOrThrow } from '../../../lambdas/tokens/get-connection.ts';
import { World } from '../../support/world/world.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.connect('main');
});

const unreadable = {
  get: async () => undefined,
  unreadable: async () => [{ connection: 'main', problems: ['version is missing'] }],
};

test('a connection that exists is returned as it is stored', async () => {
  expect(await getConnectionOrThrow('main', world.store)).toEqual(await world.item('main'));
});

test('a connection that does not exist is unknown', async () => {
  await expect(getConnectionOrThrow('other', world.store)).rejects.toMatchObject({
    class: 'rejected',
    code: 'unknown_connection',
  });
});

test('a name that cannot be a connection is not looked for', async () => {
  const store = { ...unreadable, get: () => Promise.reject(new Error('asked')) };
  await expect(getConnectionOrThrow('No Name', store)).rejects.toMatchObject({ code: 'invalid_name' });
});

test('an item that cannot be read is named with its problems, and not called unknown', async () => {
  const failure = { class: 'misconfigured', code: 'item_unreadable' };
  await expect(getConnectionOrThrow('main', unreadable)).rejects.toMatchObject({
    ...failure,
    message: expect.stringContaining('version is missing'),
  });
  await expect(assertReadable('main', unreadable)).rejects.toMatchObject(failure);
});
