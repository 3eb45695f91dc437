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

  test('takes sixteen steps at once, and no more', async () => {
    await connect(3 * CONCURRENCY);
    world.pass(HOUR - 600);
    let waiting: (() => void)[] = [];
    let most = 0;
    const report = await run({
      intercept: async (point, call) => {
        if (point !== 'zoom.token') return call();
        // Zoom responds once sixteen requests have arrived. With fewer at once the sweep would hang.
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          most = Math.max(most, waiting.length);
          if (waiting.length < CONCURRENCY) return;
          for (const respond of waiting) respond();
          waiting = [];
        });
        return call();
      },
    });
    expect(report.rotated).toBe(3 * CONCURRENCY);
    expect(most).toBe(CONCURRENCY);
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
        // The pages of the two statuses are read first, and then those once more.
        if (point === 'store.due' && ++pages > 2) throw new Error('down');
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

describe('when Zoom refuses refresh tokens', () => {
  const refuse: FunctionOptions = {
    intercept: async (point, call) =>
      point === 'zoom.token'
        ? (Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 400 }) as never)
        : call(),
  };

  test('one of many becomes a suspect, is marked for reconnect at the second refusal, and only that one', async () => {
    await connect(10);
    world.pass(HOUR - 600);
    world.zoom.deauthorize('c3');
    expect(await run()).toMatchObject({ rotated: 9, failed: { reconnect: 0, retry: 1 } });
    expect(await world.item('c3')).toMatchObject({ status: 'active', lastError: { code: 'suspect' } });
    world.pass(300);
    expect(await run()).toMatchObject({ failed: { reconnect: 1, retry: 0 } });
    expect((await statuses()).filter((status) => status === 'reconnect')).toHaveLength(1);
    expect((await world.item('c3')).status).toBe('reconnect');
  });

  test('one or two are believed at their second refusal, because there are too few to assume an incident', async () => {
    await connect(2);
    world.pass(HOUR - 600);
    world.zoom.deauthorize('c0');
    world.zoom.deauthorize('c1');
    expect((await run()).failed).toMatchObject({ reconnect: 0, retry: 2 });
    world.pass(300);
    expect((await run()).failed).toMatchObject({ reconnect: 2, retry: 0 });
    expect(world.incidents).toEqual([]);
  });

  test('a majority counts as an incident, of which people are alerted: none is marked for reconnect, and all recover', async () => {
    await connect(10);
    world.pass(HOUR - 600);
    const since = world.time;
    expect((await run(refuse)).failed).toMatchObject({ reconnect: 0, retry: 10 });
    expect(new Set(await statuses())).toEqual(new Set(['active']));
    expect((await world.store.list()).map(({ lastError }) => lastError?.code)).toContain('zoom_incident');
    expect(world.incidents).toEqual([{ app: 'default', since, refused: 10, granted: 0 }]);
    for (let minute = 0; minute < 60; minute += 5) {
      world.pass(300);
      expect((await run(refuse)).failed.reconnect).toBe(0);
    }
    for (let minute = 0; minute < 45; minute += 5) {
      world.pass(300);
      await run();
    }
    for (let i = 0; i < 10; i += 1) expect(world.zoom.accepts(world.published(`c${i}`))).toBe(true);
    expect(world.incidents).toHaveLength(1);
  });

  test('an incident tries two suspects of the app a sweep, and the connections that were not refused go on', async () => {
    await connect(10);
    world.pass(HOUR - 600);
    await run(refuse);
    await world.connect('well');
    world.pass(HOUR - 600);
    const requests: string[] = [];
    const report = await run({
      intercept: async (point, call) => {
        requests.push(point);
        return point === 'zoom.token' && requests.filter((each) => each === 'zoom.token').length > 1
          ? (Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 400 }) as never)
          : call();
      },
    });
    // The first is the connection that was not refused.
    expect(report).toMatchObject({ rotated: 1, failed: { retry: 2, reconnect: 0 } });
    expect((await world.item('well')).version).toBe(2);
  });

  test('an incident ends by time: then the refusals are believed, and each connection has its alert', async () => {
    await connect(10);
    world.pass(HOUR - 600);
    const since = world.time;
    for (let c = 0; c < 10; c += 1) world.zoom.deauthorize(`c${c}`);
    while (world.time < since + 2 * HOUR) {
      await run();
      expect(new Set(await statuses())).toEqual(new Set(['active']));
      world.pass(300);
    }
    for (let minute = 0; minute <= 45; minute += 5) {
      await run();
      world.pass(300);
    }
    expect(new Set(await statuses())).toEqual(new Set(['reconnect']));
    expect(world.incidents).toHaveLength(1);
    expect(world.alerts.flat().sort()).toEqual(Array.from({ length: 10 }, (_, i) => `c${i}`));
  });

  test('the alert of an incident is repeated by the next sweep when it could not be sent', async () => {
    await connect(10);
    world.pass(HOUR - 600);
    await run({
      intercept: (point, call) =>
        point === 'alerts.incidentAssumed'
          ? Promise.reject(new Error('down'))
          : refuse.intercept?.(point, call),
    } as FunctionOptions);
    expect(world.incidents).toEqual([]);
    world.pass(300);
    await run(refuse);
    expect(world.incidents).toHaveLength(1);
    world.pass(300);
    await run(refuse);
    expect(world.incidents).toHaveLength(1);
  });

  test('the alert of an incident says since when sweeps were missing, as after a restored table', async () => {
    await connect(10);
    await run();
    const sweptAt = world.time;
    world.pass(6 * HOUR);
    await run(refuse);
    expect(world.incidents).toMatchObject([{ app: 'default', gapSince: sweptAt }]);
  });
});

describe('when Zoom’s rate limit (429) pauses the app', () => {
  /** Zoom with a rate limit, and how many requests for tokens it got. */
  const limited = (retryAfter: string | undefined, requests: { count: number }): FunctionOptions => ({
    intercept: async (point, call) => {
      if (point !== 'zoom.token') return call();
      requests.count += 1;
      const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
      return new Response('slow down', { status: 429, headers }) as never;
    },
  });
  const counting = (requests: { count: number }): FunctionOptions => ({
    intercept: (point, call) => {
      if (point === 'zoom.token') requests.count += 1;
      return call();
    },
  });
  const requests = { count: 0 };
  beforeEach(async () => {
    requests.count = 0;
    await connect(100);
    world.pass(HOUR - 600);
  });

  test('no new request begins after the first response: those in flight are all that a sweep sends', async () => {
    expect(await run(limited('60', requests))).toMatchObject({ rotated: 0 });
    expect(requests.count).toBeLessThanOrEqual(CONCURRENCY);
    expect(await world.store.appHealth('default')).toMatchObject({ pausedUntil: world.time + 60 });
    const items = await world.store.list();
    expect(items.filter(({ leaseUntil }) => leaseUntil !== undefined)).toEqual([]);
  });

  test.each([
    ['as long as Retry-After asks', '300', 300],
    ['a minute without Retry-After', undefined, 60],
  ])('the next sweeps send nothing for %s', async (_, retryAfter, seconds) => {
    await run(limited(retryAfter, requests));
    const from = world.time;
    requests.count = 0;
    for (world.pass(20); world.time < from + seconds; world.pass(20)) await run(counting(requests));
    expect(requests.count).toBe(0);
  });

  test('one probe is sent when the time is over, and where it is granted, all go on', async () => {
    await run(limited('60', requests));
    world.pass(60);
    let inFlight = 0;
    let mostBeforeGrant = 0;
    let isGranted = false;
    const report = await run({
      intercept: async (point, call) => {
        if (point !== 'zoom.token') return call();
        inFlight += 1;
        if (!isGranted) mostBeforeGrant = Math.max(mostBeforeGrant, inFlight);
        const response = await call();
        inFlight -= 1;
        isGranted = true;
        return response;
      },
    });
    expect(mostBeforeGrant).toBe(1);
    expect(await world.store.appHealth('default')).not.toHaveProperty('pausedUntil');
    // Those that were refused themselves wait for their own retry.
    expect(report.rotated).toBeGreaterThan(100 - 2 * CONCURRENCY);
  });

  test('a probe that is refused again is the only request of its sweep', async () => {
    await run(limited('60', requests));
    world.pass(60);
    requests.count = 0;
    await run(limited('60', requests));
    expect(requests.count).toBe(1);
    expect(await world.store.appHealth('default')).toMatchObject({ pausedUntil: world.time + 60 });
  });

  test('one probe a minute is sent while it lasts, from two minutes before the nearest token expires', async () => {
    await run(limited('3600', requests));
    const ends = (await world.store.list()).map(({ validUntil }) => validUntil);
    const nearest = Math.min(...ends);
    world.time = nearest - 180;
    requests.count = 0;
    for (const probes of [0, 1, 2, 3]) {
      await run(limited('3600', requests));
      expect(requests.count).toBe(probes);
      world.pass(60);
    }
  });
});
