import '../../support/aws-environment.ts';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createConnectionsTable } from '../../../lambdas/aws/connections-table.ts';
import { startDynamoDB } from '../../../local/dynamodb.ts';
import { describeConnectionStore } from '../../support/connection-store-contract.ts';
import { consentOf } from '../../support/store-contract/values.ts';

const tableName = 'connections';

async function openTable() {
  const dynamodb = await startDynamoDB({ tableName });
  const client = new DynamoDBClient({ endpoint: dynamodb.url });
  return {
    client,
    store: createConnectionsTable(client, tableName),
    async close() {
      client.destroy();
      await dynamodb.close();
    },
  };
}

describeConnectionStore('the connections table', openTable);

describe('in DynamoDB', () => {
  let table: Awaited<ReturnType<typeof openTable>>;
  beforeEach(async () => {
    table = await openTable();
  });
  afterEach(() => table.close());

  test('the list goes on over every page of a scan', async () => {
    // A page ends after 1 MB.
    const sealedTokens = 'x'.repeat(300_000);
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    for (const name of names) await table.store.commitConsent(consentOf(name, { sealedTokens }), 0);
    const listed = await table.store.list();
    expect(listed.map(({ connection }) => connection).sort()).toEqual(names);
  });

  test("a used ticket's id is forgotten after the ticket's own end", async () => {
    await table.store.useOnce('5d2c', 1_900_000_600);
    const { Item } = await table.client.send(
      new GetItemCommand({ TableName: tableName, Key: { connection: { S: 'ticket#5d2c' } } }),
    );
    expect(Item).toEqual({ connection: { S: 'ticket#5d2c' }, ttl: { N: '1900000600' } });
  });
});

test('a table that cannot be reached is an error, never "the condition did not hold"', async () => {
  const { store, close } = await openTable();
  const item = await store.commitConsent(consentOf('main'), 0);
  await close();
  const rotation = { sealedTokens: 'sealed again', expiresAt: 2, rotatedAt: 1 };
  await expect(store.commitRotation(item, rotation)).rejects.toThrow();
  await expect(store.useOnce('5d2c', 1)).rejects.toThrow();
  await expect(store.get('main')).rejects.toThrow();
});
