import { beforeEach, describe, expect, test } from '@jest/globals';
import { CONCURRENCY, sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type FunctionOptions, World } from '../../../support/world/world.ts';

const HOUR = 3600;
let world: World;
const run = (options?: FunctionOptions) => sweep(world.dependencies(options), { deadline: world.deadline });
const connect = async (count: number) => {
  for (let i = 0; i < count; i += 1) await world.connect(`c${i}`);
};

beforeEach(() => {
  world = new World();
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
