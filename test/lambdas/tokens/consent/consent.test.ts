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

/** What the connection is, and that it works: its refresh token rotates, and n8n reads the new token. */
async function expectAlive(connection: string, user: string): Promise<void> {
  await step(connection, world.dependencies(), { deadline: world.deadline, early: true });
  const item = await world.item(connection);
  expect(item).toMatchObject({ status: 'active', zoomUserId: user, publishedVersion: item.version });
  const { accessToken, refreshToken } = await world.tokens(connection);
  expect(world.zoom.isLiving(user, refreshToken)).toBe(true);
  expect(world.published(connection)).toBe(accessToken);
}

/** Zoom says so when it is asked who consented, `times` times. */
const whoIs = (answer: () => Promise<Response>, times = Infinity): Intercept => {
  let asked = 0;
  return async (point, call) => {
    if (point !== 'zoom.user') return call();
    asked += 1;
    return asked > times ? call() : (answer() as never);
  };
};
const noScope = async () => Response.json({ code: 4711, message: 'no scope' }, { status: 400 });
const noAnswer = () => Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } }));

describe('a consent by another Zoom user', () => {
  test('is refused, and nothing is lost: the item stays as it was, and goes on to rotate', async () => {
    await connect('main', 'ada');
    const before = await world.item('main');
    await expect(connect('main', 'grace')).rejects.toMatchObject({ class: 'rejected', code: 'other_user' });
    expect(await world.item('main')).toEqual(before);
    expect(await world.store.holderOf('default', 'grace', world.time)).toBeUndefined();
    await expectAlive('main', 'ada');
  });

  test('says what happened, to which connection and what to do, and nothing of who it belongs to', async () => {
    await connect('main', 'ada');
    const error = await connect('main', 'grace').catch((refused) => refused);
    expect(error.message).toBe(
      '"main" belongs to another Zoom user than the one who has just consented; it stays as it was.',
    );
    expect(error.action).toBe(
      'Sign in at Zoom as the user who connected it before, and ask for a new link. To hand "main" over to the present user, ask for a link made with: zoom-tokens connect main --replace-user',
    );
    expect(JSON.stringify(world.lines)).not.toMatch(/grace/);
  });

  test('gives the tokens that nobody will use back to Zoom', async () => {
    await connect('main', 'ada');
    const revoked: string[] = [];
    const intercept: Intercept = (point, call) => {
      if (point === 'zoom.revoke') revoked.push(point);
      return call();
    };
    const fresh: string[] = [];
    const reading: Intercept = async (point, call) => {
      const answer = await intercept(point, call);
      if (point === 'zoom.token') {
        fresh.push(
          ((await (answer as Response).clone().json()) as Record<string, string>).access_token ?? '',
        );
      }
      return answer;
    };
    await expect(connect('main', 'grace', reading)).rejects.toMatchObject({ code: 'other_user' });
    expect(revoked).toHaveLength(2);
    expect(world.zoom.accepts(fresh[0])).toBe(false);
  });

  test('is refused all the same when they cannot be given back', async () => {
    await connect('main', 'ada');
    const down: Intercept = (point, call) => (point === 'zoom.revoke' ? noAnswer() : call());
    await expect(connect('main', 'grace', down)).rejects.toMatchObject({ code: 'other_user' });
    await expectAlive('main', 'ada');
  });

  test('who is connected elsewhere goes there: Zoom has ended the pair there, and it must not be revoked', async () => {
    await connect('main', 'ada');
    await connect('second', 'grace');
    await expect(connect('main', 'grace')).resolves.toMatchObject({
      requested: 'main',
      item: { connection: 'second' },
    });
    await expectAlive('second', 'grace');
    await expectAlive('main', 'ada');
  });

  test('is accepted by a link that may replace the user', async () => {
    await connect('main', 'ada');
    await connect('main', 'grace', undefined, true);
    await expectAlive('main', 'grace');
    await expect(connect('main', 'ada')).rejects.toMatchObject({ code: 'other_user' });
  });

  test.each(['reconnect', 'misconfigured'] as const)('is refused in the state %s too', async (status) => {
    await connect('main', 'ada');
    await turn('main', status);
    await expect(connect('main', 'grace')).rejects.toMatchObject({ code: 'other_user' });
    await connect('main', 'ada');
    await expectAlive('main', 'ada');
  });

  test('is accepted where the connection is disconnected', async () => {
    await connect('main', 'ada');
    await turn('main', 'disconnected');
    await connect('main', 'grace');
    await expectAlive('main', 'grace');
  });

  test('that crosses the first consent of a connection does not replace it', async () => {
    const meanwhile = once('store.commitConsent', () => connect('main', 'ada'));
    await expect(connect('main', 'grace', meanwhile)).rejects.toMatchObject({ code: 'overtaken' });
    await expectAlive('main', 'ada');
  });
});

describe('a consent whose Zoom user is not told', () => {
  test('is refused by a connection that belongs to one, and its tokens are not revoked: they may be that user’s', async () => {
    await connect('main', 'ada');
    const before = await world.item('main');
    await expect(connect('main', 'grace', whoIs(noScope))).rejects.toMatchObject({
      class: 'rejected',
      code: 'user_not_told',
      action: expect.stringContaining('zoom-tokens connect main --replace-user'),
    });
    expect(await world.item('main')).toEqual(before);
    await expectAlive('main', 'ada');
  });

  test('is asked for until Zoom answers, so that lost answers refuse nobody', async () => {
    await connect('main', 'ada');
    await connect('main', 'ada', whoIs(noAnswer, 5));
    await expectAlive('main', 'ada');
  });

  test('is accepted by a connection that belongs to nobody known, which then is free for the next', async () => {
    await connect('main', 'ada', whoIs(noScope));
    expect(await world.item('main')).not.toHaveProperty('zoomUserId');
    await connect('main', 'grace');
    await expectAlive('main', 'grace');
  });

  test('is accepted by a link that may replace the user', async () => {
    await connect('main', 'ada');
    await connect('main', 'grace', whoIs(noScope), true);
    expect(await world.item('main')).not.toHaveProperty('zoomUserId');
  });
});

describe('two first consents of one Zoom user at once', () => {
  test.each(['store.get', 'store.claimUser', 'store.commitConsent'])(
    'make one connection, when the second comes before %s of the first',
    async (point) => {
      const second = once(point, () => connect('second', 'ada').catch((error) => error.code));
      await connect('first', 'ada', second).catch((error) => error.code);
      world.pass(MINUTE);
      await sweep(world.dependencies(), { deadline: world.deadline });
      const items = await world.store.list();
      expect(items).toHaveLength(1);
    },
  );

  test('leave the user to the first, and its name on the second one’s page', async () => {
    let finished: unknown;
    const second = once('store.commitConsent', async () => {
      finished = await connect('second', 'ada');
    });
    await connect('first', 'ada', second).catch(() => {});
    expect(finished).toMatchObject({ requested: 'second', item: { connection: 'first' } });
  });
});

/** Does something at the first call of that name, before it. */
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

/** Ends a step of the connection in that state. */
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
