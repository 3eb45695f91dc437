import { beforeEach, describe, expect, test } from '@jest/globals';
import { CONCURRENCY, sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
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
  test('with nothing due does nothing', async () => {
    await connect(3);
    expect(await run()).toMatchObject({ rotated: 0, published: 0, failed: { retry: 0 } });
  });

  test('rotates everything that is due, and what nobody rotated before keeps working', async () => {
    await connect(250);
    world.pass(HOUR - 600);
    expect(await run()).toMatchObject({ rotated: 250, published: 250 });
    for (let i = 0; i < 250; i += 1) expect(world.zoom.accepts(world.published(`c${i}`))).toBe(true);
  });

  test('works on sixteen at once, and no more', async () => {
    await connect(3 * CONCURRENCY);
    world.pass(HOUR - 600);
    let waiting: (() => void)[] = [];
    let most = 0;
    const report = await run({
      intercept: async (point, call) => {
        if (point !== 'zoom.token') return call();
        // Zoom answers none before sixteen have asked: fewer at once would wait for ever.
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          most = Math.max(most, waiting.length);
          if (waiting.length < CONCURRENCY) return;
          for (const answer of waiting) answer();
          waiting = [];
        });
        return call();
      },
    });
    expect(report.rotated).toBe(3 * CONCURRENCY);
    expect(most).toBe(CONCURRENCY);
  });

  test('asks for the next page while the last steps of the one before are under way', async () => {
    await connect(150);
    world.pass(HOUR - 600);
    const [first] = await namesDue(1);
    const firstOfNextPage = Promise.withResolvers<void>();
    let asked = 0;
    const report = await run({
      intercept: async (point, call) => {
        if (point !== 'zoom.token') return call();
        asked += 1;
        // Zoom answers the first only when a connection beyond its page asks: to wait for it would be for ever.
        if (asked === 1) await firstOfNextPage.promise;
        if (asked > 100) firstOfNextPage.resolve();
        return call();
      },
    });
    expect(report).toMatchObject({ rotated: 150, published: 150 });
    expect((await world.item(first ?? '')).version).toBe(2);
    expect(world.zoom.refusals).toBe(0);
  });

  test('ends what it has begun before it fails, when the next page cannot be asked for', async () => {
    await connect(150);
    world.pass(HOUR - 600);
    let pages = 0;
    const failing = run({
      intercept: async (point, call) => {
        if (point === 'store.due' && ++pages > 1) throw new Error('down');
        return call();
      },
    });
    expect(await failing).toMatchObject({ rotated: 100, failure: new Error('down') });
    const items = await world.store.list();
    expect(items.filter(({ leaseUntil }) => leaseUntil !== undefined)).toEqual([]);
    expect(items.filter(({ publishedVersion }) => publishedVersion === 2)).toHaveLength(100);
  });

  test('takes the most urgent first, begins nothing it cannot finish, and leaves the rest to the next', async () => {
    await connect(200);
    world.pass(HOUR - 600);
    const order = await namesDue(200);
    const begun: string[] = [];
    // Every rotation takes a quarter of a second of the one clock that all sixteen share.
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
              begun.push(name);
              return target.lease(name, lease);
            }
          : Reflect.get(target, property),
    });
    const first = await sweep({ ...deps, store }, { deadline: world.deadline });
    expect(first.rotated).toBeGreaterThan(0);
    expect(first.rotated).toBeLessThan(200);
    expect(begun).toEqual(order.slice(0, begun.length));
    expect(first.took).toBeLessThanOrEqual(60);
    expect((await run()).rotated).toBe(200 - first.rotated);
  });

  test('that overlaps another never asks Zoom twice for one connection', async () => {
    await connect(30);
    world.pass(HOUR - 600);
    const reports = await Promise.all([run(), run(), run()]);
    expect(reports.reduce((sum, { rotated }) => sum + rotated, 0)).toBe(30);
    expect(world.zoom.mostInFlight).toBe(1);
    expect(world.zoom.refusals).toBe(0);
  });

  test('goes on when the lease of one connection cannot be asked for', async () => {
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

  test('heals what was misconfigured, even where the active ones alone fill every sweep', async () => {
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

  test('looks after misconfigured connections as well, when their time has come', async () => {
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

describe('when Zoom calls refresh tokens dead', () => {
  test('one of many needs a human, and only that one', async () => {
    await connect(10);
    world.pass(HOUR - 600);
    world.zoom.deauthorize('c3');
    expect(await run()).toMatchObject({ rotated: 9, failed: { reconnect: 1, retry: 0 } });
    expect((await world.item('c3')).status).toBe('reconnect');
  });

  test('most at once are Zoom’s incident: none is given up, and all recover after it', async () => {
    await connect(10);
    world.pass(HOUR - 600);
    const incident: FunctionOptions = {
      intercept: async (point, call) =>
        point === 'zoom.token'
          ? (Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 400 }) as never)
          : call(),
    };
    expect((await run(incident)).failed).toMatchObject({ reconnect: 0, retry: 10 });
    expect(new Set(await statuses())).toEqual(new Set(['active']));
    expect((await world.item('c0')).lastError).toMatchObject({ code: 'zoom_incident' });
    world.pass(300);
    expect((await run()).rotated).toBe(10);
  });

  test('one or two are believed: there is no fleet to compare with', async () => {
    await connect(2);
    world.pass(HOUR - 600);
    world.zoom.deauthorize('c0');
    world.zoom.deauthorize('c1');
    expect((await run()).failed).toMatchObject({ reconnect: 2 });
  });
});
