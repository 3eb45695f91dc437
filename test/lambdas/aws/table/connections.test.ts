import '../../../support/services/aws-environment.ts';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createConnectionsTable } from '../../../../lambdas/aws/table/connections.ts';
import { startDynamoDB } from '../../../../local/aws/dynamodb.ts';
import { listenOnLoopback } from '../../../../local/loopback-server.ts';
import { describeConnectionStore } from '../../../support/store-contract/contract.ts';
import { consentOf } from '../../../support/store-contract/values.ts';

const tableName = 'connections';

async function openTable() {
  const dynamodb = await startDynamoDB({ tableName });
  const client = new DynamoDBClient({ endpoint: dynamodb.url });
  return {
    url: dynamodb.url,
    client,
    store: createConnectionsTable(client, tableName),
    async close() {
      client.destroy();
      await dynamodb.close();
    },
  };
}

/** Hands requests on, and breaks the connection instead of the first answer. */
async function loseFirstAnswer(target: string) {
  let requests = 0;
  const server = createServer(async (request, response) => {
    requests += 1;
    const isFirst = requests === 1;
    const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
      name.startsWith('x-amz') || name === 'content-type' || name === 'authorization'
        ? [[name, String(value)]]
        : [],
    );
    const answer = await fetch(target, { method: 'POST', headers, body: await text(request) });
    const body = await answer.text();
    if (isFirst) response.destroy();
    else response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
  });
  return { ...(await listenOnLoopback(server)), requests: () => requests };
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
    await table.store.redeem('5d2c', 1_900_000_600);
    const { Item } = await table.client.send(
      new GetItemCommand({ TableName: tableName, Key: { connection: { S: 'ticket#5d2c' } } }),
    );
    expect(Item).toMatchObject({ connection: { S: 'ticket#5d2c' }, ttl: { N: '1900000600' } });
  });

  test('a use whose answer was lost counts once: the SDK asks again, and is told that it was the first', async () => {
    const proxy = await loseFirstAnswer(table.url);
    const client = new DynamoDBClient({ endpoint: proxy.url, maxAttempts: 3 });
    try {
      const store = createConnectionsTable(client, tableName);
      expect(await store.redeem('5d2c', 1_900_000_600)).toBe(true);
      expect(proxy.requests()).toBe(2);
      expect(await store.redeem('5d2c', 1_900_000_600)).toBe(false);
    } finally {
      client.destroy();
      await proxy.close();
    }
  });
});

test('a table that cannot be reached is an error, never "the condition did not hold"', async () => {
  const { store, close } = await openTable();
  const item = await store.commitConsent(consentOf('main'), 0);
  await close();
  const rotation = { sealedTokens: 'sealed again', expiresAt: 2, rotatedAt: 1 };
  await expect(store.commitRotation(item, rotation)).rejects.toThrow();
  await expect(store.redeem('5d2c', 1)).rejects.toThrow();
  await expect(store.get('main')).rejects.toThrow();
});
