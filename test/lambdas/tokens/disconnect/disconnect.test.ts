import { describe, expect, test } from '@jest/globals';
import { connectServerToServer } from '../../../../lambdas/tokens/consent/connect.ts';
import type { Dependencies } from '../../../../lambdas/tokens/dependencies.ts';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { World } from '../../../support/world/world.ts';

const DAY = 86_400;

const connected = async () => {
  const world = new World();
  await world.connect('main');
  return world;
};
const end = (world: World, deps: Dependencies = world.dependencies(), force = false) =>
  disconnect('main', deps, { deadline: world.deadline, force });
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => error,
  );
/** Dependencies whose call of that name fails. */
const failing = (world: World, point: string, error = new Error('down')) =>
  world.dependencies({
    intercept: (name, call) => (name === point ? Promise.reject(error) : call()),
  });

describe('a connection that is disconnected', () => {
  test('is revoked at Zoom, read by nobody, and its tokens are forgotten', async () => {
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

  test('by force loses its secret with no recovery window', async () => {
    const world = await connected();
    expect(await end(world, world.dependencies(), true)).toMatchObject({ secretDeletedAt: world.time });
  });

  test('of a Server-to-Server app revokes its own token and no other connection’s', async () => {
    const world = new World();
    const options = { deadline: world.deadline };
    for (const connection of ['main', 'other']) {
      await connectServerToServer({ connection, app: 'default' }, world.dependencies(), options);
    }
    const token = world.published('main');
    expect(await end(world)).toMatchObject({ revokedAt: world.time });
    expect(world.zoom.accepts(token)).toBe(false);
    expect(world.zoom.accepts(world.published('other'))).toBe(true);
  });

  test('is not revived by any sweep', async () => {
    const world = await connected();
    const item = await end(world);
    for (let hour = 0; hour < 3; hour += 1) {
      world.pass(3600);
      await sweep(world.dependencies(), { deadline: world.deadline });
    }
    expect(await world.item('main')).toEqual(item);
    expect(world.published('main')).toBeUndefined();
  });

  test('that waits for a human or for its operator can be disconnected too', async () => {
    const world = await connected();
    world.zoom.deauthorize('main');
    world.pass(3600);
    for (let refusal = 0; refusal < 2; refusal += 1) {
      await sweep(world.dependencies(), { deadline: world.deadline });
      world.pass(300);
    }
    expect(await world.item('main')).toMatchObject({ status: 'reconnect' });
    // Zoom no longer knows the tokens: there is nothing left to revoke.
    expect(await end(world)).toMatchObject({ status: 'disconnected', revokedAt: world.time });
  });

  test('twice is as once, and tells the same', async () => {
    const world = await connected();
    const first = await end(world);
    world.pass(60);
    const again = await end(world);
    expect(again).toMatchObject({ revokedAt: first.revokedAt, secretDeletedAt: first.secretDeletedAt });
    expect(again.sealedTokens).toBe('');
  });

  test('is connected again by a new consent, under the same name', async () => {
    const world = await connected();
    await end(world);
    world.pass(60);
    const { item } = await world.connect('main');
    expect(item).toMatchObject({ status: 'active', generation: 3 });
    expect(world.zoom.accepts(world.published('main'))).toBe(true);
  });

  test('must be there', async () => {
    expect(await failure(end(new World()))).toMatchObject({ class: 'rejected', code: 'unknown_connection' });
  });
});

describe('when Zoom does not confirm, the connection is disconnected all the same, and the answer says what stays', () => {
  test.each([
    ['Zoom is down', (world: World) => Object.assign(world.zoom, { isDown: true })],
    ['the app secret is broken', (world: World) => Object.assign(world, { appSecret: 'wrong' })],
    ['the key is another', (world: World) => world.vault.keys.splice(0, 1, 'another key')],
  ])('%s', async (_, breakIt) => {
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

  test('a repetition does not claim what nobody knows', async () => {
    const world = await connected();
    world.zoom.isDown = true;
    await end(world);
    world.zoom.isDown = false;
    const again = await end(world);
    expect(again.revokedAt).toBeUndefined();
    expect(again).toMatchObject({ lastError: { code: 'not_revoked' } });
  });

  test('Zoom is asked a second time when it stumbles', async () => {
    const world = await connected();
    let asked = 0;
    const deps = world.dependencies({
      intercept: (point, call) => {
        if (point !== 'zoom.revoke') return call();
        asked += 1;
        return asked === 1 ? Promise.reject(new TypeError('fetch failed')) : call();
      },
    });
    expect(await end(world, deps)).toMatchObject({ revokedAt: expect.any(Number) });
  });
});

describe('when the secret cannot be deleted', () => {
  test('nothing rotates any more, the status says so, and a repetition ends it at once', async () => {
    const world = await connected();
    const error = await failure(end(world, failing(world, 'vault.unpublish')));
    expect(error).toMatchObject({
      class: 'retry',
      code: 'not_withdrawn',
      action: 'Disconnect it again: zoom-tokens disconnect main.',
    });
    expect(await world.item('main')).toMatchObject({
      status: 'disconnected',
      lastError: { code: 'not_withdrawn' },
    });
    expect(await end(world)).toMatchObject({ sealedTokens: '', revokedAt: world.time });
    expect(await world.item('main')).not.toHaveProperty('lastError');
    expect(world.published('main')).toBeUndefined();
  });
});

describe('a step under way', () => {
  test('is waited for: the pair that it stores is the one that is revoked', async () => {
    const world = await connected();
    world.pass(3000);
    let ending: Promise<unknown> | undefined;
    const stepping = step(
      'main',
      world.dependencies({
        intercept: (point, call) => {
          if (point === 'vault.publish') {
            ending = end(world, { ...world.dependencies(), wait: async () => void (await stepping) });
          }
          return call();
        },
      }),
      { deadline: world.deadline },
    );
    await stepping;
    expect(await ending).toMatchObject({ status: 'disconnected', revokedAt: expect.any(Number) });
    expect(world.published('main')).toBeUndefined();
    expect(world.zoom.hasLiving('main')).toBe(false);
  });

  test('that was killed holds it for three minutes: nothing is changed, and the answer says when to try again', async () => {
    const world = await connected();
    const lease = { owner: 'killed', now: world.time, until: world.time + 180, early: true };
    const held = await world.store.lease('main', lease);
    expect(await failure(end(world))).toMatchObject({ class: 'retry', code: 'busy', retryAfter: 180 });
    expect(await world.store.get('main')).toEqual(held);
    world.pass(180);
    expect(await end(world)).toMatchObject({ status: 'disconnected' });
  });
});

describe('a consent under way', () => {
  /** A consent that Zoom has answered, and a disconnection before its commit. */
  const crossing = async (isNewer: boolean) => {
    const world = await connected();
    const disconnecting = async () => {
      if (!isNewer) world.pass(5);
      await end(world);
      if (isNewer) world.pass(5);
    };
    const deps = world.dependencies({
      intercept: async (point, call) => {
        if (isNewer && point === 'zoom.token') await disconnecting();
        if (!isNewer && point === 'store.commitConsent') await disconnecting();
        return call();
      },
    });
    return { world, outcome: await world.connect('main', deps).catch((error) => error) };
  };

  test('that Zoom answers after the disconnection wins', async () => {
    const { world, outcome } = await crossing(true);
    expect(outcome).toMatchObject({ item: { status: 'active' } });
    expect(world.zoom.accepts(world.published('main'))).toBe(true);
  });

  test('that Zoom answered before it does not revive the connection, and its own tokens are revoked', async () => {
    const { world, outcome } = await crossing(false);
    expect(outcome).toMatchObject({ class: 'rejected', code: 'disconnected' });
    expect(await world.item('main')).toMatchObject({ status: 'disconnected', sealedTokens: '' });
    expect(world.published('main')).toBeUndefined();
    expect(world.zoom.hasLiving('main')).toBe(false);
  });

  test('that comes while the secret is being deleted keeps the connection, and the next sweep publishes its token', async () => {
    const world = await connected();
    const deps = world.dependencies({
      intercept: async (point, call) => {
        const answer = await call();
        if (point === 'vault.unpublish') await world.connect('main');
        return answer;
      },
    });
    expect(await failure(end(world, deps))).toMatchObject({ class: 'rejected', code: 'overtaken' });
    world.pass(60);
    await sweep(world.dependencies(), { deadline: world.deadline });
    expect(await world.item('main')).toMatchObject({ status: 'active', publishedVersion: 3 });
    expect(world.zoom.accepts(world.published('main'))).toBe(true);
  });
});
