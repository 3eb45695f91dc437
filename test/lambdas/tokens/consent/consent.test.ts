import { beforeEach, describe, expect, test } from '@jest/globals';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type Intercept, World } from '../../../support/world/world.ts';

const MINUTE = 60;
let world: World;
beforeEach(() => {
  world = new World();
});

const connect = (connection: string, user: string, intercept?: Intercept, replaceUser = false) =>
  world.connect(connection, world.dependencies(intercept && { intercept }), user, replaceUser);

/** Checks that the connection belongs to the user and works: it can be rotated, and n8n reads the new token. */
async function expectAlive(connection: string, user: string): Promise<void> {
  await step(connection, world.dependencies(), { deadline: world.deadline, early: true });
  const item = await world.item(connection);
  expect(item).toMatchObject({ status: 'active', zoomUserId: user, publishedVersion: item.version });
  const { accessToken, refreshToken } = await world.tokens(connection);
  expect(world.zoom.isLiving(user, refreshToken)).toBe(true);
  expect(world.published(connection)).toBe(accessToken);
}

/** Replaces Zoom's first `times` responses to the request for the Zoom user. */
const identifying = (respond: () => Promise<Response>, times = Infinity): Intercept => {
  let requests = 0;
  return async (point, call) => {
    if (point !== 'zoom.user') return call();
    requests += 1;
    return requests > times ? call() : (respond() as never);
  };
};
const noScope = async () => Response.json({ code: 4711, message: 'no scope' }, { status: 400 });
const noResponse = () => Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } }));

describe('a consent by a different Zoom user', () => {
  test('is rejected, does not change the item, and the connection rotates on', async () => {
    await connect('main', 'ada');
    const before = await world.item('main');
    await expect(connect('main', 'grace')).rejects.toMatchObject({ class: 'rejected', code: 'other_user' });
    expect(await world.item('main')).toEqual(before);
    expect(await world.store.holderOf('default', 'grace', world.time)).toBeUndefined();
    await expectAlive('main', 'ada');
  });

  test('says what happened and what to do without revealing the owner', async () => {
    await connect('main', 'ada');
    const error = await connect('main', 'grace').catch((refused) => refused);
    expect(error.message).toBe(
      '"main" belongs to a different Zoom user than the one who just consented. It was not changed.',
    );
    expect(error.action).toBe(
      'Ask for a new link and sign in to Zoom as the user who connected it before. To hand "main" over to the current user, ask for a link made with: npx zoom-tokens connect main --replace-user',
    );
    expect(JSON.stringify(world.lines)).not.toMatch(/grace/);
  });

  test('revokes its unused tokens at Zoom', async () => {
    await connect('main', 'ada');
    const revoked: string[] = [];
    const intercept: Intercept = (point, call) => {
      if (point === 'zoom.revoke') revoked.push(point);
      return call();
    };
    const fresh: string[] = [];
    const reading: Intercept = async (point, call) => {
      const result = await intercept(point, call);
      if (point === 'zoom.token') {
        fresh.push(
          ((await (result as Response).clone().json()) as Record<string, string>).access_token ?? '',
        );
      }
      return result;
    };
    await expect(connect('main', 'grace', reading)).rejects.toMatchObject({ code: 'other_user' });
    expect(revoked).toHaveLength(2);
    expect(world.zoom.accepts(fresh[0])).toBe(false);
  });

  test('is rejected also when its tokens cannot be revoked', async () => {
    await connect('main', 'ada');
    const down: Intercept = (point, call) => (point === 'zoom.revoke' ? noResponse() : call());
    await expect(connect('main', 'grace', down)).rejects.toMatchObject({ code: 'other_user' });
    await expectAlive('main', 'ada');
  });

  test('renews the connection that this user already has, and revokes nothing', async () => {
    await connect('main', 'ada');
    await connect('second', 'grace');
    await expect(connect('main', 'grace')).resolves.toMatchObject({
      requested: 'main',
      item: { connection: 'second' },
    });
    await expectAlive('second', 'grace');
    await expectAlive('main', 'ada');
  });

  test('is accepted with a link that may replace the user', async () => {
    await connect('main', 'ada');
    await connect('main', 'grace', undefined, true);
    await expectAlive('main', 'grace');
    await expect(connect('main', 'ada')).rejects.toMatchObject({ code: 'other_user' });
  });

  test.each(['reconnect', 'misconfigured'] as const)('is rejected also in the status %s', async (status) => {
    await connect('main', 'ada');
    await turn('main', status);
    await expect(connect('main', 'grace')).rejects.toMatchObject({ code: 'other_user' });
    await connect('main', 'ada');
    await expectAlive('main', 'ada');
  });

  test('is accepted for a disconnected connection', async () => {
    await connect('main', 'ada');
    await turn('main', 'disconnected');
    await connect('main', 'grace');
    await expectAlive('main', 'grace');
  });

  test('that crosses the first consent of a connection is rejected', async () => {
    const meanwhile = once('store.commitConsent', () => connect('main', 'ada'));
    await expect(connect('main', 'grace', meanwhile)).rejects.toMatchObject({ code: 'overtaken' });
    await expectAlive('main', 'ada');
  });
});

describe('a consent whose user Zoom does not identify', () => {
  test('is rejected for a bound connection without a revocation, which could hit the owner’s tokens', async () => {
    await connect('main', 'ada');
    const before = await world.item('main');
    await expect(connect('main', 'grace', identifying(noScope))).rejects.toMatchObject({
      class: 'rejected',
      code: 'user_not_told',
      action: expect.stringContaining('npx zoom-tokens connect main --replace-user'),
    });
    expect(await world.item('main')).toEqual(before);
    await expectAlive('main', 'ada');
  });

  test('is retried until Zoom responds, so that lost responses reject no one', async () => {
    await connect('main', 'ada');
    await connect('main', 'ada', identifying(noResponse, 5));
    await expectAlive('main', 'ada');
  });

  test('is accepted for a connection without a known owner, and so is the next user', async () => {
    await connect('main', 'ada', identifying(noScope));
    expect(await world.item('main')).not.toHaveProperty('zoomUserId');
    await connect('main', 'grace');
    await expectAlive('main', 'grace');
  });

  test('is accepted with a link that may replace the user', async () => {
    await connect('main', 'ada');
    await connect('main', 'grace', identifying(noScope), true);
    expect(await world.item('main')).not.toHaveProperty('zoomUserId');
  });
});

describe('two first consents of one Zoom user at once', () => {
  test.each(['store.get', 'store.claimUser', 'store.commitConsent'])(
    'make one connection when the second comes before %s of the first',
    async (point) => {
      const second = once(point, () => connect('second', 'ada').catch((error) => error.code));
      await connect('first', 'ada', second).catch((error) => error.code);
      world.pass(MINUTE);
      await sweep(world.dependencies(), { deadline: world.deadline });
      const items = await world.store.list();
      expect(items).toHaveLength(1);
    },
  );

  test('leave the user to the first connection, which the second consent returns', async () => {
    let finished: unknown;
    const second = once('store.commitConsent', async () => {
      finished = await connect('second', 'ada');
    });
    await connect('first', 'ada', second).catch(() => {});
    expect(finished).toMatchObject({ requested: 'second', item: { connection: 'first' } });
  });
});

/** Runs `act` before the first call with that name. */
function once(where: string, act: () => Promise<unknown>): Intercept {
  let isDone = false;
  return async (point, call) => {
    if (point === where && !isDone) {
      isDone = true;
      await act();
    }
    return call();
  };
}

/** Ends a step of the connection with that status. */
async function turn(connection: string, status: 'reconnect' | 'misconfigured' | 'disconnected') {
  const lease = { owner: 'me', now: world.time, until: world.time + MINUTE, early: true };
  const item = await world.store.lease(connection, lease);
  if (!item) throw new Error('no lease');
  const error = {
    class: 'reconnect',
    code: 'invalid_token',
    message: 'm',
    action: 'a',
    at: world.time,
  } as const;
  await world.store.fail(item, { status, dueAt: world.time, validUntil: 0, failures: 1, lastError: error });
}

test('a consent is dated when Zoom granted it, before Zoom says who consented', async () => {
  const world = new World();
  const grantedAt = world.time;
  const deps = world.dependencies({
    intercept: async (point, call) => {
      if (point === 'zoom.user') world.pass(5);
      return call();
    },
  });
  await world.connect('main', deps);
  expect(await world.item('main')).toMatchObject({ consentedAt: grantedAt });
});
