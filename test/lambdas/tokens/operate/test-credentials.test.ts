import { beforeEach, expect, test } from '@jest/globals';
import { testCredentials } from '../../../../lambdas/tokens/operate/test-credentials.ts';
import { linkExternalCredential } from '../../../../lambdas/tokens/push/external-credential.ts';
import { writeInstance } from '../../../../lambdas/tokens/push/stored-instances.ts';
import { type Intercept, World } from '../../../support/world/world.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.connect('main');
});

const instance = () => ({ url: 'https://n8n.example.com', apiKey: world.n8n.apiKey });
const failing =
  (name: string, error: Error): Intercept =>
  (point, call) =>
    point === name ? Promise.reject(error) : call();

test('a pushed credential is tested by its n8n', async () => {
  await world.link('main');
  const [probe] = await testCredentials(['main', 'unknown'], world.dependencies());
  expect(probe).toMatchObject({ connection: 'main', instance: 'office', kind: 'pushed' });
  expect(probe?.tested.at).toBe(Math.floor(world.time));
});

test('a credential whose instance the n8n secret lacks is not tested, and the reason names the instance', async () => {
  await world.link('main');
  world.settings.instances = new Map();
  const [probe] = await testCredentials(['main'], world.dependencies());
  expect(probe?.tested).toEqual({
    at: Math.floor(world.time),
    message: 'The n8n instance "office" is not in the n8n secret.',
  });
});

test('a credential is not tested while the n8n secret cannot be read, and the reason quotes nothing of the error', async () => {
  await world.link('main');
  const intercept = failing('settings.read', new Error('the secret value'));
  const [probe] = await testCredentials(['main'], world.dependencies({ intercept }));
  expect(probe?.tested.ok).toBeUndefined();
  expect(probe?.tested.message).not.toContain('the secret value');
});

test('a deployment without the push tests nothing', async () => {
  await world.link('main');
  expect(await testCredentials(['main'], { ...world.dependencies(), push: undefined })).toEqual([]);
});

test('an eleventh credential that reads the secret by itself is rejected, another one of a known instance is not', async () => {
  const held = await world.store.lease('main', {
    ...{ owner: 'me', now: world.time, until: world.time + 9, early: true },
  });
  if (!held) throw new Error('no lease');
  const known = Array.from({ length: 10 }, (_, i) => ({ instance: `n${i}`, credentialId: 'id' }));
  await world.store.setPushTargets(held, [], { externalCredentials: known });
  await world.store.release(held);
  const link = (name: string) =>
    linkExternalCredential(
      { connection: 'main', instance: name, credentialId: 'new', ...instance() },
      world.dependencies(),
      { deadline: world.deadline },
    );
  await expect(link('n10')).rejects.toMatchObject({ class: 'rejected', code: 'too_many_targets' });
  expect((await world.item('main')).externalCredentials).toHaveLength(10);
});

test('an instance that other commands overwrite each time is given up after five writes', async () => {
  let writes = 0;
  const settings = {
    read: async () => new Map(),
    write: async () => {
      writes += 1;
    },
  };
  await expect(writeInstance(settings, 'office', instance(), world.dependencies())).rejects.toMatchObject({
    class: 'retry',
    code: 'busy',
  });
  expect(writes).toBe(5);
});
