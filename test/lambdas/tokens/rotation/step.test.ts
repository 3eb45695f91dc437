import { beforeEach, describe, expect, test } from '@jest/globals';
import { LEASE_SECONDS } from '../../../../lambdas/tokens/lease.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { DEFAULT_MARGINS, rotateAt } from '../../../../lambdas/tokens/schedule.ts';
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

  test('becomes a suspect when Zoom refuses the refresh token: active, published, and tried again after five minutes', async () => {
    const published = world.published('main');
    world.zoom.deauthorize('main');
    expect(await run()).toMatchObject({ kind: 'failed', recorded: 'retry', isRefused: true });
    expect(await world.item('main')).toMatchObject({
      status: 'active',
      suspectSince: world.time,
      failingSince: world.time,
      refusals: 1,
      failures: 1,
      dueAt: world.time + 300,
      lastError: { class: 'retry', code: 'suspect', at: world.time },
    });
    expect(world.published('main')).toBe(published);
    world.pass(299);
    expect(await run()).toEqual({ kind: 'nothing' });
    expect(world.zoom.refusals).toBe(1);
  });

  test('is marked for reconnect when Zoom refuses the refresh token a second time, and not tried on', async () => {
    world.zoom.deauthorize('main');
    const since = world.time;
    await run();
    world.pass(300);
    expect(await run()).toMatchObject({ kind: 'failed', recorded: 'reconnect', isRefused: true });
    expect(await world.item('main')).toMatchObject({
      status: 'reconnect',
      suspectSince: since,
      failingSince: since,
      refusals: 2,
      dueAt: world.time,
      lastError: { class: 'reconnect', code: 'invalid_token' },
    });
    world.pass(HOUR);
    expect(await run()).toEqual({ kind: 'nothing' });
    expect(world.zoom.refusals).toBe(2);
  });

  test('is not marked for reconnect by a second refusal that comes sooner, as an operator’s "rotate" may bring', async () => {
    world.zoom.deauthorize('main');
    const since = world.time;
    await run();
    world.pass(299);
    await run({}, true);
    expect(await world.item('main')).toMatchObject({
      status: 'active',
      suspectSince: since,
      refusals: 2,
      dueAt: world.time + 600,
    });
  });

  test('is healed by the next refresh when Zoom had refused it by mistake', async () => {
    let isMistaken = true;
    const mistaken: FunctionOptions = {
      intercept: async (point, call) => {
        if (point !== 'zoom.token' || !isMistaken) return call();
        isMistaken = false;
        return Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 400 }) as never;
      },
    };
    await run(mistaken);
    world.pass(300);
    expect(await run(mistaken)).toMatchObject({ kind: 'settled', rotated: true });
    const item = await world.item('main');
    expect(item).toMatchObject({ status: 'active', version: 2, failures: 0 });
    for (const past of ['suspectSince', 'refusals', 'failingSince', 'lastError'])
      expect(item).not.toHaveProperty(past);
  });

  test('stays a suspect through a failure of another kind between two refusals', async () => {
    world.zoom.deauthorize('main');
    const since = world.time;
    await run();
    world.pass(300);
    world.zoom.isDown = true;
    await run();
    expect(await world.item('main')).toMatchObject({ suspectSince: since, refusals: 1, failures: 2 });
    world.zoom.isDown = false;
    world.pass(300);
    await run();
    expect(await world.item('main')).toMatchObject({ status: 'reconnect', refusals: 2 });
  });
});

describe('a refusal in words that nobody knows', () => {
  const unknown = (points: string[] = []): FunctionOptions => ({
    intercept: async (point, call) => {
      points.push(point);
      const refused = { reason: 'Token revoked by policy', error: 'policy_violation' };
      return point === 'zoom.token' ? (Response.json(refused, { status: 400 }) as never) : call();
    },
  });
  /** Takes each step when it is due, for so many hours. */
  const tryFor = async (hours: number, options: FunctionOptions) => {
    const end = world.time + hours * HOUR;
    for (let { dueAt } = await world.item('main'); dueAt <= end; { dueAt } = await world.item('main')) {
      world.time = Math.max(world.time, dueAt);
      await run(options);
      if ((await world.item('main')).status !== 'active') return;
    }
    world.time = end;
  };
  beforeEach(() => world.pass(HOUR - 600));

  test('is retried hourly once the published token has expired', async () => {
    await tryFor(2, unknown());
    const requests: string[] = [];
    await tryFor(10, unknown(requests));
    expect(requests.filter((point) => point === 'zoom.token')).toHaveLength(10);
    expect(await world.item('main')).toMatchObject({ status: 'active', lastError: { code: 'zoom_refused' } });
  });

  test('is believed after a day and ten attempts, and a person is asked', async () => {
    const since = world.time;
    await tryFor(23.9, unknown());
    expect(await world.item('main')).toMatchObject({ status: 'active', failingSince: since });
    await tryFor(2, unknown());
    const item = await world.item('main');
    expect(item).toMatchObject({
      status: 'reconnect',
      dueAt: world.time,
      lastError: { class: 'reconnect', code: 'zoom_refused' },
    });
    expect(item.lastError?.message).toMatch(/^Zoom has refused every refresh since 20\d\d-/);
    expect(item.lastError?.at).toBeGreaterThanOrEqual(since + 24 * HOUR);
  });

  test('is not believed after a day with fewer than ten attempts', async () => {
    await run(unknown());
    world.pass(25 * HOUR);
    await run(unknown());
    expect(await world.item('main')).toMatchObject({ status: 'active', failures: 2 });
  });

  test('heals with the first refresh that Zoom grants', async () => {
    await tryFor(5, unknown());
    world.time = (await world.item('main')).dueAt;
    await run();
    expect(await world.item('main')).toMatchObject({ status: 'active', failures: 0, version: 2 });
  });
});

describe('an app’s credentials that belong to another Zoom app', () => {
  beforeEach(() => world.pass(HOUR - 600));
  const foreign = (requests: string[] = []) => {
    const deps = world.dependencies({
      intercept: (point, call) => {
        requests.push(point);
        return call();
      },
    });
    const app = { clientId: 'another app', clientSecret: world.appSecret };
    return { ...deps, vault: { ...deps.vault, app: async () => app } };
  };

  test('make the connection misconfigured, and its refresh token is not spent on them', async () => {
    const requests: string[] = [];
    await step('main', foreign(requests), { deadline: world.deadline });
    expect(await world.item('main')).toMatchObject({
      status: 'misconfigured',
      clientId: world.zoom.clientId,
      lastError: { class: 'misconfigured', code: 'other_app' },
    });
    expect(requests).not.toContain('zoom.token');
  });

  test('do not harm it: it goes on when the right ones are back', async () => {
    await step('main', foreign(), { deadline: world.deadline });
    world.pass(60);
    expect(await run()).toMatchObject({ kind: 'settled', rotated: true });
    expect(await world.item('main')).toMatchObject({ status: 'active', clientId: world.zoom.clientId });
  });
});

describe('a client secret that was replaced at Zoom', () => {
  beforeEach(() => world.pass(HOUR - 600));

  test('is read again by a warm function, which then rotates at once', async () => {
    const deps = world.dependencies();
    await deps.vault.app('default');
    world.zoom.clientSecret = 'new-secret';
    world.appSecret = 'new-secret';
    expect(await step('main', deps, { deadline: world.deadline })).toMatchObject({
      kind: 'settled',
      rotated: true,
    });
  });

  test('makes the connection misconfigured, which is retried after a minute and recovers once the secret is right', async () => {
    world.zoom.clientSecret = 'new-secret';
    await run();
    const item = await world.item('main');
    expect(item).toMatchObject({ status: 'misconfigured', lastError: { code: 'invalid_client' } });
    expect(item.dueAt - world.time).toBe(60);

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
