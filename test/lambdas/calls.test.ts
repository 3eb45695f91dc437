import '../support/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createFunctions } from '../support/handlers.ts';
import { takeRequests, tally } from '../support/requests.ts';
import { type Services, startServices } from '../support/services.ts';

// What a sweep costs is its calls: they are counted on the wire, as the real SDK and the real handlers make them.

let services: Services;
let functions: ReturnType<typeof createFunctions>;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
});
afterEach(() => services.close());

/** Who is due: active, misconfigured, to be told of. Then the fleet's health in three counts, and the heartbeat. */
const IDLE = { 'DynamoDB.Query': 6, 'DynamoDB.UpdateItem': 1 };

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

/** The sweep's requests beside those that it would make with nothing due. */
async function requestsOfARotation(): Promise<Record<string, number>> {
  const all = await requestsOfASweep();
  const left = Object.entries(all).map(([name, count]): [string, number] => [
    name,
    count - ((IDLE as Record<string, number>)[name] ?? 0),
  ]);
  return Object.fromEntries(left.filter(([, count]) => count !== 0));
}

describe('a sweep with nothing due', () => {
  test('makes seven requests, without a connection', async () => {
    expect(await requestsOfASweep()).toEqual(IDLE);
  });

  test('makes the same with connections', async () => {
    await connectServer('server');
    expect(await requestsOfASweep()).toEqual(IDLE);
  });
});

describe('a rotation', () => {
  const ROTATION = {
    'Zoom POST /oauth/token': 1,
    'SecretsManager.PutSecretValue': 1,
    // The lease, the new tokens, the end of the step.
    'DynamoDB.UpdateItem': 3,
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
