import '../../../support/services/aws-environment.ts';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createConnectionsTable } from '../../../../lambdas/aws/table/connections.ts';
import { startDynamoDB } from '../../../../local/aws/dynamodb.ts';
import { listenOnLoopback } from '../../../../local/loopback-server.ts';
import { describeConnectionStore } from '../../../support/store-contract/contract.ts';
import { consentOf, linkOf } from '../../../support/store-contract/values.ts';

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

/** Forwards requests, and resets the connection instead of sending the first response. */
async function loseFirstResponse(target: string) {
  let requests = 0;
  const server = createServer(async (request, reply) => {
    requests += 1;
    const isFirst = requests === 1;
    const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
      name.startsWith('x-amz') || name === 'content-type' || name === 'authorization'
        ? [[name, String(value)]]
        : [],
    );
    const response = await fetch(target, { method: 'POST', headers, body: await text(request) });
    const body = await response.text();
    if (isFirst) reply.destroy();
    else reply.writeHead(response.status, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
  });
  return { ...(await listenOnLoopback(server)), requests: () => requests };
}

describeConnectionStore('the connections table', openTable);

describe('the connections table in DynamoDB', () => {
  let table: Awaited<ReturnType<typeof openTable>>;
  beforeEach(async () => {
    table = await openTable();
  });
  afterEach(() => table.close());

  test('lists the connections of every page of a scan', async () => {
    // A page ends after 1 MB.
    const sealedTokens = 'x'.repeat(300_000);
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    for (const name of names) await table.store.commitConsent(consentOf(name, { sealedTokens }), 0);
    const listed = await table.store.list();
    expect(listed.map(({ connection }) => connection).sort()).toEqual(names);
  });

  test('deletes a link some time after it has expired, and keeps the version of its shape', async () => {
    await table.store.createLink(linkOf('5d2c'), 1_900_000_600);
    const { Item } = await table.client.send(
      new GetItemCommand({ TableName: tableName, Key: { connection: { S: 'link#5d2c' } } }),
    );
    expect(Item).toMatchObject({ ttl: { N: '1900000600' }, schemaVersion: { N: '1' } });
  });

  test('counts the use of a link once when its response was lost and the SDK retries it', async () => {
    const proxy = await loseFirstResponse(table.url);
    const client = new DynamoDBClient({ endpoint: proxy.url, maxAttempts: 3 });
    try {
      await table.store.createLink(linkOf('5d2c'), 1_900_000_600);
      const store = createConnectionsTable(client, tableName);
      expect(await store.redeemLink('5d2c', 1, 2)).toBe(true);
      expect(proxy.requests()).toBe(2);
      expect(await store.redeemLink('5d2c', 1, 2)).toBe(false);
    } finally {
      client.destroy();
      await proxy.close();
    }
  });
});

test('an unreachable table is an error, never a condition that did not hold', async () => {
  const { store, close } = await openTable();
  const item = await store.commitConsent(consentOf('main'), 0);
  await close();
  const rotation = { sealedTokens: 'sealed again', expiresAt: 2, rotatedAt: 1 };
  await expect(store.commitRotation(item, rotation)).rejects.toThrow();
  await expect(store.redeemLink('5d2c', 1, 2)).rejects.toThrow();
  await expect(store.get('main')).rejects.toThrow();
});
