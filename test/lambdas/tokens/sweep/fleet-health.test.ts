import { beforeEach, describe, expect, test } from '@jest/globals';
import { Failure } from '../../../../lambdas/tokens/errors.ts';
import { toHealthMetrics } from '../../../../lambdas/tokens/sweep/fleet-health.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type FunctionOptions, World } from '../../../support/world/world.ts';

// What a sweep does besides the rotations: it looks how the whole fleet stands, and leaves that to the next ones.

let world: World;
const run = (options?: FunctionOptions) => sweep(world.dependencies(options), { deadline: world.deadline });
const HOUR = 3600;

/** What the sweep asked of the store. */
const asked: string[] = [];
const observed = () =>
  run({
    intercept: (point, call) => {
      if (point.startsWith('store.')) asked.push(point);
      return call();
    },
  });
const failsAt = (failing: string) =>
  run({ intercept: (point, call) => (point === failing ? Promise.reject(new Error('down')) : call()) });

/** Two sweeps, of which the second looks and finds all well, and a second before `c0` is due. */
const lookJustBeforeItIsDue = async () => {
  const { dueAt } = await world.item('c0');
  world.pass(dueAt - 1 - world.time);
  await run();
  world.pass(1);
};

beforeEach(async () => {
  world = new World();
  await world.connect('c0');
  await run();
  await run();
  asked.length = 0;
});

describe('the fleet’s health', () => {
  test('is what n8n has left of the token that ends first', async () => {
    world.pass(1200);
    await world.connect('c1');
    expect((await run()).health).toEqual({ minutesOfValidity: 40, reconnect: 0, misconfigured: 0 });
  });

  test('has no validity without a connection', async () => {
    world = new World();
    expect((await run()).health).toEqual({ minutesOfValidity: undefined, reconnect: 0, misconfigured: 0 });
  });

  test('counts who needs a human and who the operator', async () => {
    for (const name of ['c1', 'c2']) await world.connect(name);
    world.pass(HOUR - 600);
    world.zoom.deauthorize('c0');
    await run();
    world.zoom.clientSecret = 'new';
    world.pass(HOUR - 600);
    expect((await run()).health).toMatchObject({ reconnect: 1, misconfigured: 2 });
  });

  test('never counts below nothing', () => {
    const health = { checkedAt: 0, leastValidUntil: 60, reconnect: 0, misconfigured: 0 };
    expect(toHealthMetrics(health, 2 * HOUR).minutesOfValidity).toBe(0);
  });
});

describe('a sweep after one that looked at the fleet', () => {
  test('asks who is due and no more, where nobody is, and tells the health by what was found', async () => {
    world.pass(120);
    expect((await observed()).health).toEqual({ minutesOfValidity: 58, reconnect: 0, misconfigured: 0 });
    expect(asked).toEqual(['store.due', 'store.reuseHealthCheck']);
  });

  test('looks again after three minutes', async () => {
    world.pass(180);
    await observed();
    expect(asked).toEqual(expect.arrayContaining(['store.leastValidUntil', 'store.count']));
  });

  test('asks for the validity besides, where something was rotated, and the next one looks', async () => {
    await lookJustBeforeItIsDue();
    expect((await observed()).health).toMatchObject({ minutesOfValidity: 60 });
    expect(asked).toEqual(
      expect.arrayContaining(['store.due', 'store.leastValidUntil', 'store.reuseHealthCheck']),
    );
    expect(asked).not.toContain('store.count');
    world.pass(60);
    await observed();
    expect(asked).toContain('store.count');
  });

  test.each<[string, object, string | undefined, () => void]>([
    ['a person', { reconnect: 1 }, undefined, () => world.zoom.deauthorize('c0')],
    [
      'the operator',
      { misconfigured: 1 },
      undefined,
      () => Object.assign(world.zoom, { clientSecret: 'new' }),
    ],
    ['the operator, to be published', { misconfigured: 1 }, 'vault.publish', () => {}],
  ])('looks again at once when a connection needs %s', async (_, health, denied, breaks) => {
    await lookJustBeforeItIsDue();
    breaks();
    const refused = new Failure('misconfigured', 'publish_denied', 'It may not be written.', 'Deploy again.');
    const report = await run({
      intercept: (point, call) => (point === denied ? Promise.reject(refused) : call()),
    });
    expect(report.health).toMatchObject(health);
  });

  test('looks once more when an index had not shown yet who needs somebody', async () => {
    await lookJustBeforeItIsDue();
    world.zoom.deauthorize('c0');
    // An index that lags answers as it did before.
    const { store, ...deps } = world.dependencies();
    const lagging = new Proxy(store, {
      get: (target, name) => (name === 'count' ? async () => 0 : Reflect.get(target, name)),
    });
    await sweep({ ...deps, store: lagging }, { deadline: world.deadline });
    world.pass(60);
    expect((await run()).health).toMatchObject({ reconnect: 1 });
  });

  test.each(['store.count', 'store.fail', 'alerts.reconnectNeeded'])(
    'looks again where that one fails at %s while it gives a connection up',
    async (point) => {
      await lookJustBeforeItIsDue();
      world.zoom.deauthorize('c0');
      await failsAt(point);
      world.pass(200);
      expect((await run()).health).toMatchObject({ reconnect: 1 });
      expect(world.alerts).toEqual([['c0']]);
    },
  );
});

describe('a sweep that cannot look', () => {
  test('tells what it has done, and why it did not come to its end', async () => {
    await lookJustBeforeItIsDue();
    const before = await world.store.sweptAt();
    const report = await failsAt('store.leastValidUntil');
    expect(report).toMatchObject({ rotated: 1, published: 1, failure: new Error('down') });
    expect(report).not.toHaveProperty('health');
    expect(await world.store.sweptAt()).toBe(before);
  });

  test('of which the look is too old, has not ended either', async () => {
    const before = await world.store.sweptAt();
    world.pass(180);
    expect(await failsAt('store.count')).toMatchObject({ failure: new Error('down') });
    expect(await world.store.sweptAt()).toBe(before);
  });
});
