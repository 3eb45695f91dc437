import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { LEASE_SECONDS } from '../../../../lambdas/tokens/lease.ts';
import { addPublication } from '../../../../lambdas/tokens/publication-room.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { DEFAULT_MARGINS, rotateAt } from '../../../../lambdas/tokens/schedule.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type FunctionOptions, World } from '../../../support/world/world.ts';

let world: World;
const run = (options?: FunctionOptions, early = false) =>
  step('main', world.dependencies(options), { deadline: world.deadline, early });
const HOUR = 3600;

/** Options with which the call of this name fails. */
const failing = (name: string, error: unknown): FunctionOptions => ({
  intercept: (point, call) => (point === name ? Promise.reject(error) : call()),
});

beforeEach(async () => {
  world = new World();
  await world.connect('main');
});

describe('a connection that is not due', () => {
  test('is not changed', async () => {
    const before = await world.item('main');
    expect(await run()).toEqual({ kind: 'nothing' });
    expect(await world.item('main')).toEqual(before);
  });

  test('is rotated when an operator requests it', async () => {
    expect(await run({}, true)).toMatchObject({ kind: 'settled', rotated: true, published: true });
    expect(await world.item('main')).toMatchObject({ version: 2, publishedVersion: 2 });
  });
});

test('a step by itself stores what it has learned of the app', async () => {
  await run({}, true);
  expect(await world.store.appHealth('default')).toMatchObject({ buckets: [{ granted: 1, refused: 0 }] });
});

test('a rotation by hand that is killed before its end is published by the next sweep', async () => {
  const killed = new Promise(() => {});
  void run({ intercept: (point, call) => (point === 'vault.publish' ? (killed as never) : call()) }, true);
  while ((await world.item('main')).version === 1) await nextTurn();
  world.pass(LEASE_SECONDS);
  await sweep(world.dependencies(), { deadline: world.deadline });
  expect(await world.item('main')).toMatchObject({ version: 2, publishedVersion: 2 });
  expect(world.published('main')).toBe((await world.tokens('main')).accessToken);
});

test('a rotation that failed is not repeated while the secret takes no further version', async () => {
  const lease = { owner: 'me', now: world.time, until: world.time + 180, early: true };
  const held = await world.store.lease('main', lease);
  if (!held) throw new Error('no lease');
  let publications = addPublication(undefined, world.time);
  for (let more = 1; more < 99; more += 1) publications = addPublication(publications, world.time);
  const { validUntil } = held;
  await world.store.settle(held, { validUntil, dueAt: world.time, overlap: 'unknown', publications });
  const failed = await world.store.lease('main', lease);
  if (!failed) throw new Error('no lease');
  const lastError = { class: 'retry', code: 'zoom_unavailable', message: 'm', action: 'a', at: 0 } as const;
  const failure = { status: 'active', dueAt: world.time, failures: 1, validUntil, lastError } as const;
  await world.store.fail(failed, failure);
  expect(await run()).toMatchObject({ kind: 'settled', rotated: false });
  expect(await world.item('main')).toMatchObject({ version: 1 });
});

describe('a connection that is due', () => {
  beforeEach(() => world.pass(HOUR - 600));

  test('gets new tokens, which are published, and a time for its next rotation', async () => {
    expect(await run()).toMatchObject({ kind: 'settled', rotated: true, published: true });
    const item = await world.item('main');
    expect(item).toMatchObject({
      status: 'active',
      version: 2,
      publishedVersion: 2,
      failures: 0,
      rotatedAt: world.time,
    });
    expect(item.validUntil).toBe(world.time + HOUR);
    // A minute later it is measured whether the earlier token still lives, then it is due for its rotation.
    expect(item.dueAt).toBe(world.time + 60);
    world.pass(60);
    expect(await run()).toMatchObject({ kind: 'settled', rotated: false, published: false });
    const measured = await world.item('main');
    expect(measured.dueAt).toBe(rotateAt(measured, DEFAULT_MARGINS));
    expect(measured.dueAt).toBeGreaterThan(world.time + HOUR / 3);
    expect(item.leaseOwner).toBeUndefined();
    expect(world.zoom.accepts(world.published('main'))).toBe(true);
    expect(world.zoom.isLiving('main', (await world.tokens('main')).refreshToken)).toBe(true);
  });

  test('is rotated by only one of many functions that try at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => run()));
    expect(outcomes.filter(({ kind }) => kind === 'settled')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'nothing')).toHaveLength(19);
    expect(world.zoom.mostInFlight).toBe(1);
  });

  test('keeps the old refresh token when Zoom returns none', async () => {
    const { refreshToken } = await world.tokens('main');
    const respond = () => Response.json({ access_token: 'newer', expires_in: HOUR });
    await run({
      intercept: (point, call) => (point === 'zoom.token' ? (Promise.resolve(respond()) as never) : call()),
    });
    expect(await world.tokens('main')).toMatchObject({ accessToken: 'newer', refreshToken });
  });

  test('keeps its old token published while Zoom is down, and is retried', async () => {
    const published = world.published('main');
    world.zoom.isDown = true;
    expect(await run()).toMatchObject({ kind: 'failed' });
    const item = await world.item('main');
    expect(item).toMatchObject({
      status: 'active',
      version: 1,
      failures: 1,
      lastError: { class: 'retry', code: 'zoom_unavailable' },
    });
    expect(item.dueAt).toBeGreaterThan(world.time);
    expect(world.published('main')).toBe(published);

    world.zoom.isDown = false;
    world.pass(300);
    expect(await run()).toMatchObject({ kind: 'settled', rotated: true });
    expect(await world.item('main')).toMatchObject({ failures: 0 });
    expect((await world.item('main')).lastError).toBeUndefined();
  });
});

describe('a publication that fails', () => {
  beforeEach(() => world.pass(HOUR - 600));

  test('is repeated without another request to Zoom', async () => {
    await run(failing('vault.publish', new Error('throttled')));
    const item = await world.item('main');
    expect(item).toMatchObject({ status: 'active', version: 2, publishedVersion: 1, failures: 1 });
    const { accessToken } = await world.tokens('main');

    world.pass(300);
    expect(await run()).toMatchObject({ kind: 'settled', rotated: false, published: true });
    expect(world.published('main')).toBe(accessToken);
    expect(await world.item('main')).toMatchObject({ version: 2, publishedVersion: 2, failures: 0 });
  });

  test('changes nothing when it is repeated although it had succeeded', async () => {
    await run(failing('store.settle', new Error('lost')));
    const history = world.vault.history.length;
    world.pass(LEASE_SECONDS);
    expect(await run()).toMatchObject({ kind: 'settled', rotated: false, published: true });
    expect(world.vault.history).toHaveLength(history);
  });
});

describe('a commit', () => {
  beforeEach(() => world.pass(HOUR - 600));

  test('is retried until the function ends, because losing it would lose the connection', async () => {
    const start = world.time;
    let failures = 0;
    const outcome = await run({
      intercept: (point, call) => {
        if (point !== 'store.commitRotation' || world.time > start + 40) return call();
        failures += 1;
        return Promise.reject(new Error('down'));
      },
    });
    expect(outcome).toMatchObject({ kind: 'settled', rotated: true });
    expect(failures).toBeGreaterThan(10);
  });

  test('is recognized as stored when its response was lost', async () => {
    let isLost = false;
    const outcome = await run({
      intercept: async (point, call) => {
        const result = await call();
        if (point !== 'store.commitRotation' || isLost) return result;
        isLost = true;
        throw new Error('connection reset');
      },
    });
    expect(outcome).toMatchObject({ kind: 'settled', rotated: true, item: { version: 2 } });
  });

  test('yields to a consent that was stored while Zoom was responding', async () => {
    const outcome = await run({
      intercept: async (point, call) => {
        if (point === 'store.commitRotation') await world.connect('main');
        return call();
      },
    });
    expect(outcome).toMatchObject({ kind: 'yielded' });
    const item = await world.item('main');
    expect(item).toMatchObject({ generation: 2, version: 2, status: 'active' });
    expect(item.leaseOwner).toBeUndefined();
    expect(await run()).toMatchObject({ kind: 'settled', rotated: false, published: true });
    expect(world.published('main')).toBe((await world.tokens('main')).accessToken);
  });

  test('still stores the tokens after the lease has expired, when no newer ones are stored', async () => {
    const outcome = await run({
      intercept: async (point, call) => {
        if (point === 'store.commitRotation') {
          const thief = {
            owner: 'thief',
            now: world.time + LEASE_SECONDS,
            until: world.time + 2 * LEASE_SECONDS,
            early: false,
          };
          await world.store.lease('main', thief);
        }
        return call();
      },
    });
    expect(outcome).toMatchObject({ kind: 'yielded' });
    expect(world.zoom.isLiving('main', (await world.tokens('main')).refreshToken)).toBe(true);
    expect(await world.item('main')).toMatchObject({ version: 2, leaseOwner: 'thief' });
  });
});

test('an early rotation whose response was lost is repeated by the next sweep, not an hour later', async () => {
  const reset = new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) });
  await run(failing('zoom.token', reset), true);
  expect(await world.item('main')).toMatchObject({ status: 'active', lastError: { code: 'no_answer' } });
  world.pass(60);
  expect(await run()).toMatchObject({ kind: 'settled', rotated: true });
});

describe('a step that a newer consent has overtaken leaves the lease free', () => {
  beforeEach(() => world.pass(HOUR - 600));
  const consentAt = (name: string): FunctionOptions => ({
    intercept: async (point, call) => {
      if (point === name) {
        world.zoom.isDown = false;
        await world.connect('main');
      }
      return call();
    },
  });

  test('when it has published, so that the next step publishes the tokens of the consent', async () => {
    expect(await run(consentAt('store.settle'))).toMatchObject({ kind: 'settled', rotated: true });
    expect(await world.item('main')).not.toHaveProperty('leaseOwner');
    expect(await run()).toMatchObject({ kind: 'settled', published: true });
    expect(world.published('main')).toBe((await world.tokens('main')).accessToken);
  });

  test('when it has failed, and its failure is not recorded', async () => {
    world.zoom.isDown = true;
    expect(await run(consentAt('store.fail'))).toMatchObject({ kind: 'failed' });
    const item = await world.item('main');
    expect(item).not.toHaveProperty('leaseOwner');
    expect(item).toMatchObject({ failures: 0, generation: 2 });
  });
});

test('a step ends only when its failure is stored', async () => {
  world.pass(HOUR - 600);
  world.zoom.isDown = true;
  await run({
    intercept: async (point, call) => {
      if (point === 'store.fail') await nextTurn();
      return call();
    },
  });
  expect(await world.item('main')).toMatchObject({ failures: 1, lastError: { code: 'zoom_unavailable' } });
});
