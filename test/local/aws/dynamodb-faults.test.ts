import '../../support/services/aws-environment.ts';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createConnectionsTable } from '../../../lambdas/aws/table/connections.ts';
import { toFailure } from '../../../lambdas/tokens/errors.ts';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import { startDynamoDB } from '../../../local/aws/dynamodb.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { consentOf, leaseOf, NOW } from '../../support/store-contract/values.ts';

let dynamodb: Awaited<ReturnType<typeof startDynamoDB>>;
let client: DynamoDBClient;
let store: ConnectionStore;
const switches = { indexesLag: false, throttled: '' };

beforeEach(async () => {
  Object.assign(switches, { indexesLag: false, throttled: '' });
  const faults = {
    indexesLag: () => switches.indexesLag,
    isThrottled: (operation: string) => operation === switches.throttled,
  };
  dynamodb = await startDynamoDB({ tableName: 'connections', faults });
  client = new DynamoDBClient({ endpoint: dynamodb.url, maxAttempts: 1 });
  store = createConnectionsTable(client, 'connections');
});
afterEach(async () => {
  client.destroy();
  await dynamodb.close();
});

const due = async () => {
  const { entries } = await store.due('active', NOW, { limit: 10 });
  return entries.map(({ connection }) => connection);
};

describe('a lagging index', () => {
  test('does not show a new connection, which a read by key does', async () => {
    switches.indexesLag = true;
    await store.commitConsent(consentOf('main'), 0);
    expect(await due()).toEqual([]);
    expect(await store.get('main')).toMatchObject({ connection: 'main' });
  });

  test('still shows a connection as due that is no longer', async () => {
    await store.commitConsent(consentOf('main'), 0);
    switches.indexesLag = true;
    const held = await store.lease('main', leaseOf('me'));
    if (held) await store.settle(held, { validUntil: NOW + 3600, dueAt: NOW + 3000 });
    expect(await due()).toEqual(['main']);
    expect(await store.lease('main', leaseOf('other'))).toBeUndefined();
  });

  test('catches up', async () => {
    switches.indexesLag = true;
    await store.commitConsent(consentOf('main'), 0);
    switches.indexesLag = false;
    expect(await due()).toEqual(['main']);
  });
});

test('a throttled operation is retryable and changes nothing', async () => {
  switches.throttled = 'UpdateItem';
  const error = await rejectionOf(store.commitConsent(consentOf('main'), 0));
  expect(toFailure(error)).toMatchObject({ class: 'retry', code: 'throttled' });
  expect(await store.get('main')).toBeUndefined();
});

test('may close while reads are under way', async () => {
  await store.commitConsent(consentOf('main'), 0);
  const reads = Array.from({ length: 50 }, () => store.list());
  const first = Promise.race(reads);
  await first;
  await dynamodb.close();
  await Promise.allSettled(reads);
});
