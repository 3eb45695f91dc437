import { beforeEach, describe, expect, test } from '@jest/globals';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type FunctionOptions, World } from '../../../support/world/world.ts';

const HOUR = 3600;
let world: World;
const run = (options?: FunctionOptions) => sweep(world.dependencies(options), { deadline: world.deadline });
const connect = async (count: number) => {
  for (let i = 0; i < count; i += 1) await world.connect(`c${i}`);
};
const statuses = async () => (await world.store.list()).map(({ status }) => status);

beforeEach(() => {
  world = new World();
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
    for (let i = 0; i < 10; i += 1) world.zoom.deauthorize(`c${i}`);
    expect(await run()).toMatchObject({ rotated: 1, failed: { retry: 2, reconnect: 0 } });
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

  test('an hour without a sweep is no gap, a second more is one', async () => {
    await connect(1);
    for (const [seconds, gap] of [
      [HOUR, undefined],
      [HOUR + 1, expect.any(Number)],
    ]) {
      await run();
      world.pass(Number(seconds));
      await run(refuse);
      expect(await world.store.lastGap(0)).toEqual(gap);
    }
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
