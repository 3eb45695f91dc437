import { beforeEach, describe, expect, test } from '@jest/globals';
import type { SweepDependencies, WaitingLink } from '../../../../lambdas/tokens/dependencies.ts';
import type { NewLink } from '../../../../lambdas/tokens/store/links.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type FunctionOptions, World } from '../../../support/world/world.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;
let world: World;
/** Requests for tokens that Zoom got. */
let requests: number;
const counting: FunctionOptions = {
  intercept: (point, call) => {
    if (point === 'zoom.token') requests += 1;
    return call();
  },
};
const run = (options: FunctionOptions = counting) =>
  sweep(world.dependencies(options), { deadline: world.deadline });
const refusing: FunctionOptions = {
  intercept: async (point, call) => {
    if (point !== 'zoom.token') return call();
    requests += 1;
    return Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 400 }) as never;
  },
};
/** Sweeps every five minutes for so many minutes. */
const sweepFor = async (minutes: number, options?: FunctionOptions) => {
  for (let minute = 0; minute < minutes; minute += 5) {
    await run(options);
    world.pass(5 * MINUTE);
  }
};

/** `main` waits for a person, because Zoom has refused it twice by mistake. Its refresh token still lives. */
beforeEach(async () => {
  world = new World();
  requests = 0;
  await world.connect('main');
  world.pass(HOUR - 10 * MINUTE);
  await run(refusing);
  world.pass(5 * MINUTE);
  await run(refusing);
  expect(await world.item('main')).toMatchObject({ status: 'reconnect', alertedAt: world.time });
  expect(world.alerts).toEqual([['main']]);
  requests = 0;
});

describe('the alert of a connection that waits for a person', () => {
  const alerting = async (options?: FunctionOptions) => {
    const links: WaitingLink[][] = [];
    const deps = world.dependencies(options);
    const reconnectNeeded = async (_: unknown, waiting: WaitingLink[] = []) => void links.push(waiting);
    world.pass(DAY);
    world.zoom.deauthorize('main');
    await sweep({ ...deps, alerts: { ...deps.alerts, reconnectNeeded } }, { deadline: world.deadline });
    return links;
  };
  const store = async (id: string, changed: Partial<NewLink>) => {
    const created = { app: 'default', replaceUser: false, forMe: false, keyId: 'key', createdAt: world.time };
    const link = { id, connection: id, expiresAt: world.time + 2 * DAY, ...created, ...changed };
    await world.store.createLink(link);
  };

  test('says until when a link waits that was sent already, and names none that has ended', async () => {
    await store('main', {});
    await store('ended', {});
    await world.store.endConsent('ended', 'me', {
      ...{ kind: 'connected', connection: 'ended', at: world.time },
    });
    await store('late', { expiresAt: world.time + DAY });
    const [waiting] = await alerting();
    expect(waiting).toEqual([
      { connection: 'main', until: expect.stringMatching(/^20\d\d-.* UTC \(in 24 hours\)$/) },
    ]);
  });

  test('names at most a hundred links', async () => {
    for (let link = 0; link < 101; link += 1) await store(`link_${link}`, {});
    const [waiting] = await alerting();
    expect(waiting).toHaveLength(100);
  });

  test('is sent without the links where they cannot be read', async () => {
    await store('main', {});
    const links = await alerting({
      intercept: (point, call) => (point === 'store.openLinks' ? Promise.reject(new Error('down')) : call()),
    });
    expect(links).toEqual([[]]);
    expect(world.lines).toContainEqual(expect.objectContaining({ level: 'warn' }));
  });
});

describe('a connection that waits for a person is tried once with its daily reminder', () => {
  test('and not before', async () => {
    await sweepFor(DAY / MINUTE - 5);
    expect(requests).toBe(0);
    expect(world.alerts).toHaveLength(1);
  });

  test('and healed, which people are told instead of being reminded', async () => {
    world.pass(DAY);
    await run();
    expect(requests).toBe(1);
    expect(await world.item('main')).toMatchObject({ status: 'active', version: 2, publishedVersion: 2 });
    expect(world.zoom.accepts(world.published('main'))).toBe(true);
    expect(world.recoveries).toEqual([['main']]);
    await sweepFor(30);
    expect(world.recoveries).toHaveLength(1);
    expect(world.alerts).toHaveLength(1);
    expect(await world.item('main')).not.toHaveProperty('alertedAt');
  });

  test('and goes on waiting when Zoom refuses again: people are reminded, with the next attempt a day later', async () => {
    world.zoom.deauthorize('main');
    world.pass(DAY);
    await run();
    expect(requests).toBe(1);
    expect(await world.item('main')).toMatchObject({
      status: 'reconnect',
      lastError: { code: 'invalid_token' },
    });
    await sweepFor(30);
    expect(world.alerts).toHaveLength(2);
    expect(requests).toBe(1);
    world.pass(DAY);
    await sweepFor(10);
    expect(world.alerts).toHaveLength(3);
    expect(requests).toBe(2);
    expect(world.recoveries).toEqual([]);
  });

  test('and keeps the reason that it waits for when Zoom is down', async () => {
    world.zoom.isDown = true;
    world.pass(DAY);
    await run();
    expect(await world.item('main')).toMatchObject({
      status: 'reconnect',
      lastError: { code: 'invalid_token' },
    });
    await sweepFor(30);
    expect(world.alerts).toHaveLength(2);
  });

  test('but not while an incident is assumed for its app', async () => {
    for (const name of ['one', 'two', 'three']) await world.connect(name);
    world.pass(DAY - HOUR / 2);
    await run(refusing);
    expect(world.incidents).toHaveLength(1);
    requests = 0;
    world.pass(HOUR / 2);
    await run(refusing);
    // Two suspects of the app are probed. People are reminded all the same.
    expect(requests).toBe(2);
    expect(world.alerts).toEqual([['main'], ['main']]);
  });
});

describe('a connection that waits for a person is tried once when its app’s credentials change', () => {
  const changeCredentials = () => {
    world.zoom.clientSecret = 'replaced';
    world.appSecret = 'replaced';
  };

  test('and healed, which people are told', async () => {
    await sweepFor(30);
    changeCredentials();
    await sweepFor(10);
    expect(requests).toBe(1);
    expect(await world.item('main')).toMatchObject({ status: 'active', version: 2 });
    expect(world.recoveries).toEqual([['main']]);
  });

  test('and waits on when Zoom refuses again: no second alert on the same day', async () => {
    world.zoom.deauthorize('main');
    await sweepFor(30);
    changeCredentials();
    await sweepFor(60);
    expect(requests).toBe(1);
    expect(await world.item('main')).toMatchObject({ status: 'reconnect' });
    expect(world.alerts).toHaveLength(1);
  });

  test('and not when they have stayed the same', async () => {
    await sweepFor(120);
    expect(requests).toBe(0);
  });

  test('by a later sweep when the app secret could not be read', async () => {
    await sweepFor(30);
    changeCredentials();
    await sweepFor(10, {
      intercept: (point, call) => (point === 'vault.app' ? Promise.reject(new Error('down')) : call()),
    });
    expect(await world.item('main')).toMatchObject({ status: 'reconnect' });
    await sweepFor(10);
    expect(await world.item('main')).toMatchObject({ status: 'active' });
  });

  test('with credentials that are stored only as a fingerprint', async () => {
    changeCredentials();
    await sweepFor(10);
    const health = JSON.stringify(await world.store.appHealth('default'));
    expect(health).toContain('credentialsId');
    expect(health).not.toContain('replaced');
    expect(health).not.toContain(world.zoom.clientId);
  });
});

describe('people are alerted of a connection that waits for them', () => {
  /** An index that still shows as due what has been alerted of. */
  const lagging = (deps: SweepDependencies): SweepDependencies => {
    const { store } = deps;
    const late: typeof store.due = (status, now, page) =>
      store.due(status, status === 'reconnect' ? Number.MAX_SAFE_INTEGER : now, page);
    const show = (target: typeof store, name: PropertyKey) =>
      name === 'due' ? late : target[name as keyof typeof store];
    return { ...deps, store: new Proxy(store, { get: show }) };
  };

  test('once, although the index lags behind the alert', async () => {
    world.pass(5 * MINUTE);
    await sweep(lagging(world.dependencies(counting)), { deadline: world.deadline });
    expect(world.alerts).toEqual([['main']]);
    expect(requests).toBe(0);
  });

  test('within a minute of the others, when they are more than one message holds', async () => {
    const names = Array.from({ length: 120 }, (_, i) => `c${i}`);
    for (const name of names) {
      await world.connect(name);
      const lease = { owner: 'me', now: world.time, until: world.time + 180, early: true };
      const item = await world.store.lease(name, lease);
      if (!item) throw new Error(`no lease of "${name}"`);
      const lastError = {
        class: 'reconnect',
        code: 'invalid_token',
        message: 'No.',
        action: 'Connect.',
      } as const;
      await world.store.fail(item, {
        status: 'reconnect',
        dueAt: world.time,
        validUntil: item.validUntil,
        failures: 2,
        lastError: { ...lastError, at: world.time },
      });
    }
    await run();
    world.pass(MINUTE);
    await run();
    expect(world.alerts.flat().sort()).toEqual(['main', ...names].sort());
  });
});
