import { beforeEach, describe, expect, test } from '@jest/globals';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { LEASE_SECONDS } from '../../../../lambdas/tokens/lease.ts';
import { moveConnection } from '../../../../lambdas/tokens/operate/move-connection.ts';
import { type Place, placeOf } from '../../../../lambdas/tokens/publication/place.ts';
import { publishBundle } from '../../../../lambdas/tokens/publication/publish-bundle.ts';
import { type Intercept, World } from '../../../support/world/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

const PLACE = placeOf('sales');
const ended = async (connection: string) =>
  disconnect(connection, world.operator(), { deadline: world.deadline, force: false });
const moveTo = (connection: string, place: Exclude<Place, 'none'>, intercept?: Intercept) =>
  moveConnection({ connection, place, keepSeconds: 0 }, world.operator(intercept && { intercept }), {
    deadline: world.deadline,
  });
const publish = (intercept?: Intercept) =>
  publishBundle('sales', [], world.dependencies(intercept && { intercept }), { deadline: world.deadline });
const expectMembers = (...connections: string[]) =>
  expect(Object.keys(world.bundle('sales') ?? {})).toEqual(connections);

/** Secrets Manager does what was asked, and its response is lost. */
const losing = (lost: string): Intercept =>
  (async (point: string, call: () => Promise<unknown>) => {
    const response = await call();
    if (point === lost) throw new Error('lost');
    return response;
  }) as Intercept;

/** The function is killed when Secrets Manager has done what was asked: it records nothing and keeps the lease. */
const killedAfter = (last: string): Intercept => {
  let isKilled = false;
  return (async (point: string, call: () => Promise<unknown>) => {
    if (isKilled) throw new Error('killed');
    const response = await call();
    if (point !== last) return response;
    isKilled = true;
    throw new Error('killed');
  }) as Intercept;
};

/** Lets "ben" consent, and publishes the bundle with him without recording it. */
async function consentOfBen(intercept: Intercept) {
  await world.connect('ben', undefined, 'ben', false, PLACE);
  await expect(publish(intercept)).rejects.toThrow();
  world.pass(LEASE_SECONDS);
}

/** Changes where a connection is published, and publishes nothing. */
async function place(connection: string, at: Place) {
  const lease = { owner: 'a move', now: world.time, until: world.time + LEASE_SECONDS, early: true };
  const held = await world.store.lease(connection, lease);
  if (!held) throw new Error(`${connection} is leased`);
  await world.store.setPlaces(held, { place: at, oldPlaces: [] }, world.time);
  await world.store.release(held);
  // Until then, a connection that is elsewhere may be on its way into the bundle.
  world.pass(61 * 60);
}

describe.each([
  ['whose response was lost', losing],
  ['after which the function was killed', killedAfter],
])('a publication %s', (_, failing) => {
  test('leaves no token in the secret once its member is disconnected', async () => {
    await world.connectTo('sales', 'anna');
    await consentOfBen(failing('vault.publish'));
    expectMembers('anna', 'ben');
    await ended('ben');
    expectMembers('anna');
  });

  test('of a first member leaves no secret once that member is disconnected', async () => {
    await consentOfBen(failing('vault.publish'));
    expectMembers('ben');
    await ended('ben');
    expect(world.bundle('sales')).toBeUndefined();
  });

  test('makes one version, however often it is repeated', async () => {
    await world.connectTo('sales', 'anna');
    await consentOfBen(failing('vault.publish'));
    const before = world.vault.history.length;
    await publish();
    await publish();
    expect(world.vault.history).toHaveLength(before);
    expect(await world.store.bundle('sales')).not.toHaveProperty('unrecorded');
  });

  test.each([
    ['whose response was lost', losing],
    ['after which the function was killed', killedAfter],
  ])('is not mistaken for the present one after another %s', async (_too, failingToo) => {
    await world.connectTo('sales', 'anna');
    await consentOfBen(failing('vault.publish'));
    await place('ben', 'own');
    await expect(publish(failingToo('vault.publish'))).rejects.toThrow();
    expectMembers('anna');
    await place('ben', PLACE);
    await publish();
    expectMembers('anna', 'ben');
  });
});

test('a member that returns after a deletion whose response was lost is readable again', async () => {
  await world.connectTo('sales', 'ben');
  await expect(moveTo('ben', 'own', losing('vault.unpublish'))).rejects.toThrow();
  expect(world.bundle('sales')).toBeUndefined();
  await moveTo('ben', PLACE);
  expect(world.bundle('sales')).toEqual({ ben: (await world.tokens('ben')).accessToken });
});
