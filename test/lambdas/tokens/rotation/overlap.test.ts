import { beforeEach, describe, expect, test } from '@jest/globals';
import { connectServerToServer } from '../../../../lambdas/tokens/consent/connect-server-to-server.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { DEFAULT_MARGINS, rotateAt } from '../../../../lambdas/tokens/schedule.ts';
import { type FunctionOptions, type Intercept, World } from '../../../support/world/world.ts';
import { SERVER_APP } from '../../../support/world/zoom-model.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
let world: World;

const rotate = async (options?: FunctionOptions) => {
  await step('main', world.dependencies(options), { deadline: world.deadline, early: true });
  return world.item('main');
};
/** The step of a sweep a minute later, which measures. */
const measure = async (options?: FunctionOptions) => {
  world.pass(60);
  await step('main', world.dependencies(options), { deadline: world.deadline });
  return world.item('main');
};
const rotateAndMeasure = async (options?: FunctionOptions) => {
  await rotate(options);
  return measure(options);
};
/** Brings the overlap to `yes`, as two rotations do. */
const learnThatItOverlaps = async () => {
  await rotateAndMeasure();
  return rotateAndMeasure();
};
/** Options with which Zoom's API sends this response. Its token endpoint stays as it is. */
const responding = (respond: () => Response | Promise<Response>): FunctionOptions => ({
  intercept: async (point, call) => (point === 'zoom.user' ? ((await respond()) as never) : call()),
});
/** Options with which each call is added to `points`. */
const observing = (points: string[]): FunctionOptions => ({
  intercept: (point, call) => {
    points.push(point);
    return call();
  },
});
const rotationOf = ({ version, expiresAt }: { version: number; expiresAt: number }, overlap: 'yes' | 'no') =>
  rotateAt({ connection: 'main', version, expiresAt, overlap }, DEFAULT_MARGINS);

beforeEach(async () => {
  world = new World();
  await world.connect('main');
});

describe('the overlap is unknown', () => {
  test('before the first rotation', async () => {
    expect(await world.item('main')).toMatchObject({ overlap: 'unknown' });
  });

  test('right after a rotation, which asks nothing and is due for the measurement a minute later', async () => {
    const points: string[] = [];
    const item = await rotate(observing(points));
    expect(item).toMatchObject({
      overlap: 'unknown',
      measureAt: world.time + 60,
      dueAt: world.time + 60,
    });
    expect(points).not.toContain('zoom.user');
    expect(points.indexOf('store.keepReplaced')).toBeGreaterThan(points.indexOf('vault.publish'));
    expect(await world.store.replaced('main')).toMatchObject({ expiresAt: world.time + HOUR });
  });

  test('after the earlier token was seen alive at one rotation: the next one measures again', async () => {
    const item = await rotateAndMeasure();
    expect(item).toMatchObject({ overlap: 'unknown', overlapSeen: 1, overlapAskedAt: world.time });
    expect(item.dueAt).toBe(rotationOf(item, 'no'));
    expect(await rotate()).toMatchObject({ measureAt: world.time + 60 });
  });
});

test('a measurement asks Zoom once, changes neither version nor publication, and drops the replaced tokens', async () => {
  await rotate();
  const published = world.published('main');
  const points: string[] = [];
  const item = await measure(observing(points));
  expect(points.filter((point) => point.startsWith('zoom.'))).toEqual(['zoom.user']);
  expect(points).not.toContain('vault.publish');
  expect(item).toMatchObject({ version: 2, publishedVersion: 2 });
  expect(item).not.toHaveProperty('measureAt');
  expect(world.published('main')).toBe(published);
  expect(await world.store.replaced('main')).toBeUndefined();
});

test('where old tokens outlive a refresh, two rotations find out, and later ones are early', async () => {
  const item = await learnThatItOverlaps();
  expect(item).toMatchObject({ overlap: 'yes', overlapSeen: 2, version: 3 });
  expect(item.dueAt).toBe(rotationOf(item, 'yes'));
  expect(item.dueAt).toBeLessThan(rotationOf(item, 'no'));
  expect(world.lines).toContainEqual(
    expect.objectContaining({ message: 'overlap changed', details: { connection: 'main', overlap: 'yes' } }),
  );
});

test('where old tokens die at a refresh, the first rotation finds out, and later ones stay late', async () => {
  world.zoom.overlap = false;
  const item = await rotateAndMeasure();
  expect(item).toMatchObject({ overlap: 'no' });
  expect(item).not.toHaveProperty('overlapSeen');
  expect(item.dueAt).toBe(rotationOf(item, 'no'));
});

test('where old tokens die seconds after a refresh, they are not seen alive', async () => {
  await rotate();
  world.pass(10);
  for (const token of world.zoom.secrets) if (token !== world.published('main')) world.zoom.expire(token);
  expect(await measure()).toMatchObject({ overlap: 'no' });
});

describe('an overlap that is known', () => {
  test.each(['yes', 'no'] as const)(
    'is not measured again on the same day where it is "%s", and stays after a consent',
    async (overlap) => {
      world.zoom.overlap = overlap === 'yes';
      await learnThatItOverlaps();
      world.pass(20 * HOUR);
      await rotate();
      // Now the earlier token has life enough for a measurement.
      expect(await rotate()).not.toHaveProperty('measureAt');
      await world.connect('main');
      expect(await world.item('main')).toMatchObject({ overlap });
    },
  );

  test.each(['yes', 'no'] as const)('is measured again after a day where it is "%s"', async (overlap) => {
    world.zoom.overlap = overlap === 'yes';
    await learnThatItOverlaps();
    world.pass(DAY - 1800);
    await rotate();
    world.pass(1800);
    const measured = await rotateAndMeasure();
    expect(measured).toMatchObject({ overlap, overlapAskedAt: world.time });
  });

  test('is set back by one contrary sign, and the rotations are late again', async () => {
    await learnThatItOverlaps();
    world.pass(DAY - 1800);
    await rotate();
    world.pass(1800);
    world.zoom.overlap = false;
    const item = await rotateAndMeasure();
    expect(item).toMatchObject({ overlap: 'no' });
    expect(item.dueAt).toBe(rotationOf(item, 'no'));
  });

  test('is "yes" again only after the earlier token was seen alive at two more rotations', async () => {
    world.zoom.overlap = false;
    await rotateAndMeasure();
    world.zoom.overlap = true;
    world.pass(DAY - 1800);
    await rotate();
    world.pass(1800);
    expect(await rotateAndMeasure()).toMatchObject({ overlap: 'unknown', overlapSeen: 1 });
    expect(await rotateAndMeasure()).toMatchObject({ overlap: 'yes', overlapSeen: 2 });
  });
});

describe('the overlap stays unknown, the rotation stands, and the next one measures again', () => {
  const isUnlearned = async (item: Awaited<ReturnType<typeof measure>>) => {
    expect(item).toMatchObject({ overlap: 'unknown', status: 'active', failures: 0 });
    expect(item).toMatchObject({ version: 2, publishedVersion: 2 });
    expect(item).not.toHaveProperty('overlapSeen');
    expect(await rotateAndMeasure()).toMatchObject({ overlapSeen: 1 });
  };

  test.each<[string, () => Response | Promise<Response>]>([
    ['after a 401 of another code', () => Response.json({ code: 200 }, { status: 401 })],
    ['after a 401 without a body', () => new Response(undefined, { status: 401 })],
    ['after a 429', () => Response.json({ code: 429 }, { status: 429 })],
    ['after a 503 as HTML', () => new Response('<html></html>', { status: 503 })],
    ['after a redirect', () => new Response(undefined, { status: 302, headers: { location: '/' } })],
    ['after a timeout', () => Promise.reject(new DOMException('timed out', 'TimeoutError'))],
  ])('%s', async (_, respond) => {
    await isUnlearned(await rotateAndMeasure(responding(respond)));
  });

  test.each(['store.keepReplaced', 'store.replaced', 'store.dropReplaced'])(
    'when %s fails',
    async (failing) => {
      const intercept: Intercept = (point, call) =>
        point === failing ? Promise.reject(new Error('down')) : call();
      await isUnlearned(await rotateAndMeasure({ intercept }));
    },
  );

  test('when no sweep comes before the earlier token is about to expire by itself', async () => {
    world.pass(HOUR - 200);
    await rotate();
    world.pass(81);
    const points: string[] = [];
    const item = await measure(observing(points));
    expect(points).not.toContain('zoom.user');
    expect(await world.store.replaced('main')).toBeUndefined();
    await isUnlearned(item);
  });
});

test('an old token that lacks the scope has outlived the refresh', async () => {
  const respond = () => Response.json({ code: 4711 }, { status: 400 });
  expect(await rotateAndMeasure(responding(respond))).toMatchObject({ overlapSeen: 1 });
});

test('a measurement for which too little time is left is due again at once', async () => {
  await rotate();
  world.pass(60);
  const points: string[] = [];
  await step('main', world.dependencies(observing(points)), { deadline: world.time + 7 });
  expect(points).not.toContain('zoom.user');
  expect(await world.item('main')).toMatchObject({ measureAt: world.time, dueAt: world.time });
});

describe('the overlap is not measured', () => {
  const failingAtZoomUser: FunctionOptions = {
    intercept: (point, call) => (point === 'zoom.user' ? Promise.reject(new Error('requested')) : call()),
  };

  test('with an old token that would have expired anyway', async () => {
    world.pass(HOUR - 179);
    expect(await rotate()).not.toHaveProperty('measureAt');
    expect(await world.store.replaced('main')).toBeUndefined();
  });

  test('when the app lacks the scope that identifies the user', async () => {
    world.zoom.scope = 'meeting:read';
    await world.connect('other', world.dependencies(failingAtZoomUser));
    expect(await world.item('other')).not.toHaveProperty('zoomUserId');
    await step('other', world.dependencies(), { deadline: world.deadline, early: true });
    expect(await world.item('other')).not.toHaveProperty('measureAt');
    expect(await world.store.replaced('other')).toBeUndefined();
  });

  test('for a Server-to-Server app, whose tokens are valid at the same time', async () => {
    const server = { connection: 'server', app: SERVER_APP };
    await connectServerToServer(server, world.dependencies(), { deadline: world.deadline });
    await step('server', world.dependencies(failingAtZoomUser), { deadline: world.deadline, early: true });
    const item = await world.item('server');
    expect(item).toMatchObject({ overlap: 'yes', version: 2 });
    expect(item).not.toHaveProperty('measureAt');
  });

  test('for tokens that a consent has replaced meanwhile', async () => {
    await rotate();
    await world.connect('main');
    const item = await measure();
    expect(item).toMatchObject({ overlap: 'unknown', generation: 2 });
    expect(item).not.toHaveProperty('overlapSeen');
  });
});
