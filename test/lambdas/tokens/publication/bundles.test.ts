import { beforeEach, expect, test } from '@jest/globals';
import { utc } from '../../../../lambdas/tokens/clock.ts';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { placeOf } from '../../../../lambdas/tokens/publication/place.ts';
import { nextSlot, SLOT_SECONDS } from '../../../../lambdas/tokens/publication/slots.ts';
import { type Purpose, withVersion } from '../../../../lambdas/tokens/publication/version-budget.ts';
import { timesOf } from '../../../../lambdas/tokens/publication-room.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type Intercept, World } from '../../../support/world/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

const PLACE = placeOf('sales');
const versions = () => world.vault.history.filter(({ connection }) => connection === PLACE).length;
const sweepNow = (deps = world.dependencies()) => sweep(deps, { deadline: world.deadline });
const accessToken = async (connection: string) => (await world.tokens(connection)).accessToken;
const passToSlot = () => world.pass(nextSlot('sales', world.time) - world.time);

async function expectPublished(...connections: string[]) {
  const tokens: [string, string][] = [];
  for (const connection of connections) tokens.push([connection, await accessToken(connection)]);
  expect(world.bundle('sales')).toEqual(Object.fromEntries(tokens));
}

test('members of a bundle are the fields of one secret, and have no secret of their own', async () => {
  await world.connectTo('sales', 'zoe', 'anna');
  await expectPublished('anna', 'zoe');
  expect([...world.vault.published.keys()]).toEqual([PLACE]);
  expect(await world.item('anna')).toMatchObject({ place: PLACE, publishedVersion: 1, failures: 0 });
});

test('a connection and a bundle may have the same name', async () => {
  await world.connect('sales');
  await world.connectTo('sales', 'anna');
  await expectPublished('anna');
  expect(world.published('sales')).toBe(await accessToken('sales'));
});

test('the members of a bundle rotate together in its slot, and one version of the secret serves all', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `user_${index}`);
  await world.connectTo('sales', ...names);
  passToSlot();
  await sweepNow();
  passToSlot();
  const before = { versions: versions(), tokens: world.bundle('sales') };
  const report = await sweepNow();
  expect(report).toMatchObject({ rotated: 20, published: 20, publishFailed: 0 });
  expect(versions()).toBe(before.versions + 1);
  await expectPublished(...names);
  for (const name of names) expect(world.bundle('sales')?.[name]).not.toBe(before.tokens?.[name]);
});

test('between its slots a bundle is left alone', async () => {
  await world.connectTo('sales', 'anna');
  passToSlot();
  await sweepNow();
  const before = versions();
  for (let minute = 1; minute < SLOT_SECONDS / 60; minute += 1) {
    world.pass(60);
    await sweepNow();
  }
  expect(versions()).toBe(before);
});

test('a member that Zoom refuses keeps its token in the secret, and the others are published', async () => {
  await world.connectTo('sales', 'anna', 'ben');
  passToSlot();
  await sweepNow();
  world.zoom.deauthorize('ben');
  const old = world.bundle('sales')?.ben;
  passToSlot();
  await sweepNow();
  expect(world.bundle('sales')).toEqual({ anna: await accessToken('anna'), ben: old });
  expect((await world.item('anna')).publishedVersion).toBe((await world.item('anna')).version);
});

test('a member that is unreadable is left out by name, and the others are published', async () => {
  await world.connectTo('sales', 'anna', 'ben');
  const ben = await world.item('ben');
  await world.store.commitRotation(ben, { sealedTokens: 'damaged', expiresAt: 1, rotatedAt: 1 });
  passToSlot();
  await sweepNow();
  await expectPublished('anna');
  expect(world.lines).toContainEqual(
    expect.objectContaining({ level: 'error', details: expect.objectContaining({ connection: 'ben' }) }),
  );
});

test('a publication that fails is repeated by the next sweep without another request to Zoom', async () => {
  await world.connectTo('sales', 'anna', 'ben');
  passToSlot();
  let isDown = true;
  const failing = world.dependencies({
    intercept: async (point, call) => {
      if (isDown && point === 'vault.publish') throw new Error('Secrets Manager is down');
      return call();
    },
  });
  await sweepNow(failing);
  expect(await world.item('anna')).toMatchObject({ version: 2, publishedVersion: 1 });
  isDown = false;
  world.pass(120);
  expect(await sweepNow(failing)).toMatchObject({ rotated: 0, published: 2 });
  await expectPublished('anna', 'ben');
});

test('a publication whose response was lost is not made twice', async () => {
  await world.connectTo('sales', 'anna', 'ben');
  passToSlot();
  const before = versions();
  let isLost = true;
  const deps = world.dependencies({
    intercept: async (point, call) => {
      const response = await call();
      if (isLost && point === 'vault.publish') throw new Error('lost');
      return response;
    },
  });
  await sweepNow(deps);
  isLost = false;
  world.pass(120);
  await sweepNow(deps);
  expect(versions()).toBe(before + 1);
  expect(await world.item('ben')).toMatchObject({ version: 2, publishedVersion: 2 });
});

test('two publishers at once do not overwrite the members of each other', async () => {
  await world.connectTo('sales', 'anna');
  await Promise.all([world.connectTo('sales', 'ben'), world.connectTo('sales', 'zoe')]);
  for (const name of ['anna', 'ben', 'zoe']) {
    const { version, publishedVersion } = await world.item(name);
    // The one that found the other at work may have to wait for the next sweep.
    if (publishedVersion === version) expect(world.bundle('sales')?.[name]).toBe(await accessToken(name));
  }
  world.pass(60);
  await sweepNow();
  await expectPublished('anna', 'ben', 'zoe');
});

test('a disconnected member is gone from the secret when the disconnection responds', async () => {
  await world.connectTo('sales', 'anna', 'ben');
  await disconnect('anna', world.operator(), { deadline: world.deadline, force: false });
  await expectPublished('ben');
});

test("the last member's disconnection deletes the secret, and a new consent restores it", async () => {
  await world.connectTo('sales', 'anna');
  const item = await disconnect('anna', world.operator(), { deadline: world.deadline, force: false });
  expect(world.bundle('sales')).toBeUndefined();
  expect(item.secretDeletedAt).toBeGreaterThan(world.time);
  await world.connectTo('sales', 'anna');
  await expectPublished('anna');
});

test('consents beyond the room of 24 hours are published with the next slot, and the connection says so', async () => {
  for (let count = 0; count < 60; count += 1) await world.connectTo('sales', `user_${count}`);
  expect(world.vault.refused).toBe(0);
  const last = await world.item('user_59');
  expect(last).toMatchObject({ publishedVersion: 0, lastError: { code: 'bundle_waits', class: 'retry' } });
  passToSlot();
  await sweepNow();
  expect(world.bundle('sales')?.user_59).toBe(await accessToken('user_59'));
});

/** Uses up the versions of 24 hours that consents may use. */
async function useUpVersions() {
  for (let count = 0; count < 60; count += 1) await world.connectTo('sales', `user_${count}`);
  expect(await world.item('user_59')).toMatchObject({ lastError: { code: 'bundle_waits' } });
}

/** Lets "anna" miss a slot. Returns when her token expires, before the next one. */
async function missSlot(): Promise<number> {
  await world.connectTo('sales', 'anna');
  await useUpVersions();
  passToSlot();
  await sweepNow();
  passToSlot();
  const { validUntil } = await world.item('anna');
  const lease = { owner: 'a killed function', now: world.time, until: world.time + 180, early: true };
  await world.store.lease('anna', lease);
  await sweepNow();
  expect(world.bundle('sales')?.user_59).toBe(await accessToken('user_59'));
  world.pass(240);
  expect(validUntil).toBeLessThan(nextSlot('sales', world.time));
  return validUntil;
}

test('a member that missed its slot is published before its token expires, from a reserve', async () => {
  await missSlot();
  await sweepNow();
  const item = await world.item('anna');
  expect(item).toMatchObject({ publishedVersion: item.version, failures: 0 });
  expect(item.version).toBeGreaterThan(1);
  expect(world.bundle('sales')?.anna).toBe(await accessToken('anna'));
  expect(world.vault.refused).toBe(0);
});

test('a member that missed its slot and finds the reserve used up shares that of disconnections before its token expires', async () => {
  const validUntil = await missSlot();
  await useUp({ isLate: true });
  await sweepNow();
  const waiting = await world.item('anna');
  expect(waiting).toMatchObject({ lastError: { code: 'bundle_waits' } });
  expect(waiting.lastError?.action).toContain(utc(nextSlot('sales', world.time)));
  for (; world.time < validUntil; world.pass(60)) await sweepNow();
  expect(world.bundle('sales')?.anna).toBe(await accessToken('anna'));
  expect(timesOf((await storedBundle()).removals, world.time)).toHaveLength(1);
  expect(world.vault.refused).toBe(0);
});

/** Uses up the versions that the purpose may use. */
async function useUp(purpose: Purpose): Promise<void> {
  let bundle = await storedBundle();
  for (;;) {
    const next = withVersion('sales', bundle, world.time, purpose);
    if (!next) break;
    bundle = { ...bundle, ...next };
  }
  await world.store.putBundle({ ...bundle, revision: bundle.revision + 1 });
}

async function storedBundle() {
  const bundle = await world.store.bundle('sales');
  if (!bundle) throw new Error('no bundle');
  return bundle;
}

test('a disconnection uses the reserve, and once that is used up says until when the dead token stays', async () => {
  for (let count = 0; count < 60; count += 1) await world.connectTo('sales', `user_${count}`);
  const gone = (connection: string) =>
    disconnect(connection, world.operator(), { deadline: world.deadline, force: false });
  let removed = 0;
  for (; removed < 20; removed += 1) {
    try {
      await gone(`user_${removed}`);
    } catch (error) {
      expect(error).toMatchObject({ class: 'retry', code: 'not_withdrawn' });
      break;
    }
    expect(world.bundle('sales')?.[`user_${removed}`]).toBeUndefined();
  }
  expect(removed).toBe(13);
  expect(await world.item('user_13')).toMatchObject({ status: 'disconnected', sealedTokens: '' });
  expect((await world.item('user_13')).revokedAt).toBeDefined();
  expect(world.bundle('sales')?.user_13).toBeDefined();
  passToSlot();
  await sweepNow();
  expect(world.bundle('sales')?.user_13).toBeUndefined();
  expect(await gone('user_13')).not.toHaveProperty('lastError');
  expect(world.vault.refused).toBe(0);
});

test('a disconnection whose token has left the secret is finished, whatever else waits for a version', async () => {
  await world.connectTo('sales', 'anna', 'ben');
  await useUp({ isRemoval: true });
  const gone = () => disconnect('anna', world.operator(), { deadline: world.deadline, force: false });
  await expect(gone()).rejects.toMatchObject({ code: 'not_withdrawn' });
  passToSlot();
  await sweepNow();
  await expectPublished('ben');
  await world.connectTo('sales', 'cleo');
  expect(await world.item('cleo')).toMatchObject({ lastError: { code: 'bundle_waits' } });
  expect(await gone()).not.toHaveProperty('lastError');
});

test('a consent whose token does not fit gets a secret of its own', async () => {
  const deps = { ...world.operator(), bundleBytes: 150 };
  const connect = (name: string) => world.connect(name, deps, name, false, PLACE);
  await connect('anna');
  let own = 0;
  for (const name of ['ben', 'cleo', 'dan', 'eve']) {
    const { item } = await connect(name);
    if (item.place !== 'own') continue;
    own += 1;
    expect(item.noRoomIn).toBe('sales');
    expect(world.published(name)).toBe(await accessToken(name));
  }
  expect(own).toBeGreaterThan(0);
});

test('a bundle that outgrows its size keeps its oldest members, and the others say what to do', async () => {
  await world.connectTo('sales', 'anna');
  world.pass(1);
  await world.connectTo('sales', 'ben');
  const size = Buffer.byteLength(world.vault.published.get(PLACE)?.value ?? '');
  passToSlot();
  await sweepNow({ ...world.dependencies(), bundleBytes: size - 1 });
  await expectPublished('anna');
  expect(await world.item('ben')).toMatchObject({
    lastError: { code: 'bundle_full' },
    version: 2,
    publishedVersion: 1,
  });
});

test('a connection without a secret is pushed, and nothing of it is ever written to Secrets Manager', async () => {
  const writes: string[] = [];
  const intercept: Intercept = (point, call) => {
    if (/^vault\.(un)?publish$/.test(point)) writes.push(point);
    return call();
  };
  await world.connect('anna', world.dependencies({ intercept }), 'anna', false, 'none');
  await world.runStarted(world.dependencies({ intercept }));
  await world.link('anna', world.operator({ intercept }));
  for (let rotation = 0; rotation < 3; rotation += 1) {
    const before = await accessToken('anna');
    world.pass(55 * 60);
    await sweepNow(world.dependencies({ intercept }));
    expect(await accessToken('anna')).not.toBe(before);
    expect(await world.pushed('anna')).toBe(await accessToken('anna'));
  }
  const revoked = await accessToken('anna');
  await disconnect('anna', world.operator({ intercept }), { deadline: world.deadline, force: false });
  expect(await world.pushed('anna')).not.toBe(revoked);
  expect({ writes, secrets: [...world.vault.published.keys()] }).toEqual({ writes: [], secrets: [] });
});

test('a consent in the callback function starts the rotate function, which publishes the bundle', async () => {
  await world.connectTo('sales', 'anna');
  const { outcome } = await world.connect('ben', undefined, 'ben', false, PLACE);
  expect(outcome.kind).toBe('nothing');
  expect(world.started).toEqual([{ start: 'connection', connection: 'ben' }]);
  await expectPublished('anna');
  world.pass(60);
  await sweepNow();
  await expectPublished('anna', 'ben');
});
