import { describe, expect, test } from '@jest/globals';
import { connectServerToServer } from '../../../../lambdas/tokens/consent/connect-server-to-server.ts';
import type { Dependencies } from '../../../../lambdas/tokens/dependencies.ts';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { Failure } from '../../../../lambdas/tokens/errors.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { rejectionOf } from '../../../support/rejection.ts';
import { World } from '../../../support/world/world.ts';
import { SERVER_APP } from '../../../support/world/zoom-model.ts';

const DAY = 86_400;

const connected = async () => {
  const world = new World();
  await world.connect('main');
  return world;
};
const end = (world: World, deps: Dependencies = world.dependencies(), force = false) =>
  disconnect('main', deps, { deadline: world.deadline, force });
/** Dependencies of which the call with that name fails. */
const failing = (world: World, point: string, error = new Error('down')) =>
  world.dependencies({
    intercept: (name, call) => (name === point ? Promise.reject(error) : call()),
  });

describe('a disconnection', () => {
  test('that has no time left for Zoom erases the tokens all the same, and says that they are not revoked', async () => {
    const world = await connected();
    let revocations = 0;
    const deps = world.dependencies({
      intercept: async (point, call) => {
        if (point === 'zoom.revoke') revocations += 1;
        const response = await call();
        if (point === 'store.beginDisconnect') world.pass(26);
        return response;
      },
    });
    expect(await end(world, deps)).toMatchObject({ sealedTokens: '', lastError: { code: 'not_revoked' } });
    expect(revocations).toBe(0);
    expect(world.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('Not revoked at Zoom') }),
    );
  });

  test('that Zoom does not confirm says how to end the tokens: the app is removed by its user, or deactivated', async () => {
    const world = new World();
    await connectServerToServer({ connection: 'server', app: SERVER_APP }, world.dependencies(), {
      deadline: world.deadline,
    });
    await world.connect('main');
    world.zoom.isDown = true;
    const actionOf = async (name: string) =>
      (await disconnect(name, world.dependencies(), { deadline: world.deadline, force: false })).lastError
        ?.action;
    expect(await actionOf('server')).toContain('deactivate the app');
    expect(await actionOf('main')).toContain('Remove the app');
  });

  test('revokes the tokens at Zoom, deletes the published secret and erases the tokens', async () => {
    const world = await connected();
    const item = await end(world);
    expect(item).toMatchObject({
      status: 'disconnected',
      sealedTokens: '',
      publishedVersion: 0,
      disconnectedAt: world.time,
      revokedAt: world.time,
      secretDeletedAt: world.time + 7 * DAY,
    });
    expect(item.leaseOwner).toBeUndefined();
    expect(world.zoom.hasLiving('main')).toBe(false);
    expect(world.published('main')).toBeUndefined();
  });

  test('revokes the refresh token too, which outlives an expired access token', async () => {
    const world = await connected();
    world.pass(3600);
    const revoked: string[] = [];
    const deps = world.dependencies({
      intercept: (point, call) => {
        revoked.push(point);
        return call();
      },
    });
    await end(world, deps);
    expect(world.zoom.hasLiving('main')).toBe(false);
    expect(revoked.filter((point) => point === 'zoom.revoke')).toHaveLength(2);
  });

  test('leaves a credential alone that never got a token', async () => {
    const world = await connected();
    const held = await world.store.lease('main', {
      ...{ owner: 'me', now: world.time, until: world.time + 9, early: true },
    });
    if (!held) throw new Error('no lease');
    const target = { instance: 'office', credentialId: 'id', pushedVersion: 0, failures: 1 };
    await world.store.setPushTargets(held, [target]);
    await world.store.release(held);
    world.settings.instances = new Map([['office', { url: 'https://n8n.example.com', apiKey: 'key' }]]);
    expect((await end(world)).targets).toEqual([target]);
    expect(world.n8n.requests).toEqual([]);
  });

  test('with force deletes the secret without a recovery window', async () => {
    const world = await connected();
    expect(await end(world, world.dependencies(), true)).toMatchObject({ secretDeletedAt: world.time });
  });

  test('of a Server-to-Server connection revokes its own token and no other connection’s', async () => {
    const world = new World();
    const options = { deadline: world.deadline };
    for (const connection of ['main', 'other']) {
      await connectServerToServer({ connection, app: SERVER_APP }, world.dependencies(), options);
    }
    const token = world.published('main');
    expect(await end(world)).toMatchObject({ revokedAt: world.time });
    expect(world.zoom.accepts(token)).toBe(false);
    expect(world.zoom.accepts(world.published('other'))).toBe(true);
  });

  test("is not called revoked when the app secret holds another app's credentials, to which Zoom calls every token invalid", async () => {
    const world = await connected();
    world.pass(3600);
    world.hasOtherApp = true;
    const item = await end(world);
    expect(world.zoom.hasLiving('main')).toBe(true);
    expect(item).not.toHaveProperty('revokedAt');
    expect(item.lastError).toMatchObject({ code: 'not_revoked' });
  });

  test('stays as it is through every later sweep', async () => {
    const world = await connected();
    const item = await end(world);
    for (let hour = 0; hour < 3; hour += 1) {
      world.pass(3600);
      await sweep(world.dependencies(), { deadline: world.deadline });
    }
    expect(await world.item('main')).toEqual(item);
    expect(world.published('main')).toBeUndefined();
  });

  test('works for a connection in the status reconnect, whose tokens Zoom no longer knows', async () => {
    const world = await connected();
    world.zoom.deauthorize('main');
    world.pass(3600);
    await sweep(world.dependencies(), { deadline: world.deadline });
    // A second refusal confirms the first.
    world.pass(300);
    await sweep(world.dependencies(), { deadline: world.deadline });
    expect(await world.item('main')).toMatchObject({ status: 'reconnect' });
    // Zoom no longer knows the tokens, so nothing is left to revoke.
    expect(await end(world)).toMatchObject({ status: 'disconnected', revokedAt: world.time });
  });

  test('that is repeated changes nothing and returns the same times', async () => {
    const world = await connected();
    const first = await end(world);
    world.pass(60);
    const again = await end(world);
    expect(again).toMatchObject({ revokedAt: first.revokedAt, secretDeletedAt: first.secretDeletedAt });
    expect(again.sealedTokens).toBe('');
  });

  test('can be followed by a new consent under the same name', async () => {
    const world = await connected();
    await end(world);
    world.pass(60);
    const { item } = await world.connect('main');
    expect(item).toMatchObject({ status: 'active', generation: 3 });
    expect(world.zoom.accepts(world.published('main'))).toBe(true);
  });

  test('of an unknown connection is rejected', async () => {
    expect(await rejectionOf(end(new World()))).toMatchObject({
      class: 'rejected',
      code: 'unknown_connection',
    });
  });
});

describe('a disconnection that Zoom does not confirm', () => {
  test.each([
    ['Zoom is down', (world: World) => Object.assign(world.zoom, { isDown: true })],
    ['the app secret is broken', (world: World) => Object.assign(world, { appSecret: 'wrong' })],
    ['the sealing key was replaced twice', (world: World) => world.vault.seeds.splice(0, 1, 'another')],
  ])('deletes the secret and records what is left to do when %s', async (_, breakIt) => {
    const world = await connected();
    breakIt(world);
    const item = await end(world);
    expect(item).toMatchObject({
      status: 'disconnected',
      sealedTokens: '',
      lastError: {
        code: 'not_revoked',
        message: expect.stringContaining('at most an hour'),
        action: expect.stringContaining('Remove the app'),
      },
    });
    expect(item.revokedAt).toBeUndefined();
    expect(world.published('main')).toBeUndefined();
    expect(world.lines.at(-2)).toMatchObject({ level: 'warn', details: { connection: 'main' } });
  });

  test('is still unconfirmed after a repetition, which has no tokens to revoke', async () => {
    const world = await connected();
    world.zoom.isDown = true;
    await end(world);
    world.zoom.isDown = false;
    const again = await end(world);
    expect(again.revokedAt).toBeUndefined();
    expect(again).toMatchObject({ lastError: { code: 'not_revoked' } });
  });

  test('is retried once when the first request fails', async () => {
    const world = await connected();
    let requests = 0;
    const deps = world.dependencies({
      intercept: (point, call) => {
        if (point !== 'zoom.revoke') return call();
        requests += 1;
        return requests === 1 ? Promise.reject(new TypeError('fetch failed')) : call();
      },
    });
    expect(await end(world, deps)).toMatchObject({ revokedAt: expect.any(Number) });
  });
});

describe('a disconnection whose secret cannot be deleted', () => {
  test('stops the rotations, records the failure, and is completed by a repetition without a wait', async () => {
    const world = await connected();
    const error = await rejectionOf(end(world, failing(world, 'vault.unpublish')));
    expect(error).toMatchObject({
      class: 'retry',
      code: 'not_withdrawn',
      action: 'Disconnect it again: npx zoom-tokens disconnect main.',
    });
    expect(await world.item('main')).toMatchObject({
      status: 'disconnected',
      lastError: { code: 'not_withdrawn' },
    });
    expect(await end(world)).toMatchObject({ sealedTokens: '', revokedAt: world.time });
    expect(await world.item('main')).not.toHaveProperty('lastError');
    expect(world.published('main')).toBeUndefined();
  });

  test.each([
    ['misconfigured', 'withdraw_denied'],
    ['retry', 'throttled'],
  ] as const)('because of %s (%s) says first that it is disconnected', async (failureClass, code) => {
    const world = await connected();
    const failure = new Failure(failureClass, code, 'AWS refused it.', 'Deploy again.');
    expect(await rejectionOf(end(world, failing(world, 'vault.unpublish', failure)))).toMatchObject({
      ...{ class: failureClass, code, action: 'Deploy again.' },
      message: '"main" is disconnected, but its secret is not deleted. AWS refused it.',
    });
  });
});
