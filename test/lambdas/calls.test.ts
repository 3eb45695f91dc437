import '../support/services/output.ts';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createConnectionsTable } from '../../lambdas/aws/table/connections.ts';
import type { ConnectionStore } from '../../lambdas/tokens/store.ts';
import { takeRequests, tally } from '../support/faults/requests.ts';
import { createFunctions } from '../support/services/handlers.ts';
import { type Services, startServices } from '../support/services/services.ts';

// What a sweep costs is its calls: they are counted on the wire, as the real SDK and the real handlers make them.

let services: Services;
let functions: ReturnType<typeof createFunctions>;
let client: DynamoDBClient;
let table: ConnectionStore;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
  client = new DynamoDBClient();
  table = createConnectionsTable(client, services.environment.TABLE_NAME ?? '');
});
afterEach(async () => {
  client.destroy();
  await services.close();
});

/** Who is due, and the heartbeat. */
const IDLE = { 'DynamoDB.Query': 1, 'DynamoDB.UpdateItem': 1 };
/** Besides: which misconfigured ones are due, of whom a person is to be told, and the fleet's health in three queries. */
const LOOKING = 5;

/** A token's hour less the margins, and the most that jitter takes; see lambdas/tokens/connection.ts. */
const EARLY = 30 * 60;
const LATE = 50 * 60;
const connectServer = (connection: string) =>
  functions.granted({ action: 'connect', connection, app: 'reports' });

async function requestsOfASweep(): Promise<Record<string, number>> {
  takeRequests();
  await functions.sweep();
  return tally(takeRequests());
}

/** A sweep's requests with something due, beside those with nothing due. Another has looked at the fleet just before. */
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
  ])('makes two requests, %s', async (_, connect) => {
    await connect();
    // After one that did something the next looks.
    for (let minute = 0; minute < 2; minute += 1) {
      await functions.sweep();
      services.clock.advance(60);
    }
    expect(await requestsOfASweep()).toEqual(IDLE);
  });

  test('looks at the whole fleet every three minutes, in six requests more', async () => {
    await connectServer('server');
    await functions.sweep();
    services.clock.advance(60);
    await functions.sweep();
    services.clock.advance(180);
    const { 'DynamoDB.UpdateItem': noted, ...asked } = await requestsOfASweep();
    expect({ noted, asked }).toEqual({
      noted: 2,
      asked: { 'DynamoDB.Query': IDLE['DynamoDB.Query'] + LOOKING },
    });
  });
});

describe('a rotation', () => {
  const ROTATION = {
    'Zoom POST /oauth/token': 1,
    'SecretsManager.PutSecretValue': 1,
    // The lease, the new tokens, the end of the step.
    'DynamoDB.UpdateItem': 3,
    // What n8n loses first now.
    'DynamoDB.Query': 1,
  };

  test('is one request to Zoom, one write to Secrets Manager, three writes to DynamoDB, and no read once warm', async () => {
    await connectServer('server');
    for (let rotation = 1; rotation <= 2; rotation += 1) {
      services.clock.advance(EARLY);
      expect(await requestsOfARotation()).toEqual(ROTATION);
    }
  });

  test('reads the key and the app’s credentials once more where the function is cold', async () => {
    await connectServer('server');
    functions = createFunctions(services);
    services.clock.advance(EARLY);
    expect(await requestsOfARotation()).toEqual({ ...ROTATION, 'SecretsManager.GetSecretValue': 2 });
  });

  test('of a user asks Zoom’s API once, the first time: does the earlier token outlive the refresh?', async () => {
    await functions.connect('user');
    services.clock.advance(LATE);
    expect(await requestsOfARotation()).toEqual({ ...ROTATION, 'Zoom GET /v2/users/me': 1 });
    services.clock.advance(LATE);
    expect(await requestsOfARotation()).toEqual(ROTATION);
  });
});
