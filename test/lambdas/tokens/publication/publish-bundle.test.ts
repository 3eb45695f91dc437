import { beforeEach, describe, expect, test } from '@jest/globals';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { Failure } from '../../../../lambdas/tokens/errors.ts';
import { newBundle, UNKNOWN } from '../../../../lambdas/tokens/publication/bundle.ts';
import { changeBundle, doubtContent } from '../../../../lambdas/tokens/publication/change-bundle.ts';
import { placeOf } from '../../../../lambdas/tokens/publication/place.ts';
import { publishBundle } from '../../../../lambdas/tokens/publication/publish-bundle.ts';
import { type Intercept, World } from '../../../support/world/world.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.connectTo('sales', 'anna', 'ben');
});

const HOUR = 3600;
const publish = (intercept?: Intercept, including: string[] = []) =>
  publishBundle('sales', including, world.dependencies({ ...(intercept && { intercept }) }), {
    deadline: world.deadline,
  });
const stored = async () => (await world.store.bundle('sales')) ?? newBundle('sales');
const change = async (changed: object) => {
  const bundle = { ...(await stored()), ...changed };
  await world.store.putBundle({ ...bundle, revision: bundle.revision + 1 });
};
const accessToken = async (connection: string) => (await world.tokens(connection)).accessToken;

/** Connects one more member, whose token no publication has yet. */
const addZoe = () => world.connect('zoe', undefined, undefined, undefined, placeOf('sales'));

describe('a token that the publishing function has just sealed', () => {
  /** Returns the ids of the keys with which stored tokens were opened. */
  const publishKnowing = async (sealedTokens: string) => {
    const opened: string[] = [];
    const deps = world.dependencies();
    const openingKey: typeof deps.openingKey = (id) => {
      opened.push(id);
      return deps.openingKey(id);
    };
    const justSealed = new Map([['zoe', { sealedTokens, accessToken: await accessToken('zoe') }]]);
    await publishBundle('sales', [], { ...deps, openingKey }, { deadline: world.deadline, justSealed });
    return opened;
  };
  const zoe = async () => (await world.store.get('zoe'))?.sealedTokens ?? '';

  test('is published without being opened', async () => {
    await addZoe();
    // Those of anna and ben.
    expect(await publishKnowing(await zoe())).toHaveLength(2);
    expect(world.bundle('sales')).toMatchObject({ zoe: await accessToken('zoe') });
  });

  test('is not used once other tokens are stored', async () => {
    await addZoe();
    const sealedTokens = await zoe();
    await change({ content: 'of another time' });
    expect(await publishKnowing(`${sealedTokens}x`)).toHaveLength(3);
  });
});

test.each([
  ['that writes nothing', []],
  ['of an empty bundle', ['anna', 'ben']],
])('a content that is doubted during a publication %s stays in doubt', async (_, leaving) => {
  const options = { deadline: world.deadline, force: false };
  for (const name of leaving) await disconnect(name, world.operator(), options);
  await publish(async (point, call) => {
    if (point === 'store.getAll') world.pass(60);
    if (point === 'store.getAll') await doubtContent('sales', world.dependencies());
    return call();
  });
  expect(await stored()).toMatchObject({ unrecorded: UNKNOWN, sequence: world.time });
  await publish();
  expect(await stored()).not.toHaveProperty('unrecorded');
});

test('a publication that cannot be recorded fails, so that its members stay due', async () => {
  await addZoe();
  let isWritten = false;
  const intercept: Intercept = async (point, call) => {
    if (point === 'store.putBundle' && isWritten) throw new Error('DynamoDB is down');
    const response = await call();
    if (point === 'vault.publish') isWritten = true;
    return response;
  };
  await expect(publish(intercept)).rejects.toThrow('DynamoDB is down');
});

test('a publication adds the members that the list of the bundle lacks', async () => {
  await change({ members: {}, content: 'of another time' });
  expect([...(await publish(undefined, ['anna', 'ben'])).versions.keys()].sort()).toEqual(['anna', 'ben']);
  expect(world.bundle('sales')).toEqual({ anna: await accessToken('anna'), ben: await accessToken('ben') });
  expect(Object.keys((await stored()).members).sort()).toEqual(['anna', 'ben']);
});

test('a publication waits ten seconds for the function that publishes the bundle, then says so', async () => {
  const startedAt = world.time;
  await change({ lease: { owner: 'another function', until: world.time + 180 } });
  await expect(publish()).rejects.toMatchObject({ class: 'retry', code: 'busy' });
  expect(world.time - startedAt).toBeGreaterThan(7);
  expect(world.time - startedAt).toBeLessThanOrEqual(10);
  expect((await stored()).lease?.owner).toBe('another function');
});

test('a publication begins once the lease of a killed function has expired', async () => {
  await change({ lease: { owner: 'a killed function', until: world.time } });
  await expect(publish()).resolves.toMatchObject({ failures: new Map() });
  expect((await stored()).lease).toBeUndefined();
});

test('a member without an item leaves the bundle an hour after it was expected, not before', async () => {
  const { members } = await stored();
  await change({ members: { ...members, ghost: { since: world.time, bytes: 900 } } });
  world.pass(HOUR);
  await publish();
  expect(Object.keys((await stored()).members)).toContain('ghost');
  world.pass(1);
  await publish();
  expect(Object.keys((await stored()).members).sort()).toEqual(['anna', 'ben']);
});

test('a bundle is kept for a member whose item cannot be read', async () => {
  await change({ members: { anna: { since: world.time, bytes: 900 } } });
  world.pass(2 * HOUR);
  const intercept = (async (point: string, call: () => Promise<unknown>) => {
    if (point === 'store.getAll') return [];
    return point === 'store.unreadable' ? [{ connection: 'anna', problems: [] }] : call();
  }) as Intercept;
  await publish(intercept);
  expect(Object.keys((await stored()).members)).toEqual(['anna']);
  expect(world.bundle('sales')).toBeDefined();
});

test('a bundle that another function changes at the same time is read and changed again, after a pause', async () => {
  const before = world.time;
  let isFirst = true;
  const intercept: Intercept = async (point, call) => {
    if (point === 'store.putBundle' && isFirst) {
      isFirst = false;
      await change({ largestToken: 4711 });
    }
    return call();
  };
  await changeBundle('sales', (bundle) => ({ ...bundle, sequence: 99 }), world.dependencies({ intercept }));
  expect(await stored()).toMatchObject({ largestToken: 4711, sequence: 99 });
  expect(world.time).toBeGreaterThan(before);
});

test('a bundle that is changed all the time is tried again at growing intervals of half a second at most', async () => {
  let writes = 0;
  const begun = world.time;
  const intercept = (async (point: string, call: () => Promise<unknown>) => {
    if (point !== 'store.putBundle') return call();
    writes += 1;
    return writes > 40 ? call() : false;
  }) as Intercept;
  await changeBundle('sales', (bundle) => ({ ...bundle }), world.dependencies({ intercept }));
  // 20, 40, 80, 160 and 320 ms, then 500 ms, each by the half of a random number.
  expect(world.time - begun).toBeCloseTo((0.62 + 35 * 0.5) / 2, 1);
});

test('each content of a bundle has a number of its own, also the empty one', async () => {
  const before = (await stored()).sequence;
  for (const name of ['anna', 'ben'])
    await disconnect(name, world.dependencies(), { deadline: world.deadline, force: false });
  expect(world.bundle('sales')).toBeUndefined();
  const after = await stored();
  expect(after).toMatchObject({ sequence: before + 2, members: {} });
  expect(after.content).toBeUndefined();
});

test('the last member that is disconnected again by force deletes the secret in its recovery window, once', async () => {
  const end = (name: string, force: boolean) =>
    disconnect(name, world.operator(), { deadline: world.deadline, force });
  await end('ben', false);
  expect((await end('anna', false)).secretDeletedAt).toBeGreaterThan(world.time);
  const { secretDeletedAt, version } = await end('anna', true);
  expect(secretDeletedAt).toBe(Math.floor(world.time));
  expect((await end('anna', true)).version).toBe(version);
  await addZoe();
  await world.runStarted();
  expect(world.bundle('sales')).toEqual({ zoe: await accessToken('zoe') });
});

test('the last member that is disconnected by force once its bundle has another member again changes nothing twice', async () => {
  const end = (name: string, force: boolean) =>
    disconnect(name, world.operator(), { deadline: world.deadline, force });
  await end('ben', false);
  expect((await end('anna', false)).secretDeletedAt).toBeGreaterThan(world.time);
  await addZoe();
  await world.runStarted();
  const first = await end('anna', true);
  expect(first).not.toHaveProperty('secretDeletedAt');
  expect(await end('anna', true)).toEqual(first);
  expect(world.bundle('sales')).toEqual({ zoe: await accessToken('zoe') });
});

test('a version that Secrets Manager refuses although there is room says that something else writes the secret', async () => {
  await addZoe();
  const full = new Failure('retry', 'version_quota', 'The secret takes no new version.', 'Wait.');
  const intercept: Intercept = (point, call) => (point === 'vault.publish' ? Promise.reject(full) : call());
  await expect(publish(intercept)).rejects.toMatchObject({
    code: 'bundle_waits',
    message: expect.stringContaining('something else has written it'),
    action: expect.stringContaining('PutSecretValue'),
  });
});

test('a sealing key that cannot be read for a moment removes no member from the secret', async () => {
  const { generation } = await world.item('anna');
  const lease = { owner: 'a disconnection', now: world.time, until: world.time + 180 };
  await world.store.beginDisconnect('anna', { ...lease, disconnectedAt: world.time, generation });
  const before = world.bundle('sales');
  const intercept: Intercept = (point, call) =>
    point === 'vault.sealingSeed' ? Promise.reject(new Error('Secrets Manager is down')) : call();
  await expect(publish(intercept)).rejects.toThrow('Secrets Manager is down');
  expect(world.bundle('sales')).toEqual(before);
  expect((await stored()).lease).toBeUndefined();
});

test('a member whose tokens cannot be opened does not keep the others back', async () => {
  await addZoe();
  const item = await world.item('ben');
  const intercept = (async (point: string, call: () => Promise<unknown>) => {
    if (point !== 'store.getAll') return call();
    const members = (await call()) as (typeof item)[];
    return members.map((each) => (each.connection === 'ben' ? { ...item, sealedTokens: 'none' } : each));
  }) as Intercept;
  const { failures, versions } = await publish(intercept);
  expect([...failures.keys()]).toEqual(['ben']);
  expect([...versions.keys()].sort()).toEqual(['anna', 'zoe']);
});
