import '../../../support/services/aws-environment.ts';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readBatch } from '../../../../lambdas/aws/table/batch-read.ts';
import { createItems } from '../../../../lambdas/aws/table/items.ts';
import { listenOnLoopback } from '../../../../local/loopback-server.ts';

/** A DynamoDB whose responses lack all that follows the first brace, as a truncated response does. */
async function startTruncating() {
  const requests: unknown[] = [];
  const server = createServer(async (request, response) => {
    requests.push(await json(request));
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
  });
  return { ...(await listenOnLoopback(server)), requests };
}

let server: Awaited<ReturnType<typeof startTruncating>>;
let client: DynamoDBClient;
beforeEach(async () => {
  server = await startTruncating();
  client = new DynamoDBClient({ endpoint: server.url, maxAttempts: 1 });
});
afterEach(async () => {
  client.destroy();
  await server.close();
});

test('a truncated response to a read is an error, not a connection that does not exist', async () => {
  await expect(createItems(client, 'connections').get('main')).rejects.toThrow('without its capacity');
});

test('a truncated response to a batch is an error, not connections that do not exist', async () => {
  await expect(readBatch(client, 'connections', ['main'])).rejects.toThrow('without its capacity');
});

test('a truncated response to an update is an error, not a success', async () => {
  const update = { set: 'SET #one = :one', values: { one: 1 } };
  await expect(createItems(client, 'connections').update('main', update)).rejects.toThrow('without the item');
});

test('reads by key are strongly consistent', async () => {
  await expect(createItems(client, 'connections').get('main')).rejects.toThrow();
  expect(server.requests).toEqual([expect.objectContaining({ ConsistentRead: true })]);
});
