import { beforeEach, describe, expect, test } from '@jest/globals';
import { LEASE_SECONDS } from '../../../../lambdas/tokens/lease.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { DEFAULT_MARGINS, rotateAt } from '../../../../lambdas/tokens/schedule.ts';
import { type FunctionOptions, World } from '../../../support/world/world.ts';

let world: World;
const run = (options?: FunctionOptions, early = false) =>
  step('main', world.dependencies(options), { deadline: world.deadline, early });
const HOUR = 3600;

/** A call of this name fails, the others go through. */
const failing = (name: string, error: unknown): FunctionOptions => ({
  intercept: (point, call) => (point === name ? Promise.reject(error) : call()),
});

beforeEach(async () => {
  world = new World();
  await world.connect('main');
});

describe('a connection that is not due', () => {
  test('is left alone', async () => {
    const before = await world.item('main');
    expect(await run()).toEqual({ kind: 'nothing' });
    expect(await world.item('main')).toEqual(before);
  });

  test('is rotated when an operator asks for it', async () => {
    expect(await run({}, true)).toMatchObject({ kind: 'settled', rotated: true, published: true });
    expect(await world.item('main')).toMatchObject({ version: 2, publishedVersion: 2 });
  });
});

describe('a connection that is due', () => {
  beforeEach(() => world.pass(HOUR - 600));

  test('gets new tokens, which n8n can read, and a time for the next rotation', async () => {
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
    expect(item.dueAt).toBe(rotateAt(item, DEFAULT_MARGINS));
    expect(item.dueAt).toBeGreaterThan(world.time + HOUR / 3);
    expect(item.leaseOwner).toBeUndefined();
    expect(world.zoom.accepts(world.published('main'))).toBe(true);
    expect(world.zoom.isLiving('main', (await world.tokens('main')).refreshToken)).toBe(true);
  });

  test('is rotated by one of many that try at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => run()));
    expect(outcomes.filter(({ kind }) => kind === 'settled')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'nothing')).toHaveLength(19);
    expect(world.zoom.mostInFlight).toBe(1);
  });

  test('keeps its refresh token when the answer brings none', async () => {
    const { refreshToken } = await world.tokens('main');
    const answer = () => Response.json({ access_token: 'newer', expires_in: HOUR });
    await run({
      intercept: (point, call) => (point === 'zoom.token' ? (Promise.resolve(answer()) as never) : call()),
    });
    expect(await world.tokens('main')).toMatchObject({ accessToken: 'newer', refreshToken });
  });

  test('keeps its old token published while Zoom is down, and tries again', async () => {
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

  test('needs a human when Zoom says that the refresh token is dead', async () => {
    world.zoom.deauthorize('main');
    await run();
    expect(await world.item('main')).toMatchObject({
      status: 'reconnect',
      lastError: { class: 'reconnect', code: 'invalid_token' },
    });
    world.pass(HOUR);
    expect(await run()).toEqual({ kind: 'nothing' });
    expect(world.zoom.refusals).toBe(1);
  });
});

describe('an operator who replaces the client secret', () => {
  beforeEach(() => world.pass(HOUR - 600));

  test('needs to do nothing more: a warm function reads it again and goes on at once', async () => {
    const deps = world.dependencies();
    await deps.vault.app('default');
    world.zoom.clientSecret = 'new-secret';
    world.appSecret = 'new-secret';
    expect(await step('main', deps, { deadline: world.deadline })).toMatchObject({
      kind: 'settled',
      rotated: true,
    });
  });

  test('too late finds the connection misconfigured, tried at a slow pace, and healed by itself', async () => {
    world.zoom.clientSecret = 'new-secret';
    await run();
    const item = await world.item('main');
    expect(item).toMatchObject({ status: 'misconfigured', lastError: { code: 'invalid_client' } });
    expect(item.dueAt - world.time).toBeGreaterThanOrEqual(600);

    world.appSecret = 'new-secret';
    world.pass(item.dueAt - world.time);
    expect(await run()).toMatchObject({ kind: 'settled', rotated: true });
    expect(await world.item('main')).toMatchObject({ status: 'active', failures: 0 });
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

  test('after its effect changes nothing when it is repeated', async () => {
    await run(failing('store.settle', new Error('lost')));
    const history = world.vault.history.length;
    world.pass(LEASE_SECONDS);
    expect(await run()).toMatchObject({ kind: 'settled', rotated: false, published: true });
    expect(world.vault.history).toHaveLength(history);
  });
});

describe('a commit', () => {
  beforeEach(() => world.pass(HOUR - 600));

  test('is tried until the function ends: losing it would lose the connection', async () => {
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

  test('whose answer was lost is recognized', async () => {
    let isLost = false;
    const outcome = await run({
      intercept: async (point, call) => {
        const answer = await call();
        if (point !== 'store.commitRotation' || isLost) return answer;
        isLost = true;
        throw new Error('connection reset');
      },
    });
    expect(outcome).toMatchObject({ kind: 'settled', rotated: true, item: { version: 2 } });
  });

  test('yields to a consent that came while Zoom was answering', async () => {
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

  test('of a holder that lost its lease still saves the tokens, if nobody else has stored newer ones', async () => {
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

test('an early rotation without an answer is settled by the next sweep, not an hour later', async () => {
  const reset = new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) });
  await run(failing('zoom.token', reset), true);
  expect(await world.item('main')).toMatchObject({ status: 'active', lastError: { code: 'no_answer' } });
  world.pass(60);
  expect(await run()).toMatchObject({ kind: 'settled', rotated: true });
});
