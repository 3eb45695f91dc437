import { beforeEach, describe, expect, test } from '@jest/globals';
import { Failure } from '../../../../lambdas/tokens/errors.ts';
import { toHealthMetrics } from '../../../../lambdas/tokens/sweep/fleet-health.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type FunctionOptions, World } from '../../../support/world/world.ts';

let world: World;
const run = (options?: FunctionOptions) => sweep(world.dependencies(options), { deadline: world.deadline });
const HOUR = 3600;

/** The sweep's calls to the store. */
let calls: string[];
const observed = () =>
  run({
    intercept: (point, call) => {
      if (point.startsWith('store.')) calls.push(point);
      return call();
    },
  });
const failsAt = (failing: string) =>
  run({ intercept: (point, call) => (point === failing ? Promise.reject(new Error('down')) : call()) });

/** The user of `c0` removes the app. A sweep finds a suspect, which the next refusal confirms. */
const refuseOnce = async () => {
  await checkJustBeforeItIsDue();
  world.zoom.deauthorize('c0');
  await run();
  world.pass(300);
};

/** Sweeps one second before `c0` is due, which checks the health of the fleet, and then moves the clock to that second. */
const checkJustBeforeItIsDue = async () => {
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
  calls = [];
});

describe('the fleet’s health', () => {
  test('holds the minutes that are left of the published token that expires first', async () => {
    world.pass(1200);
    await world.connect('c1');
    expect((await run()).health).toEqual({ minutesOfValidity: 40, reconnect: 0, misconfigured: 0 });
  });

  test('has no minutes of validity without a connection', async () => {
    world = new World();
    expect((await run()).health).toEqual({ minutesOfValidity: undefined, reconnect: 0, misconfigured: 0 });
  });

  test('counts the connections that need a new consent and those that the operator must fix', async () => {
    for (const name of ['c1', 'c2']) await world.connect(name);
    world.pass(HOUR - 600);
    world.zoom.deauthorize('c0');
    await run();
    world.pass(300);
    await run();
    world.zoom.clientSecret = 'new';
    world.pass(HOUR - 600);
    expect((await run()).health).toMatchObject({ reconnect: 1, misconfigured: 2 });
  });

  test('has no negative minutes', () => {
    const health = { checkedAt: 0, leastValidUntil: 60, reconnect: 0, misconfigured: 0 };
    expect(toHealthMetrics(health, 2 * HOUR).minutesOfValidity).toBe(0);
  });
});

describe('a sweep after one that checked the fleet', () => {
  test('reuses that check when no connection is due', async () => {
    world.pass(120);
    expect((await observed()).health).toEqual({ minutesOfValidity: 58, reconnect: 0, misconfigured: 0 });
    // Disconnections that were left, what is due in either status that is tried, and the end of the sweep.
    expect(calls).toEqual(['store.due', 'store.due', 'store.due', 'store.reuseHealthCheck']);
  });

  test('checks again after three minutes', async () => {
    world.pass(180);
    await observed();
    expect(calls).toEqual(expect.arrayContaining(['store.leastValidUntil', 'store.count']));
  });

  test('reads only the earliest expiry again when it rotated a connection, and the next sweep checks', async () => {
    await checkJustBeforeItIsDue();
    expect((await observed()).health).toMatchObject({ minutesOfValidity: 60 });
    expect(calls).toEqual(
      expect.arrayContaining(['store.due', 'store.leastValidUntil', 'store.reuseHealthCheck']),
    );
    expect(calls).not.toContain('store.count');
    world.pass(60);
    await observed();
    expect(calls).toContain('store.count');
  });

  test.each<[string, object, string | undefined, () => void]>([
    [
      'the operator to fix the app',
      { misconfigured: 1 },
      undefined,
      () => Object.assign(world.zoom, { clientSecret: 'new' }),
    ],
    ['the operator to fix its publication', { misconfigured: 1 }, 'vault.publish', () => {}],
  ])('checks again at once when a connection needs %s', async (_, health, denied, breaks) => {
    await checkJustBeforeItIsDue();
    breaks();
    const refused = new Failure('misconfigured', 'publish_denied', 'It may not be written.', 'Deploy again.');
    const report = await run({
      intercept: (point, call) => (point === denied ? Promise.reject(refused) : call()),
    });
    expect(report.health).toMatchObject(health);
  });

  test('checks again at once when a connection is refused, and when it needs a new consent', async () => {
    await checkJustBeforeItIsDue();
    world.zoom.deauthorize('c0');
    await observed();
    expect(calls).toContain('store.count');
    world.pass(300);
    expect((await run()).health).toMatchObject({ reconnect: 1 });
  });

  test('checks once more when the index lagged behind', async () => {
    await refuseOnce();
    // An index that lags still counts no such connection.
    const { store, ...deps } = world.dependencies();
    const lagging = new Proxy(store, {
      get: (target, name) => (name === 'count' ? async () => 0 : Reflect.get(target, name)),
    });
    await sweep({ ...deps, store: lagging }, { deadline: world.deadline });
    world.pass(60);
    expect((await run()).health).toMatchObject({ reconnect: 1 });
  });

  test.each(['store.count', 'store.fail', 'alerts.reconnectNeeded'])(
    'checks again when that sweep failed at %s while it marked a connection for reconnect',
    async (point) => {
      await refuseOnce();
      await failsAt(point);
      world.pass(200);
      expect((await run()).health).toMatchObject({ reconnect: 1 });
      expect(world.alerts).toEqual([['c0']]);
    },
  );
});

describe('a sweep that cannot check the fleet', () => {
  test('reports what it did, and the error', async () => {
    await checkJustBeforeItIsDue();
    const before = await world.store.sweptAt();
    const report = await failsAt('store.leastValidUntil');
    expect(report).toMatchObject({ rotated: 1, published: 1, failure: new Error('down') });
    expect(report).not.toHaveProperty('health');
    expect(await world.store.sweptAt()).toBe(before);
  });

  test('does not count as ended when the last check is too old', async () => {
    const before = await world.store.sweptAt();
    world.pass(180);
    expect(await failsAt('store.count')).toMatchObject({ failure: new Error('down') });
    expect(await world.store.sweptAt()).toBe(before);
  });
});

test('a sweep that is killed before its alerts leaves them to the next one, however recent the last check', async () => {
  await refuseOnce();
  world.time -= 1;
  await run();
  world.pass(1);
  await failsAt('store.leastValidUntil');
  expect(world.alerts).toEqual([]);
  world.pass(60);
  await run();
  expect(world.alerts).toEqual([['c0']]);
});

test('an alert that failed is repeated by every sweep, also when no connection is due', async () => {
  await refuseOnce();
  for (const wait of [60, 60]) {
    await failsAt('alerts.reconnectNeeded');
    world.pass(wait);
  }
  expect(world.alerts).toEqual([]);
  await run();
  expect(world.alerts).toEqual([['c0']]);
});
