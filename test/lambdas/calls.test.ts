import '../support/services/output.ts';
import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createConnectionsTable } from '../../lambdas/aws/table/connections.ts';
import type { Connection } from '../../lambdas/tokens/connection.ts';
import { createResealer } from '../../lambdas/tokens/key-rotation/reseal.ts';
import { nextSlot } from '../../lambdas/tokens/publication/slots.ts';
import { addPublication } from '../../lambdas/tokens/publication-room.ts';
import type { ConnectionStore } from '../../lambdas/tokens/store/connection-store.ts';
import { users } from '../../local/zoom/users.ts';
import { takeRequests, tally } from '../support/faults/requests.ts';
import { createFunctions } from '../support/services/handlers.ts';
import { type Services, startServices } from '../support/services/services.ts';
import { countWriteUnits } from '../support/services/write-units.ts';

// The calls of a sweep are its cost. They are counted on the wire, with the real SDK and the real handlers.

let services: Services;
let functions: ReturnType<typeof createFunctions>;
let client: DynamoDBClient;
let table: ConnectionStore;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
  // As the first sweep notes: the key was never replaced.
  await createResealer(functions.runtime)();
  await functions.runtime.store.noteApps(Object.keys(functions.runtime.installation.existing.appSecretArns));
  await functions.sweep();
  client = new DynamoDBClient();
  table = createConnectionsTable(client, services.environment.TABLE_NAME ?? '');
});
afterEach(async () => {
  client.destroy();
  await services.close();
});

/** The queries of the left disconnections and of the due connections, active and misconfigured, and the record of the sweep. */
const IDLE = { 'DynamoDB.Query': 3, 'DynamoDB.UpdateItem': 1 };
/** Queries of a health check: the due alerts, and four for the fleet's health. */
const HEALTH_CHECK = 5;

/** The hour of a token minus the margins; see lambdas/tokens/schedule.ts. */
const EARLY = 30 * 60;
const LATE = 50 * 60;
const connectServer = (connection: string) =>
  functions.granted({ action: 'connect', connection, app: 'reports' });

async function requestsOfASweep(): Promise<Record<string, number>> {
  takeRequests();
  await functions.sweep();
  return tally(takeRequests());
}

/** Returns the requests of a sweep with a due connection, minus those of an idle one. A health check was made just before. */
async function requestsOfARotation(): Promise<Record<string, number>> {
  await table.recordHealthCheck(services.clock.now(), {
    checkedAt: services.clock.now(),
    leastValidUntil: null,
    reconnect: 0,
    misconfigured: 0,
  });
  const all = await requestsOfASweep();
  const left = Object.entries(all).map(([name, count]): [string, number] => [
    name,
    count - ((IDLE as Record<string, number>)[name] ?? 0),
  ]);
  return Object.fromEntries(left.filter(([, count]) => count !== 0));
}

describe('a sweep with nothing due', () => {
  test.each([
    ['without a connection', async () => {}],
    ['with connections', () => connectServer('server')],
  ])('makes three queries and one write %s', async (_, connect) => {
    await connect();
    // The sweep after a rotation makes a health check.
    for (let minute = 0; minute < 2; minute += 1) {
      await functions.sweep();
      services.clock.advance(60);
    }
    expect(await requestsOfASweep()).toEqual(IDLE);
  });

  test('checks the health of the fleet every three minutes, in six more requests', async () => {
    await connectServer('server');
    await functions.sweep();
    services.clock.advance(60);
    await functions.sweep();
    services.clock.advance(180);
    const { 'DynamoDB.UpdateItem': writes, ...reads } = await requestsOfASweep();
    expect({ writes, reads }).toEqual({
      writes: 2,
      reads: { 'DynamoDB.Query': IDLE['DynamoDB.Query'] + HEALTH_CHECK },
    });
  });
});

describe('a rotation', () => {
  const ROTATION = {
    'Zoom POST /oauth/token': 1,
    'SecretsManager.PutSecretValue': 1,
    // The sealed tokens. Once a sweep and app: whether it is paused or has an incident. Once in ten minutes: whether a
    // rotation of the keys is under way.
    'DynamoDB.GetItem': 1 + 1 + 1,
    // The lease, the new tokens and the end of the step. Once a sweep and app: what Zoom granted.
    'DynamoDB.UpdateItem': 3 + 1,
    // The first token of n8n that expires, active and misconfigured, and once more what is due.
    'DynamoDB.Query': 2 + 2,
    // The app's credentials, which are cached for 60 s, and the sealing key, for ten minutes. More rotations share the reads.
    'SecretsManager.GetSecretValue': 2,
    // The public half of the sealing key, once in ten minutes.
    'S3 GET': 1,
  };

  test('takes one request to Zoom, one write to Secrets Manager, three writes and one read of DynamoDB once warm, and one read and one write for its app besides its credentials', async () => {
    await connectServer('server');
    for (let rotation = 1; rotation <= 2; rotation += 1) {
      services.clock.advance(EARLY);
      expect(await requestsOfARotation()).toEqual(ROTATION);
    }
  });

  test('takes one read more in a cold function, of the apps that were deployed before', async () => {
    await connectServer('server');
    functions = createFunctions(services);
    services.clock.advance(EARLY);
    const { 'DynamoDB.GetItem': reads } = ROTATION;
    expect(await requestsOfARotation()).toEqual({ ...ROTATION, 'DynamoDB.GetItem': reads + 1 });
  });

  test('of the members of a bundle takes one write to Secrets Manager and one read of all members, besides their steps', async () => {
    const members = ['one', 'two', 'three', 'four'];
    for (const connection of members)
      await functions.granted({ action: 'connect', connection, app: 'reports', place: 'bundle_sales' });
    services.clock.advance(nextSlot('sales', services.clock.now()) - services.clock.now());
    await functions.sweep();
    services.clock.advance(nextSlot('sales', services.clock.now()) - services.clock.now());
    expect(await requestsOfARotation()).toEqual({
      ...ROTATION,
      'Zoom POST /oauth/token': members.length,
      // Besides the steps', one for all of them: the bundle's lease and what was published.
      'DynamoDB.GetItem': ROTATION['DynamoDB.GetItem'] + (members.length - 1) + 2,
      'DynamoDB.UpdateItem': 3 * members.length + 2 + 1,
      // The members, each with its tokens.
      'DynamoDB.BatchGetItem': 1,
    });
  });

  test('of a user also keeps the replaced tokens where the overlap is to be measured', async () => {
    await functions.connect('user');
    services.clock.advance(LATE);
    const { 'DynamoDB.UpdateItem': writes } = ROTATION;
    expect(await requestsOfARotation()).toEqual({ ...ROTATION, 'DynamoDB.UpdateItem': writes + 1 });
  });

  test('of a user is followed a minute later by the measurement: one request to Zoom’s API, and none to its token endpoint', async () => {
    await functions.connect('user');
    services.clock.advance(LATE);
    await functions.sweep();
    services.clock.advance(60);
    expect(await requestsOfARotation()).toEqual({
      'Zoom GET /v2/users/me': 1,
      // The sealed tokens, the app's health, and the replaced tokens.
      'DynamoDB.GetItem': 3,
      // The lease, the removal of the replaced tokens and the end of the step.
      'DynamoDB.UpdateItem': 3,
      'DynamoDB.Query': ROTATION['DynamoDB.Query'],
    });
  });

  test('of a user costs as much as any other on the days after the overlap was learned', async () => {
    await functions.connect('user');
    for (let measurement = 0; measurement < 2; measurement += 1) {
      services.clock.advance(LATE);
      await functions.sweep();
      services.clock.advance(60);
      await functions.sweep();
    }
    services.clock.advance(LATE);
    expect(await requestsOfARotation()).toEqual(ROTATION);
  });
});

describe('the write units of a rotation, with tokens of 900 characters', () => {
  const token = () => randomBytes(675).toString('base64url');
  const rotate = async () => {
    services.zoomFaults.tokenFields = { access_token: token(), refresh_token: token() };
    services.clock.advance(LATE);
    const units = countWriteUnits();
    await functions.sweep();
    return units();
  };
  /** The lease, and the end of the step, which moves the connection in both indexes. */
  const ITEM = 1 + (1 + 2 * 2);

  test('are nine: three for the sealed tokens, and six for the rest of the connection', async () => {
    await functions.connect('user');
    await functions.sweep();
    const { replaced: _, app: __, sweep: ___, ...units } = await rotate();
    expect(units).toEqual({ tokens: 3, connection: ITEM });
    expect((await table.get('user'))?.publishedVersion).toBe(2);
  });

  test('are nine for each member of a bundle, and two more for the bundle itself, however many rotate', async () => {
    const members = users.map((_, index) => `member_${index}`);
    for (const [index, connection] of members.entries()) {
      await functions.connect(connection, { user: users[index]?.display_name });
      await functions.granted({ action: 'move', connection, place: 'bundle_sales', keepSeconds: 0 });
    }
    await functions.sweep();
    const { replaced: _, app: __, sweep: ___, ...units } = await rotate();
    expect(units).toEqual({ tokens: 3 * members.length, connection: ITEM * members.length, bundle: 2 });
    for (const name of members) expect((await table.get(name))?.publishedVersion).toBe(2);
  });

  test('are as many after a day of rotations, whose times the connection keeps', async () => {
    await functions.connect('user');
    await functions.sweep();
    const item = (await table.lease('user', {
      ...{ owner: 'test', now: services.clock.now(), until: services.clock.now() + 180, early: true },
    })) as Connection;
    let publications: string | undefined;
    for (let before = 50; before > 0; before -= 1) {
      publications = addPublication(publications, services.clock.now() - before * EARLY);
    }
    await table.settle(item, {
      ...{ validUntil: item.validUntil, dueAt: item.dueAt },
      ...(publications && { publications }),
      ...{ overlap: 'yes', overlapSeen: 2, overlapAskedAt: services.clock.now() },
    });
    const { app: ___, sweep: ____, ...units } = await rotate();
    expect(units).toEqual({ tokens: 3, connection: ITEM });
  });
});

test('a disconnection that is repeated takes one read of the connection, one of its tokens and one of what n8n reads', async () => {
  await connectServer('server');
  const request = { action: 'disconnect', connection: 'server' };
  await functions.granted(request);
  takeRequests();
  await functions.granted(request);
  expect(tally(takeRequests())).toEqual({ 'DynamoDB.GetItem': 2, 'SecretsManager.GetSecretValue': 1 });
});
