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
/** Zoom's API answers that; its token endpoint stays as it is. */
const answering = (answer: () => Response | Promise<Response>): FunctionOptions => ({
  intercept: async (point, call) => (point === 'zoom.user' ? ((await answer()) as never) : call()),
});

beforeEach(async () => {
  world = new World();
  await world.connect('main');
});

test('before the first rotation it is not known whether an old token outlives a refresh', async () => {
  expect(await world.item('main')).toMatchObject({ overlap: 'unknown' });
});

test('where it does, the first rotation finds out, and from then on rotates early', async () => {
  const { overlap, dueAt, expiresAt, version } = await rotate();
  expect(overlap).toBe('yes');
  const of = { connection: 'main', version, expiresAt };
  expect(dueAt).toBe(rotateAt({ ...of, overlap: 'yes' }, DEFAULT_MARGINS));
  expect(dueAt).toBeLessThan(rotateAt({ ...of, overlap: 'unknown' }, DEFAULT_MARGINS));
});

test('where it does not, it finds that out, and goes on late', async () => {
  world.zoom.overlap = false;
  const { overlap, dueAt, expiresAt, version } = await rotate();
  expect(overlap).toBe('no');
  expect(dueAt).toBe(rotateAt({ connection: 'main', version, expiresAt, overlap }, DEFAULT_MARGINS));
});

test('what is known is not asked again', async () => {
  await rotate();
  let asked = 0;
  const intercept: Intercept = (point, call) => {
    if (point === 'zoom.user') asked += 1;
    return call();
  };
  await rotate({ intercept });
  expect(asked).toBe(0);
  await world.connect('main');
  expect(await world.item('main')).toMatchObject({ overlap: 'yes' });
});

describe('it stays unknown, the rotation settles, and the next one asks again', () => {
  test.each<[string, () => Response | Promise<Response>]>([
    ['after a 401 of another code', () => Response.json({ code: 200 }, { status: 401 })],
    ['after a 401 without a body', () => new Response(undefined, { status: 401 })],
    ['after a 429', () => Response.json({ code: 429 }, { status: 429 })],
    ['after a 503 as HTML', () => new Response('<html></html>', { status: 503 })],
    ['after a redirect', () => new Response(undefined, { status: 302, headers: { location: '/' } })],
    ['after a timeout', () => Promise.reject(new DOMException('timed out', 'TimeoutError'))],
  ])('%s', async (_, answer) => {
    expect(await rotate(answering(answer))).toMatchObject({
      overlap: 'unknown',
      status: 'active',
      failures: 0,
      version: 2,
      publishedVersion: 2,
    });
    expect(await rotate()).toMatchObject({ overlap: 'yes' });
  });
});

test('a token that lives but lacks the scope has outlived the refresh', async () => {
  const answer = () => Response.json({ code: 4711 }, { status: 400 });
  expect(await rotate(answering(answer))).toMatchObject({ overlap: 'yes' });
});

describe('Zoom is not asked', () => {
  const refusingToAsk: FunctionOptions = {
    intercept: (point, call) => (point === 'zoom.user' ? Promise.reject(new Error('asked')) : call()),
  };

  test('with a token that would have ended by itself, whose death says nothing', async () => {
    world.pass(HOUR - 60);
    expect(await rotate()).toMatchObject({ overlap: 'unknown' });
  });

  test('where the scopes of the app do not tell who consented', async () => {
    world.zoom.scope = 'meeting:read';
    await world.connect('other', world.dependencies(refusingToAsk));
    expect(await world.item('other')).not.toHaveProperty('zoomUserId');
    let asked = 0;
    const intercept: Intercept = (point, call) => {
      if (point === 'zoom.user') asked += 1;
      return call();
    };
    await step('other', world.dependencies({ intercept }), { deadline: world.deadline, early: true });
    expect(asked).toBe(0);
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

  test('for a Server-to-Server app, whose tokens live side by side', async () => {
    const server = { connection: 'server', app: 'default' };
    await connectServerToServer(server, world.dependencies(), { deadline: world.deadline });
    await step('server', world.dependencies(refusingToAsk), { deadline: world.deadline, early: true });
    expect(await world.item('server')).toMatchObject({ overlap: 'yes', version: 2 });
  });
});
