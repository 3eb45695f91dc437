import { beforeEach, describe, expect, test } from '@jest/globals';
import { disconnectDeauthorized } from '../../../../lambdas/tokens/disconnect/deauthorized.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { type Intercept, World } from '../../../support/world/world.ts';

const MINUTE = 60;
let world: World;
beforeEach(() => {
  world = new World();
});

const rotate = async (connection: string, intercept?: Intercept) => {
  world.pass(MINUTE);
  await step(connection, world.dependencies(intercept && { intercept }), {
    deadline: world.deadline,
    early: true,
  });
  return world.item(connection);
};

/** A consent at which Zoom does not say who consents. */
async function connectUnknown(connection: string, user: string, refusal: () => Response): Promise<void> {
  world.zoom.userRefusal = refusal;
  await world.connect(connection, world.dependencies(), user);
  world.zoom.userRefusal = undefined;
  expect(await world.item(connection)).not.toHaveProperty('zoomUserId');
}
const rateLimited = () => Response.json({ code: 429, message: 'Too many requests' }, { status: 429 });
const countRequests = () => {
  let asked = 0;
  const intercept: Intercept = (point, call) => {
    if (point === 'zoom.user') asked += 1;
    return call();
  };
  return { intercept, asked: () => asked };
};

describe('a Zoom user whom Zoom did not name at the consent', () => {
  test.each<[string, () => Response]>([
    ['a 429', rateLimited],
    ['a 500', () => Response.json({}, { status: 500 })],
    ['a 503 as HTML', () => new Response('<html></html>', { status: 503 })],
    ['a 200 that is no JSON', () => new Response('<html></html>')],
  ])(
    'because of %s is learned at the next rotation, and the overlap is measured a minute later',
    async (_, refusal) => {
      await connectUnknown('main', 'ada', refusal);
      expect(await rotate('main')).toMatchObject({
        zoomUserId: 'ada',
        zoomAccountId: world.zoom.accountId,
        measureAt: world.time + MINUTE,
        status: 'active',
      });
      world.pass(MINUTE);
      await step('main', world.dependencies(), { deadline: world.deadline });
      expect(await world.item('main')).toMatchObject({ overlapSeen: 1, overlapAskedAt: world.time });
      expect(await world.store.claimant('default', 'ada')).toBe('main');
    },
  );

  test('is asked for at each rotation until known, and then no more', async () => {
    await connectUnknown('main', 'ada', rateLimited);
    world.zoom.userRefusal = rateLimited;
    expect(await rotate('main')).toMatchObject({ status: 'active', failures: 0, publishedVersion: 2 });
    expect(await rotate('main')).not.toHaveProperty('zoomUserId');
    world.zoom.userRefusal = undefined;
    expect(await rotate('main')).toMatchObject({
      zoomUserId: 'ada',
      measureAt: world.time + MINUTE,
    });
    const { intercept, asked } = countRequests();
    await rotate('main', intercept);
    expect(asked()).toBe(0);
  });

  test('is not asked for where the granted scopes do not allow it', async () => {
    world.zoom.scope = 'meeting:read:meeting meeting:write:meeting';
    await connectUnknown('main', 'ada', rateLimited);
    const { intercept, asked } = countRequests();
    await rotate('main', intercept);
    expect(asked()).toBe(0);
  });

  test('is asked for where Zoom names no scopes', async () => {
    world.zoom.scope = undefined;
    await connectUnknown('main', 'ada', rateLimited);
    expect(await rotate('main')).toMatchObject({ zoomUserId: 'ada' });
  });

  test('is learned although a store fails in between', async () => {
    await connectUnknown('main', 'ada', rateLimited);
    const failing: Intercept = (point, call) =>
      point === 'store.claimUser' ? Promise.reject(new Error('down')) : call();
    expect(await rotate('main', failing)).toMatchObject({ status: 'active', publishedVersion: 2 });
    expect(await rotate('main')).toMatchObject({ zoomUserId: 'ada' });
  });

  test('once learned, ends the connection by removing the app at Zoom', async () => {
    await connectUnknown('main', 'ada', rateLimited);
    const item = await rotate('main');
    expect(await world.store.claimant('default', 'ada')).toBe('main');
    world.pass(MINUTE);
    await disconnectDeauthorized(item, world.time, world.dependencies(), world.deadline);
    expect(await world.item('main')).toMatchObject({ status: 'disconnected' });
  });

  test('once learned, is not connected twice: the next consent of the user renews the connection', async () => {
    await connectUnknown('main', 'ada', rateLimited);
    await rotate('main');
    await expect(world.connect('second', world.dependencies(), 'ada')).resolves.toMatchObject({
      requested: 'second',
      item: { connection: 'main' },
    });
  });
});

describe('a Zoom user who is learned to have two connections', () => {
  test('belongs to the newer one, whose tokens are those that live, and the log says which to disconnect', async () => {
    await world.connect('old', world.dependencies(), 'ada');
    world.pass(MINUTE);
    await connectUnknown('new', 'ada', rateLimited);
    expect(await rotate('new')).toMatchObject({ zoomUserId: 'ada', status: 'active' });
    expect(await world.store.claimant('default', 'ada')).toBe('new');
    expect(world.lines).toContainEqual({
      level: 'warn',
      message: expect.stringMatching(
        /Zoom ended the tokens of "old"\. Disconnect it: npx zoom-tokens disconnect old\.$/,
      ),
      details: expect.objectContaining({ connection: 'new' }),
    });
    expect(JSON.stringify(world.lines)).not.toContain('ada');
    // The next consent of the user finds the connection that works.
    await expect(world.connect('old', world.dependencies(), 'ada')).resolves.toMatchObject({
      item: { connection: 'new' },
    });
  });

  test('stays with the newer one where the older one learns of it', async () => {
    await connectUnknown('old', 'ada', rateLimited);
    world.pass(MINUTE);
    await world.connect('new', world.dependencies(), 'ada');
    // An app whose users may have several pairs: the older connection still rotates.
    world.zoom.tokenRefusal = () =>
      Response.json({ access_token: 'access', refresh_token: 'refresh', expires_in: 3600 });
    const me: Intercept = async (point, call) =>
      point === 'zoom.user' ? (Response.json({ id: 'ada' }) as never) : call();
    expect(await rotate('old', me)).not.toHaveProperty('zoomUserId');
    expect(await world.store.claimant('default', 'ada')).toBe('new');
    expect(world.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: expect.stringMatching(
          /Zoom may end the tokens of "old"\. Disconnect it: npx zoom-tokens disconnect old\.$/,
        ),
      }),
    );
  });
});

describe('a consent that brings no refresh token', () => {
  const consent = () => {
    world.zoom.omitsRefreshToken = true;
    return world.connect('main').finally(() => {
      world.zoom.omitsRefreshToken = false;
    });
  };

  test('is refused before anything is stored, and says what to check', async () => {
    await expect(consent()).rejects.toMatchObject({
      class: 'misconfigured',
      code: 'no_refresh_token',
      action: expect.stringMatching(/General App.* Then ask for a new link\.$/),
    });
    expect(await world.store.list()).toEqual([]);
    expect(world.published('main')).toBeUndefined();
  });

  test('leaves no living access token', async () => {
    await consent().catch(() => {});
    expect(world.zoom.hasLiving('main')).toBe(false);
  });

  test('is not revoked where the user has a connection, whose tokens might be revoked too', async () => {
    await world.connect('main');
    const points: string[] = [];
    world.zoom.omitsRefreshToken = true;
    const intercept: Intercept = (point, call) => {
      points.push(point);
      return call();
    };
    const before = await world.item('main');
    await expect(world.connect('main', world.dependencies({ intercept }))).rejects.toMatchObject({
      code: 'no_refresh_token',
    });
    expect(points).not.toContain('zoom.revoke');
    expect(await world.item('main')).toEqual(before);
  });

  test('is no concern of a refresh, where the earlier refresh token stays in force', async () => {
    await world.connect('main');
    world.zoom.omitsRefreshToken = true;
    expect(await rotate('main')).toMatchObject({ status: 'active', version: 2 });
    expect(await world.tokens('main')).toHaveProperty('refreshToken');
  });
});

test.each([1e16, 3_600_000, -1, 'soon', null])(
  'an expires_in of %j loses no token, counts as an hour and is logged',
  async (expiresIn) => {
    world.zoom.expiresIn = expiresIn;
    await world.connect('main');
    expect(await rotate('main')).toMatchObject({
      status: 'active',
      version: 2,
      expiresAt: world.time + 60 * MINUTE,
    });
    expect(world.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('expires_in') }),
    );
  },
);
