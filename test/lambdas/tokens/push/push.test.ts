import { beforeEach, describe, expect, test } from '@jest/globals';
import { Failure } from '../../../../lambdas/tokens/errors.ts';
import { push } from '../../../../lambdas/tokens/push/push.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type FunctionOptions, World } from '../../../support/world/world.ts';

const HOUR = 3600;
let world: World;
const rotateNow = (deps = world.dependencies()) =>
  step('main', deps, { deadline: world.deadline, early: true });
const run = (options?: FunctionOptions) =>
  step('main', world.dependencies(options), { deadline: world.deadline });
const target = async () => (await world.item('main')).targets?.[0];
const stored = async () => (await world.tokens('main')).accessToken;

beforeEach(async () => {
  world = new World();
  await world.connect('main');
  await world.link('main');
  // A link waits for fractions of a second.
  world.time = Math.ceil(world.time);
});

test('a rotation pushes the new token with no more writes to the table than without n8n', async () => {
  const points: string[] = [];
  const intercept: FunctionOptions['intercept'] = (point, call) => {
    points.push(point);
    return call();
  };
  await rotateNow(world.dependencies({ intercept }));
  expect(await world.pushed('main')).toBe(await stored());
  expect(await target()).toMatchObject({ instance: 'office', pushedVersion: 2, failures: 0 });
  const calls = points.filter((point) => point.startsWith('store.'));
  // Besides the three writes of the step: the app's health is read and stored, the replaced tokens are kept.
  expect(calls).toEqual([
    'store.lease',
    'store.appHealth',
    'store.commitRotation',
    'store.keepReplaced',
    'store.settle',
    'store.putAppHealth',
  ]);
  expect(points.indexOf('n8n.fetch')).toBeGreaterThan(points.indexOf('vault.publish'));
});

test.each([
  { state: 'knows the same key', isLost: false },
  { state: 'has lost the instance', isLost: true },
])('a push that n8n refuses is not sent again where the n8n secret $state', async ({ isLost }) => {
  world.n8n.scopes = new Set();
  let pushes = 0;
  const intercept: FunctionOptions['intercept'] = async (point, call) => {
    if (point !== 'n8n.fetch') return call();
    pushes += 1;
    const response = await call();
    if (isLost) world.settings.instances = new Map();
    return response;
  };
  await rotateNow(world.dependencies({ intercept }));
  expect(pushes).toBe(1);
  expect(await target()).toMatchObject({ failures: 1, lastError: { code: 'n8n_scope_missing' } });
});

test('an n8n that cannot be reached is left alone for 30 seconds', async () => {
  const deps = world.dependencies({
    intercept: (point, call) => (point === 'n8n.fetch' ? Promise.reject(new TypeError('no')) : call()),
  });
  await rotateNow(deps);
  expect(deps.push?.pauses.get('office')?.until).toBe(world.time + 30);
});

test('the run that a repeated consent starts pushes its token', async () => {
  await world.connect('main');
  expect(await world.pushed('main')).not.toBe(await stored());
  await world.runStarted();
  expect(await world.pushed('main')).toBe(await stored());
});

test('a token is not pushed to an address that the deployment lists no longer, and the failure says so', async () => {
  const before = await world.pushed('main');
  const deps = world.dependencies();
  if (deps.push) deps.push.urls = [];
  await rotateNow(deps);
  expect(await world.pushed('main')).toBe(before);
  expect(await target()).toMatchObject({
    failures: 1,
    lastError: {
      class: 'misconfigured',
      code: 'n8n_url_not_listed',
      action: expect.stringContaining('"n8nUrls": ["https://n8n.example.com"]'),
    },
  });
});

describe('an n8n that is down', () => {
  beforeEach(async () => {
    world.n8n.isDown = true;
    expect(await rotateNow()).toMatchObject({ kind: 'settled', published: true, pushes: { failed: 1 } });
  });

  test('leaves the connection active and records the failure in its target', async () => {
    const item = await world.item('main');
    expect(item).toMatchObject({ status: 'active', failures: 0, version: 2, publishedVersion: 2 });
    expect(item.lastError).toBeUndefined();
    expect(await target()).toMatchObject({
      pushedVersion: 1,
      failures: 1,
      lastError: { class: 'retry', code: 'n8n_unavailable', at: world.time },
    });
    expect(item.dueAt).toBe(Math.min((await target())?.retryAt ?? 0, item.measureAt ?? 0));
  });

  test('is retried with growing pauses of at most five minutes', async () => {
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const { retryAt = 0 } = (await target()) ?? {};
      pauses.push(retryAt - world.time);
      world.time = retryAt;
      await run();
    }
    expect(pauses[0]).toBeLessThan(60);
    expect([...pauses].sort((a, b) => a - b)).toEqual(pauses);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(300);
    expect(await world.item('main')).toMatchObject({ version: 2 });
  });

  test('gets no request before the pause ends, although the connection is rotated', async () => {
    const before = world.n8n.requests.length;
    world.pass(1);
    await rotateNow();
    expect(world.n8n.requests).toHaveLength(before);
  });
});

test('a misconfigured push is retried after 1, 2, 4, 8 and then 15 minutes, and recovers by itself', async () => {
  world.n8n.scopes.delete('credential:update');
  await rotateNow();
  const { retryAt = 0, lastError } = (await target()) ?? {};
  expect(lastError).toMatchObject({ class: 'misconfigured', code: 'n8n_scope_missing' });
  expect(retryAt - world.time).toBe(60);
  expect(world.lines.at(-2)).toMatchObject({
    level: 'error',
    details: { connection: 'main', instance: 'office', version: 2, code: 'n8n_scope_missing' },
  });
  const waits: number[] = [];
  for (let attempt = 0; attempt < 5; attempt += 1) {
    world.time = (await target())?.retryAt ?? 0;
    await run();
    waits.push(((await target())?.retryAt ?? 0) - world.time);
  }
  expect(waits.map((seconds) => seconds / 60)).toEqual([2, 4, 8, 15, 15]);
  world.n8n.scopes.add('credential:update');
  world.time = (await target())?.retryAt ?? 0;
  await run();
  expect(await world.pushed('main')).toBe(await stored());
  expect(await target()).toEqual({
    instance: 'office',
    credentialId: expect.any(String),
    pushedVersion: 2,
    validUntil: (await world.item('main')).expiresAt,
    failures: 0,
  });
});

describe('a target that lags behind', () => {
  test('brings the end of what n8n has forward, until it takes the token', async () => {
    const { validUntil } = await world.item('main');
    world.n8n.isDown = true;
    world.pass(600);
    await rotateNow();
    const { expiresAt } = await world.item('main');
    expect(expiresAt).toBeGreaterThanOrEqual(validUntil + 600);
    expect(await world.item('main')).toMatchObject({ publishedVersion: 2, validUntil });
    expect(await target()).toMatchObject({ validUntil, pushedVersion: 1 });
    world.n8n.isDown = false;
    world.time = (await target())?.retryAt ?? 0;
    await run();
    expect(await world.item('main')).toMatchObject({ validUntil: expiresAt });
    expect(await target()).toMatchObject({ validUntil: expiresAt, pushedVersion: 2 });
  });

  test('keeps its end through a second rotation that it does not take', async () => {
    const { validUntil } = await world.item('main');
    world.n8n.isDown = true;
    for (let rotation = 0; rotation < 2; rotation += 1) {
      world.pass(600);
      await rotateNow();
    }
    expect(await world.item('main')).toMatchObject({ version: 3, publishedVersion: 3, validUntil });
  });
});

test('an API key that another function has replaced is read again after the first refusal', async () => {
  const remembered = new Map([['office', { url: 'https://n8n.example.com', apiKey: 'the old key' }]]);
  const deps = world.dependencies();
  const settings = {
    read: async ({ fresh } = { fresh: false }) => (fresh ? world.settings.instances : remembered),
    write: async () => {},
  };
  await rotateNow({ ...deps, push: { ...(deps.push as NonNullable<typeof deps.push>), settings } });
  expect(await world.pushed('main')).toBe(await stored());
});

test('an instance that is missing from the n8n secret makes the push misconfigured', async () => {
  await world.settings.write(new Map());
  await rotateNow();
  expect((await target())?.lastError).toMatchObject({
    ...{ class: 'misconfigured', code: 'n8n_unknown' },
    action: 'Link it again: npx zoom-tokens n8n link main',
  });
});

test('an n8n that hangs costs a sweep one timeout, not one for each connection', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `c${i}`);
  for (const name of names) {
    await world.connect(name);
    await world.link(name);
  }
  world.pass(HOUR - 300);
  let requests = 0;
  const hanging: FunctionOptions['intercept'] = async (point, call) => {
    if (point !== 'n8n.fetch') return call();
    requests += 1;
    world.pass(5);
    throw new DOMException('The operation was aborted due to timeout', 'TimeoutError');
  };
  const report = await sweep(world.dependencies({ intercept: hanging }), { deadline: world.deadline });
  expect(report).toMatchObject({ rotated: 41, published: 41, pushed: 0, pushFailed: 41 });
  expect(requests).toBeLessThanOrEqual(8);
});

test('no push starts that the end of the function would interrupt', async () => {
  const before = world.n8n.requests.length;
  const slow: FunctionOptions['intercept'] = async (point, call) => {
    if (point === 'vault.publish') world.pass(51);
    return call();
  };
  await rotateNow(world.dependencies({ intercept: slow }));
  expect(world.n8n.requests).toHaveLength(before);
  expect(await world.item('main')).toMatchObject({ version: 2, publishedVersion: 2, dueAt: world.time });
  await run();
  expect(await world.pushed('main')).toBe(await stored());
});

test('a deployment that does not push keeps the targets and is not due for them', async () => {
  const before = await target();
  await rotateNow({ ...world.dependencies(), push: undefined });
  expect(await target()).toEqual(before);
  const { dueAt, measureAt } = await world.item('main');
  expect(dueAt).toBe(measureAt);
  world.pass(60);
  await step('main', { ...world.dependencies(), push: undefined }, { deadline: world.deadline });
  expect((await world.item('main')).dueAt).toBeGreaterThan(world.time + HOUR / 3);
});

describe('an n8n instance that asks to be left alone', () => {
  const atOnce = { failures: 0, retryAt: 0 };
  /** Makes the push due again, whatever the target's own back-off. */
  const makeDue = async () => {
    const item = await world.item('main');
    return {
      ...item,
      targets: (item.targets ?? []).map((each) => ({ ...each, pushedVersion: 0, ...atOnce })),
    };
  };
  const leaveAlone = async (deps: ReturnType<World['dependencies']>) => {
    const busy = new Failure('retry', 'n8n_rate_limited', 'Too many requests.', 'Wait.', 24 * HOUR);
    const n8n = { ...deps.push?.n8n, update: () => Promise.reject(busy) } as never;
    await push(await makeDue(), { ...deps, push: { ...deps.push, n8n } as never }, world.deadline);
  };

  test('gets requests again after five minutes, however long it asked for', async () => {
    const deps = world.dependencies();
    await leaveAlone(deps);
    world.pass(299);
    expect(await push(await makeDue(), deps, world.deadline)).toMatchObject({ pushed: 0, failed: 1 });
    world.pass(1);
    expect(await push(await makeDue(), deps, world.deadline)).toMatchObject({ pushed: 1, failed: 0 });
  });

  test('gets requests again at once when it was linked anew', async () => {
    const deps = world.dependencies();
    await leaveAlone(deps);
    const relinked = new Map([['office', { url: 'https://new.example.com', apiKey: world.n8n.apiKey }]]);
    if (deps.push) deps.push.urls = ['https://new.example.com'];
    await world.settings.write(relinked);
    await deps.push?.settings.read({ fresh: true });
    expect(await push(await makeDue(), deps, world.deadline)).toMatchObject({ pushed: 1, failed: 0 });
  });
});
