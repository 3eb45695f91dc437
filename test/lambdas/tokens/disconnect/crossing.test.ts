import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../../lambdas/tokens/connection.ts';
import { disconnectDeauthorized } from '../../../../lambdas/tokens/disconnect/deauthorized.ts';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { OVERWRITTEN } from '../../../../lambdas/tokens/disconnect/overwrite-pushed.ts';
import { LEASE_SECONDS } from '../../../../lambdas/tokens/lease.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type FunctionOptions, type Intercept, World } from '../../../support/world/world.ts';

let world: World;
const end = (name = 'main', options: FunctionOptions = {}, force = false) =>
  disconnect(name, world.dependencies(options), { deadline: world.deadline, force });
const once = (where: string, act: () => Promise<unknown>): Intercept => {
  let isDone = false;
  return async (point, call) => {
    if (point !== where || isDone) return call();
    isDone = true;
    await act();
    return call();
  };
};

beforeEach(async () => {
  world = new World();
  await world.connect('main');
});

describe('a disconnection that waits for the lease', () => {
  test('does not disconnect a consent that is given meanwhile', async () => {
    const lease = { owner: 'a step', now: world.time, until: world.time + 9, early: true };
    await world.store.lease('main', lease);
    const intercept = once('store.beginDisconnect', async () => {
      await world.store.release((await world.item('main')) as Connection);
      await world.connect('main');
    });
    await expect(end('main', { intercept })).rejects.toMatchObject({ code: 'overtaken' });
    expect(await world.item('main')).toMatchObject({ status: 'active', generation: 2 });
  });

  test('completes what another disconnection began meanwhile', async () => {
    const item = await world.item('main');
    const intercept = once('store.beginDisconnect', async () => {
      const lease = { owner: 'another', now: world.time, until: world.time + 1 };
      const other = { ...lease, disconnectedAt: world.time, generation: item.generation };
      await world.store.beginDisconnect('main', other);
      world.pass(2);
    });
    expect(await end('main', { intercept })).toMatchObject({ status: 'disconnected', sealedTokens: '' });
  });
});

describe('a disconnection whose first write loses its response', () => {
  /** The write takes effect, and the SDK repeats the request. */
  const repeated: Intercept = async (point, call) => {
    if (point === 'store.beginDisconnect') await call();
    return call();
  };

  test('by the operator is completed', async () => {
    expect(await end('main', { intercept: repeated })).toMatchObject({
      status: 'disconnected',
      sealedTokens: '',
    });
  });

  test('leaves a consent alone that came since, and returns its lease', async () => {
    const intercept: Intercept = async (point, call) => {
      if (point !== 'store.beginDisconnect') return call();
      await call();
      await world.connect('main');
      return call();
    };
    await expect(end('main', { intercept })).rejects.toMatchObject({ code: 'overtaken' });
    const { status, leaseOwner } = await world.item('main');
    expect({ status, leaseOwner }).toEqual({ status: 'active', leaseOwner: undefined });
    const { accessToken } = await world.tokens('main');
    expect(world.zoom.accepts(accessToken)).toBe(true);
  });

  test('by Zoom’s webhook is completed', async () => {
    const item = await world.item('main');
    world.pass(60);
    const deps = world.dependencies({ intercept: repeated });
    expect(await disconnectDeauthorized(item, world.time, deps, world.deadline)).toBe(true);
    await world.runStarted();
    expect(await world.item('main')).toMatchObject({ status: 'disconnected', sealedTokens: '' });
    expect(world.published('main')).toBeUndefined();
  });
});

describe('a consent through a link for one connection, whose Zoom user has another', () => {
  test('does not revive that one when it is disconnected meanwhile', async () => {
    await world.connect('second', world.dependencies(), 'grace');
    // Both connections have the same generation, which must not fence the wrong one.
    const intercept = once('store.commitConsent', async () => {
      world.pass(1);
      await end('second');
    });
    const consent = world.connect('main', world.dependencies({ intercept }), 'grace');
    await expect(consent).rejects.toMatchObject({ code: 'disconnected' });
    expect(await world.item('second')).toMatchObject({ status: 'disconnected', sealedTokens: '' });
  });
});

describe('a token that was pushed to n8n', () => {
  beforeEach(() => world.link('main'));

  /** Connects again, and pushes the new token without recording it. */
  async function reconnectUnrecorded(): Promise<void> {
    await world.connect('main');
    const intercept: Intercept = async (point, call) =>
      point === 'store.settle' ? (false as never) : call();
    await sweep(world.dependencies({ intercept }), { deadline: world.deadline });
    expect(await world.pushed('main')).toBe(world.published('main'));
    world.pass(LEASE_SECONDS);
  }

  test('is overwritten by the disconnection', async () => {
    const { targets } = await end();
    expect(await world.n8n.token(targets?.[0]?.credentialId)).toBe(OVERWRITTEN);
    expect(targets).toMatchObject([{ overwrittenAt: Math.floor(world.time) }]);
  });

  test('is overwritten again after a reconnection whose push was not recorded', async () => {
    await end();
    world.pass(LEASE_SECONDS);
    await reconnectUnrecorded();
    await end();
    expect(await world.pushed('main')).toBe(OVERWRITTEN);
  });

  test('is overwritten again where the clock is behind that of the earlier disconnection', async () => {
    await end();
    await reconnectUnrecorded();
    const behind = { ...world.dependencies(), now: () => Math.floor(world.time) - LEASE_SECONDS - 4 };
    await disconnect('main', behind, { deadline: world.deadline, force: false });
    expect(await world.pushed('main')).toBe(OVERWRITTEN);
  });

  test('stays where n8n cannot be reached, and the target says so', async () => {
    const intercept: Intercept = (point, call) =>
      point === 'n8n.fetch' ? Promise.reject(new TypeError('fetch failed')) : call();
    const { status, targets } = await end('main', { intercept });
    expect(status).toBe('disconnected');
    expect(targets?.[0]).not.toHaveProperty('overwrittenAt');
  });

  test('that a disconnection left is overwritten by its repetition, after which one more changes nothing', async () => {
    const intercept: Intercept = (point, call) =>
      point === 'n8n.fetch' ? Promise.reject(new TypeError('fetch failed')) : call();
    await end('main', { intercept });
    world.pass(60);
    const item = await end();
    expect(await world.pushed('main')).toBe(OVERWRITTEN);
    world.pass(60);
    expect(await end()).toEqual(item);
    expect(await world.item('main')).toEqual(item);
  });

  test('is pushed again after a new consent', async () => {
    await end();
    world.pass(LEASE_SECONDS);
    await world.connect('main');
    await sweep(world.dependencies(), { deadline: world.deadline });
    expect(await world.pushed('main')).toBe(world.published('main'));
  });
});

describe('"revoked" is said', () => {
  test('when Zoom’s API refuses the access token', async () => {
    expect(await end()).toMatchObject({ revokedAt: expect.any(Number) });
  });

  test('not when Zoom confirms, but its API still accepts the token', async () => {
    const intercept: Intercept = async (point, call) =>
      point === 'zoom.user' ? (Response.json({ id: 'main' }) as never) : call();
    const item = await end('main', { intercept });
    expect(item.revokedAt).toBeUndefined();
    expect(item.lastError).toMatchObject({ code: 'not_revoked' });
  });
});
