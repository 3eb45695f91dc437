import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { placeOf } from '../../../../lambdas/tokens/publication/place.ts';
import { ALL_CONCURRENCY, CONCURRENCY, RECORDING, sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type FunctionOptions, World } from '../../../support/world/world.ts';

let world: World;
const run = (options?: FunctionOptions) => sweep(world.dependencies(options), { deadline: world.deadline });
const connect = async (count: number) => {
  for (let i = 0; i < count; i += 1) await world.connect(`c${i}`);
};
const statuses = async () => (await world.store.list()).map(({ status }) => status);
const namesDue = async (limit: number) =>
  (await world.store.due('active', world.time, { limit })).entries.map(({ connection }) => connection);
const HOUR = 3600;

beforeEach(() => {
  world = new World();
});

describe('a sweep', () => {
  test('does nothing when no connection is due', async () => {
    await connect(3);
    expect(await run()).toMatchObject({ rotated: 0, published: 0, failed: { retry: 0 } });
  });

  test('rotates every connection that is due', async () => {
    await connect(250);
    world.pass(HOUR - 600);
    expect(await run()).toMatchObject({ rotated: 250, published: 250 });
    for (let i = 0; i < 250; i += 1) expect(world.zoom.accepts(world.published(`c${i}`))).toBe(true);
  });

  test.each([
    ['sixteen steps of connections with a secret of their own', CONCURRENCY, 'own'],
    ['36 steps of the members of bundles', ALL_CONCURRENCY, placeOf('sales')],
  ] as const)('takes %s at once, and no more', async (_, atOnce, place) => {
    for (let i = 0; i < 3 * atOnce; i += 1)
      await world.connect(`c${i}`, undefined, undefined, undefined, place);
    world.pass(HOUR - 600);
    let waiting: (() => void)[] = [];
    let most = 0;
    const report = await run({
      intercept: async (point, call) => {
        if (point !== 'zoom.token') return call();
        // Zoom responds once so many requests have arrived. With fewer at once the sweep would hang.
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          most = Math.max(most, waiting.length);
          if (waiting.length < atOnce) return;
          for (const respond of waiting) respond();
          waiting = [];
        });
        return call();
      },
    });
    expect(report.rotated).toBe(3 * atOnce);
    expect(most).toBe(atOnce);
  });

  test('lets the members of a bundle record its publication a few at a time', async () => {
    for (let i = 0; i < 2 * RECORDING; i += 1)
      await world.connect(`c${i}`, undefined, undefined, undefined, placeOf('sales'));
    world.pass(HOUR - 600);
    let recorded = 0;
    const deps = world.dependencies({
      intercept: (point, call) => {
        if (point === 'store.settle') recorded += 1;
        return call();
      },
    });
    const turns: (() => void)[] = [];
    const wait: typeof deps.wait = (milliseconds, signal) =>
      milliseconds === 0 ? new Promise((end) => void turns.push(end)) : deps.wait(milliseconds, signal);
    const running = sweep({ ...deps, wait }, { deadline: world.deadline });
    for (const before of [0, RECORDING]) {
      while (turns.length < RECORDING) await setImmediate();
      await setImmediate();
      expect({ waiting: turns.length, recorded }).toEqual({ waiting: RECORDING, recorded: before });
      for (const end of turns.splice(0)) end();
    }
    expect(await running).toMatchObject({ published: 2 * RECORDING });
  });

  test('begins no step that had to wait until there is no time for it any more', async () => {
    await connect(2 * CONCURRENCY);
    world.pass(HOUR - 600);
    const late = world.deadline - 10;
    const all = Promise.withResolvers<void>();
    let requests = 0;
    const report = await run({
      intercept: async (point, call) => {
        if (point !== 'zoom.token') return call();
        requests += 1;
        if (requests === CONCURRENCY) all.resolve();
        await all.promise;
        world.time = late;
        return call();
      },
    });
    expect(report.rotated).toBe(CONCURRENCY);
  });

  test('goes on with all other steps while Zoom is slow to respond to one', async () => {
    await connect(150);
    world.pass(HOUR - 600);
    const [first] = await namesDue(1);
    const last = Promise.withResolvers<void>();
    let requests = 0;
    const report = await run({
      intercept: async (point, call) => {
        if (point !== 'zoom.token') return call();
        requests += 1;
        // Zoom responds to the first request once the last one has arrived. A sweep that waits for it would hang.
        if (requests === 1) await last.promise;
        if (requests === 150) last.resolve();
        return call();
      },
    });
    expect(report).toMatchObject({ rotated: 150, published: 150 });
    expect((await world.item(first ?? '')).version).toBe(2);
    expect(world.zoom.refusals).toBe(0);
  });

  test('finishes what it has read before it fails when a later page cannot be read', async () => {
    await connect(20);
    world.pass(HOUR - 600);
    let pages = 0;
    const failing = run({
      intercept: async (point, call) => {
        // The left disconnections and the pages of the two statuses are read first, and then those once more.
        if (point === 'store.due' && ++pages > 3) throw new Error('down');
        return call();
      },
    });
    expect(await failing).toMatchObject({ rotated: 20, failure: new Error('down') });
    const items = await world.store.list();
    expect(items.filter(({ leaseUntil }) => leaseUntil !== undefined)).toEqual([]);
    expect(items.filter(({ publishedVersion }) => publishedVersion === 2)).toHaveLength(20);
  });

  test('fails at once where nothing can be read, and starts no step', async () => {
    await connect(20);
    world.pass(HOUR - 600);
    const report = await run({
      intercept: async (point, call) => (point === 'store.due' ? Promise.reject(new Error('down')) : call()),
    });
    expect(report).toMatchObject({ rotated: 0, failure: new Error('down') });
  });

  test('takes the most urgent first, starts no step that it cannot finish, and leaves the rest to the next sweep', async () => {
    await connect(200);
    world.pass(HOUR - 600);
    const order = await namesDue(200);
    const started: string[] = [];
    // Every rotation moves the clock, which all sixteen share, by a quarter of a second.
    const slow: FunctionOptions = {
      intercept: async (point, call) => {
        if (point === 'zoom.token') world.pass(0.25);
        return call();
      },
    };
    const deps = world.dependencies(slow);
    const store = new Proxy(deps.store, {
      get: (target, property) =>
        property === 'lease'
          ? (...[name, lease]: Parameters<typeof target.lease>) => {
              started.push(name);
              return target.lease(name, lease);
            }
          : Reflect.get(target, property),
    });
    const first = await sweep({ ...deps, store }, { deadline: world.deadline });
    expect(first.rotated).toBeGreaterThan(0);
    expect(first.rotated).toBeLessThan(200);
    expect(started).toEqual(order.slice(0, started.length));
    expect(first.took).toBeLessThanOrEqual(60);
    expect((await run()).rotated).toBe(200 - first.rotated);
  });

  test('sends no second refresh request for a connection when it overlaps another sweep', async () => {
    await connect(30);
    world.pass(HOUR - 600);
    const reports = await Promise.all([run(), run(), run()]);
    expect(reports.reduce((sum, { rotated }) => sum + rotated, 0)).toBe(30);
    expect(world.zoom.mostInFlight).toBe(1);
    expect(world.zoom.refusals).toBe(0);
  });

  test('goes on when the lease of one connection cannot be taken', async () => {
    await connect(10);
    world.pass(HOUR - 600);
    let calls = 0;
    const report = await run({
      intercept: (point, call) =>
        point === 'store.lease' && ++calls === 3 ? Promise.reject(new Error('down')) : call(),
    });
    expect(report).toMatchObject({ rotated: 9, failed: { retry: 1 } });
    expect((await run()).rotated).toBe(1);
  });

  test('retries misconfigured connections even when the active ones alone fill every sweep', async () => {
    await connect(1);
    world.pass(HOUR - 600);
    world.zoom.clientSecret = 'new';
    await run();
    world.appSecret = 'new';
    for (let i = 1; i < 200; i += 1) await world.connect(`c${i}`);
    world.pass(HOUR - 600);
    const report = await run({
      intercept: async (point, call) => {
        if (point === 'zoom.token') world.pass(0.25);
        return call();
      },
    });
    expect(report.rotated).toBeLessThan(200);
    expect((await world.item('c0')).status).toBe('active');
  });

  test('retries misconfigured connections when they are due', async () => {
    await connect(2);
    world.pass(HOUR - 600);
    world.zoom.clientSecret = 'new';
    expect((await run()).failed).toMatchObject({ misconfigured: 2, reconnect: 0 });
    expect(await statuses()).toEqual(['misconfigured', 'misconfigured']);
    world.appSecret = 'new';
    expect((await run()).rotated).toBe(0);
    world.pass(20 * 60);
    expect((await run()).rotated).toBe(2);
    expect(await statuses()).toEqual(['active', 'active']);
  });
});
