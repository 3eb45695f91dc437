import { beforeEach, describe, expect, test } from '@jest/globals';
import { Failure } from '../../../../lambdas/tokens/errors.ts';
import { createAppMonitor } from '../../../../lambdas/tokens/judgement/app-monitor.ts';
import { recordFailure } from '../../../../lambdas/tokens/rotation/record-failure.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { type FunctionOptions, World } from '../../../support/world/world.ts';

let world: World;
const run = (options?: FunctionOptions, early = false) =>
  step('main', world.dependencies(options), { deadline: world.deadline, early });
const HOUR = 3600;

beforeEach(async () => {
  world = new World();
  await world.connect('main');
});

describe('a connection that is due', () => {
  beforeEach(() => world.pass(HOUR - 600));

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
      lastError: {
        ...{ class: 'reconnect', code: 'invalid_token' },
        action: 'Reconnect: npx zoom-tokens connect main',
      },
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

  test.each([
    { failures: 9, seconds: 24 * HOUR, recorded: 'reconnect' },
    { failures: 8, seconds: 24 * HOUR, recorded: 'retry' },
    { failures: 9, seconds: 24 * HOUR - 1, recorded: 'retry' },
  ])(
    'at attempt $failures + 1, after $seconds s, counts as $recorded',
    async ({ failures, seconds, recorded }) => {
      const lease = { owner: 'me', now: world.time, until: world.time + 180, early: true };
      const held = await world.store.lease('main', lease);
      if (!held) throw new Error('no lease');
      const deps = world.dependencies();
      const item = { ...held, failures, failingSince: world.time - seconds };
      const refused = new Failure('retry', 'zoom_refused', 'Zoom refused it.', 'Wait.');
      expect(await recordFailure(item, refused, {}, deps, createAppMonitor(deps))).toMatchObject({
        recorded,
      });
    },
  );

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
