import { beforeEach, describe, expect, test } from '@jest/globals';
import { connectServerToServer } from '../../../../lambdas/tokens/consent/connect.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { DEFAULT_MARGINS, rotateAt } from '../../../../lambdas/tokens/schedule.ts';
import { type FunctionOptions, type Intercept, World } from '../../../support/world/world.ts';

const HOUR = 3600;
let world: World;
const rotate = async (options?: FunctionOptions) => {
  await step('main', world.dependencies(options), { deadline: world.deadline, early: true });
  return world.item('main');
};
/** Options with which Zoom's API sends this response. Its token endpoint stays as it is. */
const responding = (respond: () => Response | Promise<Response>): FunctionOptions => ({
  intercept: async (point, call) => (point === 'zoom.user' ? ((await respond()) as never) : call()),
});

beforeEach(async () => {
  world = new World();
  await world.connect('main');
});

test('the overlap is unknown before the first rotation', async () => {
  expect(await world.item('main')).toMatchObject({ overlap: 'unknown' });
});

test('where old tokens outlive a refresh, the first rotation finds out, and later ones are early', async () => {
  const { overlap, dueAt, expiresAt, version } = await rotate();
  expect(overlap).toBe('yes');
  const item = { connection: 'main', version, expiresAt };
  expect(dueAt).toBe(rotateAt({ ...item, overlap: 'yes' }, DEFAULT_MARGINS));
  expect(dueAt).toBeLessThan(rotateAt({ ...item, overlap: 'unknown' }, DEFAULT_MARGINS));
});

test('where old tokens die at a refresh, the first rotation finds out, and later ones stay late', async () => {
  world.zoom.overlap = false;
  const { overlap, dueAt, expiresAt, version } = await rotate();
  expect(overlap).toBe('no');
  expect(dueAt).toBe(rotateAt({ connection: 'main', version, expiresAt, overlap }, DEFAULT_MARGINS));
});

test('an overlap that is known is not measured again', async () => {
  await rotate();
  let requests = 0;
  const intercept: Intercept = (point, call) => {
    if (point === 'zoom.user') requests += 1;
    return call();
  };
  await rotate({ intercept });
  expect(requests).toBe(0);
  await world.connect('main');
  expect(await world.item('main')).toMatchObject({ overlap: 'yes' });
});

describe('the overlap stays unknown, the rotation succeeds, and the next one measures again', () => {
  test.each<[string, () => Response | Promise<Response>]>([
    ['after a 401 of another code', () => Response.json({ code: 200 }, { status: 401 })],
    ['after a 401 without a body', () => new Response(undefined, { status: 401 })],
    ['after a 429', () => Response.json({ code: 429 }, { status: 429 })],
    ['after a 503 as HTML', () => new Response('<html></html>', { status: 503 })],
    ['after a redirect', () => new Response(undefined, { status: 302, headers: { location: '/' } })],
    ['after a timeout', () => Promise.reject(new DOMException('timed out', 'TimeoutError'))],
  ])('%s', async (_, respond) => {
    expect(await rotate(responding(respond))).toMatchObject({
      overlap: 'unknown',
      status: 'active',
      failures: 0,
      version: 2,
      publishedVersion: 2,
    });
    expect(await rotate()).toMatchObject({ overlap: 'yes' });
  });
});

test('an old token that lacks the scope has outlived the refresh', async () => {
  const respond = () => Response.json({ code: 4711 }, { status: 400 });
  expect(await rotate(responding(respond))).toMatchObject({ overlap: 'yes' });
});

describe('the overlap is not measured', () => {
  const failingAtZoomUser: FunctionOptions = {
    intercept: (point, call) => (point === 'zoom.user' ? Promise.reject(new Error('requested')) : call()),
  };

  test('with an old token that would have expired anyway', async () => {
    world.pass(HOUR - 60);
    expect(await rotate()).toMatchObject({ overlap: 'unknown' });
  });

  test('when the app lacks the scope that identifies the user', async () => {
    world.zoom.scope = 'meeting:read';
    await world.connect('other', world.dependencies(failingAtZoomUser));
    expect(await world.item('other')).not.toHaveProperty('zoomUserId');
    let requests = 0;
    const intercept: Intercept = (point, call) => {
      if (point === 'zoom.user') requests += 1;
      return call();
    };
    await step('other', world.dependencies({ intercept }), { deadline: world.deadline, early: true });
    expect(requests).toBe(0);
  });

  test('before the new token is published, nor with too little time left', async () => {
    const points: string[] = [];
    const intercept: Intercept = (point, call) => {
      points.push(point);
      if (point === 'vault.publish') world.pass(53);
      return call();
    };
    await rotate({ intercept });
    expect(points).not.toContain('zoom.user');
    points.length = 0;
    await rotate({
      intercept: (point, call) => {
        points.push(point);
        return call();
      },
    });
    expect(points.indexOf('zoom.user')).toBeGreaterThan(points.indexOf('vault.publish'));
  });

  test('for a Server-to-Server app, whose tokens are valid at the same time', async () => {
    const server = { connection: 'server', app: 'default' };
    await connectServerToServer(server, world.dependencies(), { deadline: world.deadline });
    await step('server', world.dependencies(failingAtZoomUser), { deadline: world.deadline, early: true });
    expect(await world.item('server')).toMatchObject({ overlap: 'yes', version: 2 });
  });
});
