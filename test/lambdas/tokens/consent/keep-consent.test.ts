import { beforeEach, describe, expect, test } from '@jest/globals';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { rotateNow } from '../../../../lambdas/tokens/operate/rotate-now.ts';
import { placeOf } from '../../../../lambdas/tokens/publication/place.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type Intercept, World } from '../../../support/world/world.ts';

let world: World;
const MINUTE = 60;
const PENDING = { class: 'retry', code: 'user_pending' };

/** Zoom's API does not respond to who a token belongs to. */
const silent: Intercept = (point, call) =>
  point === 'zoom.user' ? Promise.reject(new TypeError('fetch failed')) : call();

const consent = (user: string, intercept?: Intercept, connection = 'main') =>
  world.connect(connection, world.dependencies(intercept ? { intercept } : {}), user);
const sweepOnce = (intercept?: Intercept) =>
  sweep(world.dependencies(intercept ? { intercept } : {}), { deadline: world.deadline });
const kept = () => [...world.rescue.kept.keys()];

async function expectAlive(connection: string, user: string): Promise<void> {
  const tokens = await world.tokens(connection);
  expect(world.zoom.isLiving(user, tokens.refreshToken)).toBe(true);
  expect(world.published(connection)).toBe(tokens.accessToken);
  expect(await world.item(connection)).toMatchObject({ status: 'active', zoomUserId: user, failures: 0 });
  expect(await world.item(connection)).not.toHaveProperty('keptConsent');
}

beforeEach(async () => {
  world = new World();
  await world.connect('main', world.dependencies(), 'ada');
  world.pass(MINUTE);
});

describe('a consent to a bound connection of which Zoom does not say in time by whom it was given', () => {
  test('is kept in the rescue store, and the connection becomes due', async () => {
    await expect(consent('ada', silent)).rejects.toMatchObject(PENDING);
    const item = await world.item('main');
    expect(item).toMatchObject({ status: 'active', generation: 1, version: 1, dueAt: expect.any(Number) });
    expect(item.dueAt).toBeLessThanOrEqual(world.time);
    expect(kept()).toEqual([`main/consent-${item.keptConsent?.consentId}`]);
    const [tokens] = world.rescue.kept.values();
    expect([...world.zoom.secrets].filter((secret) => JSON.stringify(tokens).includes(secret))).toEqual([]);
  });

  test('is only written by the callback, never read or removed', async () => {
    const points: string[] = [];
    await consent('ada', (point, call) => {
      points.push(point);
      return silent(point, call);
    }).catch(() => {});
    expect(points.filter((point) => point.startsWith('rescue.'))).toEqual(['rescue.put']);
  });

  test('is kept although the first note of it is lost', async () => {
    let notes = 0;
    const intercept: Intercept = (point, call) => {
      if (point !== 'store.noteKeptConsent') return silent(point, call);
      notes += 1;
      return notes === 1 ? Promise.reject(new Error('down')) : call();
    };
    await expect(consent('ada', intercept)).rejects.toMatchObject(PENDING);
    expect((await world.item('main')).keptConsent).toBeDefined();
  });

  test('is given up at the very second at which its access token expires', async () => {
    await consent('ada', silent).catch(() => {});
    const [tokens] = world.rescue.kept.values();
    const asked: string[] = [];
    world.pass((tokens?.expiresAt ?? 0) - world.time);
    await sweepOnce((point, call) => {
      asked.push(point);
      return call();
    });
    expect(await world.item('main')).not.toHaveProperty('keptConsent');
    expect(asked).not.toContain('zoom.user');
  });

  test('counts as a failed publication when it was stored and could not be published', async () => {
    await consent('ada', silent).catch(() => {});
    const report = await sweepOnce((point, call) =>
      point === 'vault.publish' ? Promise.reject(new Error('down')) : call(),
    );
    expect(report).toMatchObject({ rotated: 1, publishFailed: 1 });
    expect(await world.item('main')).toMatchObject({ generation: 2, failures: 1 });
    expect(await world.item('main')).not.toHaveProperty('leaseOwner');
  });

  test('is not called kept when the connection was disconnected meanwhile', async () => {
    const intercept: Intercept = async (point, call) => {
      if (point === 'store.noteKeptConsent')
        await disconnect('main', world.dependencies(), { deadline: world.deadline, force: false });
      return silent(point, call);
    };
    await expect(consent('ada', intercept)).rejects.toMatchObject({ code: 'user_not_told' });
    expect(await world.item('main')).toMatchObject({ status: 'disconnected' });
  });

  test("renews the connection with the next sweep if it is its own user's", async () => {
    await consent('ada', silent).catch(() => {});
    await sweepOnce();
    await expectAlive('main', 'ada');
    expect(await world.item('main')).toMatchObject({ generation: 2, version: 2, publishedVersion: 2 });
    expect(kept()).toEqual([]);
    expect(world.zoom.refusals).toBe(0);
  });

  test('is settled by the run that the callback starts, and a second run of the same request changes nothing', async () => {
    await consent('ada', silent).catch(() => {});
    expect(world.started).toEqual([{ start: 'connection', connection: 'main' }]);
    world.started.push(...world.started);
    await world.runStarted();
    await expectAlive('main', 'ada');
    expect(await world.item('main')).toMatchObject({ generation: 2, version: 2, publishedVersion: 2 });
  });

  test('is kept as well if the rotate function cannot be started', async () => {
    const unstartable: Intercept = (point, call) =>
      point === 'starter.start' ? Promise.reject(new Error('throttled')) : silent(point, call);
    await expect(consent('ada', unstartable)).rejects.toMatchObject(PENDING);
    expect(world.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: expect.stringMatching(
          /^The rotate function was not started; the next sweep does its work\./,
        ),
      }),
    );
    await sweepOnce();
    await expectAlive('main', 'ada');
  });

  test('renews it by a rotation by hand as well', async () => {
    await consent('ada', silent).catch(() => {});
    await rotateNow('main', world.dependencies(), { deadline: world.deadline });
    await expectAlive('main', 'ada');
  });

  test("is revoked and forgotten if it is another user's, and the connection stays its user's", async () => {
    await consent('grace', silent).catch(() => {});
    await sweepOnce();
    await expectAlive('main', 'ada');
    expect(world.zoom.hasLiving('grace')).toBe(false);
    expect(await world.item('main')).toMatchObject({ generation: 1 });
    expect(kept()).toEqual([]);
  });

  test('goes to the connection that has its Zoom user already', async () => {
    await consent('grace', undefined, 'second');
    await consent('grace', silent).catch(() => {});
    await sweepOnce();
    world.pass(MINUTE);
    await sweepOnce();
    await expectAlive('main', 'ada');
    await expectAlive('second', 'grace');
    expect(await world.item('second')).toMatchObject({ generation: 2 });
  });

  test('is published in the place that its link names if it makes another connection', async () => {
    const place = placeOf('sales');
    await world.connect('team', world.dependencies(), 'grace', false, place);
    await world.runStarted();
    const deps = world.dependencies({ intercept: silent });
    await expect(world.connect('team', deps, 'ben', false, place)).rejects.toMatchObject(PENDING);
    // The first consent of "second" is under way.
    await world.store.claimUser('default', 'ben', 'second', { now: world.time, until: world.time + MINUTE });
    await world.runStarted();
    expect(await world.item('second')).toMatchObject({ zoomUserId: 'ben', place });
    expect((await world.store.bundle('sales'))?.members).toHaveProperty('second');
    world.pass(1);
    await sweepOnce();
    expect(world.bundle('sales')?.second).toBe((await world.tokens('second')).accessToken);
  });

  test('keeps the earlier refresh token from being used until Zoom says it', async () => {
    await consent('ada', silent).catch(() => {});
    for (let minute = 0; minute < 20; minute += 1) {
      world.pass(MINUTE);
      await sweepOnce(silent);
    }
    expect(world.zoom.refusals).toBe(0);
    expect(await world.item('main')).toMatchObject({
      status: 'active',
      lastError: { code: 'user_unanswered' },
    });
    expect(await world.item('main')).not.toHaveProperty('lostAt');
    world.pass(5 * MINUTE);
    await sweepOnce();
    await expectAlive('main', 'ada');
  });

  test('is given up when its access token has expired: then nothing tells any more whose it was', async () => {
    await consent('grace', silent).catch(() => {});
    world.pass(60 * MINUTE);
    await sweepOnce();
    expect(await world.item('main')).not.toHaveProperty('keptConsent');
    await expectAlive('main', 'ada');
  });

  test('gives way to a newer consent', async () => {
    await consent('ada', silent).catch(() => {});
    world.pass(1);
    await consent('ada');
    await sweepOnce();
    await expectAlive('main', 'ada');
    expect(await world.item('main')).toMatchObject({ generation: 2 });
  });

  test('does not revive a connection that was disconnected meanwhile', async () => {
    await consent('ada', silent).catch(() => {});
    await disconnect('main', world.dependencies(), { deadline: world.deadline, force: false });
    world.pass(5 * MINUTE);
    await sweepOnce();
    const item = await world.item('main');
    expect(item).toMatchObject({ status: 'disconnected', sealedTokens: '' });
    expect(item).not.toHaveProperty('keptConsent');
  });

  test('is refused as before where it cannot be kept', async () => {
    world.rescue.isDown = true;
    await expect(consent('ada', silent)).rejects.toMatchObject({ code: 'user_not_told' });
    expect(await world.item('main')).not.toHaveProperty('keptConsent');
  });
});
