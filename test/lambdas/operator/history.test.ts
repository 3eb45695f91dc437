import '../../support/services/output.ts';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { takeRequests, tally } from '../../support/faults/requests.ts';
import { createFunctions } from '../../support/services/handlers.ts';
import { logLines, takeOutput } from '../../support/services/output.ts';
import { type Services, startServices } from '../../support/services/services.ts';

let services: Services;
let functions: ReturnType<typeof createFunctions>;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
});
afterEach(() => services.close());

const connect = () => functions.granted({ action: 'connect', connection: 'server', app: 'reports' });
const history = (request: object = {}) =>
  functions.granted<OperatorResults['history']>({ action: 'history', connection: 'server', ...request });
/** The Zoom app's credentials are not what Zoom expects, so that rotations fail. */
const breakApp = async () => {
  await services.writeSecret(
    'zoom-token-refresher/app/reports',
    '{"client_id":"a","client_secret":"b","account_id":"c"}',
  );
  services.clock.advance(55 * 60);
};

describe('the action history', () => {
  test('returns the consent and the failures, with the request that finds the log of each', async () => {
    await connect();
    await breakApp();
    await functions.sweep();
    const { now, entries } = await history();
    expect(now).toBe(services.clock.now());
    expect(entries).toMatchObject([
      { kind: 'consented', message: 'Connected: Zoom granted the first token to the app.', count: 1 },
      {
        kind: 'failed',
        class: expect.any(String),
        code: expect.any(String),
        at: now,
        lastAt: now,
        action: expect.any(String),
      },
    ]);
    for (const { functionName, requestId } of entries) {
      expect(functionName).toBe('zoom-token-refresher-test');
      expect(requestId).toMatch(/^7c0b2d1a-/);
    }
  });

  test('returns only what happened, or was repeated, in the seconds that are asked for', async () => {
    await connect();
    await breakApp();
    await functions.sweep();
    expect((await history({ seconds: 60 })).entries.map(({ kind }) => kind)).toEqual(['failed']);
  });

  test('returns the history of a disconnected connection', async () => {
    await connect();
    await functions.granted({ action: 'disconnect', connection: 'server' });
    expect((await history()).entries.map(({ kind }) => kind)).toEqual(['consented', 'disconnected']);
  });

  test('of an unknown connection, or a name that cannot be one, is rejected', async () => {
    for (const [connection, code] of [
      ['nobody', 'unknown_connection'],
      ['server#1', 'invalid_name'],
    ]) {
      const response = await functions.operate({ action: 'history', connection });
      expect(response).toMatchObject({ ok: false, error: { class: 'rejected', code } });
    }
  });

  test('adds the last three events to the status of one connection', async () => {
    await connect();
    for (let times = 0; times < 4; times += 1) {
      services.clock.advance(1);
      await connect();
    }
    const { history: last } = await functions.granted<OperatorResults['status']>({
      action: 'status',
      connection: 'server',
    });
    expect(last).toMatchObject(Array(3).fill({ kind: 'consented' }));
    expect((await history()).entries).toHaveLength(5);
  });
});

describe('the item of a history', () => {
  test('lies beside the connection, with the version of its shape, and expires 90 days after the last event', async () => {
    await connect();
    const client = new DynamoDBClient();
    const { Item } = await client.send(
      new GetItemCommand({
        TableName: services.environment.TABLE_NAME,
        Key: { connection: { S: 'history#server' } },
      }),
    );
    client.destroy();
    expect(Item && unmarshall(Item)).toMatchObject({
      schemaVersion: 1,
      revision: 1,
      ttl: services.clock.now() + 90 * 86_400,
    });
    expect((await functions.runtime.store.list()).map(({ connection }) => connection)).toEqual(['server']);
    expect(await functions.runtime.store.unreadable()).toEqual([]);
  });

  test('costs a failed rotation one read and one write', async () => {
    await connect();
    await breakApp();
    takeRequests();
    await functions.sweep();
    const first = tally(takeRequests());
    await functions.runtime.history.note('server', [{ kind: 'recovered', at: 1, message: 'Well.' }]);
    expect(tally(takeRequests())).toEqual({ 'DynamoDB.GetItem': 1, 'DynamoDB.UpdateItem': 1 });
    expect(first['DynamoDB.UpdateItem']).toBeGreaterThan(0);
  });

  test('that cannot be written fails nothing, is not tried again, and is logged', async () => {
    const broken = createFunctions(services, { TABLE_NAME: 'nowhere' });
    takeOutput();
    takeRequests();
    await broken.runtime.history.note('server', [{ kind: 'recovered', at: 1, message: 'Well.' }]);
    expect(tally(takeRequests())).toEqual({ 'DynamoDB.GetItem': 1 });
    const [line] = logLines(takeOutput());
    expect(line).toMatchObject({ level: 'WARN', connection: 'server' });
    expect(line?.message).toMatch(/^Not noted in the history\. /);
  });
});
