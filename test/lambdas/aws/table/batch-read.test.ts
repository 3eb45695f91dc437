import '../../../support/services/aws-environment.ts';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readBatch } from '../../../../lambdas/aws/table/batch-read.ts';
import { listenOnLoopback } from '../../../../local/loopback-server.ts';

interface Request {
  RequestItems: Record<string, { Keys: { connection: { S: string } }[]; ConsistentRead: boolean }>;
}

const TABLE = 'connections';
/** How many items a response of this DynamoDB holds. It leaves out the others, as it does when it is throttled. */
let most: number;
let asked: Request['RequestItems'][string][];
let server: Awaited<ReturnType<typeof listenOnLoopback>>;
let client: DynamoDBClient;

beforeEach(async () => {
  most = 100;
  asked = [];
  const dynamodb = createServer(async (request, response) => {
    const { RequestItems } = (await json(request)) as Request;
    const { Keys = [], ConsistentRead = false } = RequestItems[TABLE] ?? {};
    asked.push({ Keys, ConsistentRead });
    const unread = Keys.slice(most);
    const body = {
      // In any order, and without the items that do not exist.
      Responses: {
        [TABLE]: Keys.slice(0, most)
          .filter(({ connection }) => connection.S !== 'nobody')
          .map((key) => ({ ...key, version: { N: '1' } }))
          .reverse(),
      },
      UnprocessedKeys: unread.length > 0 ? { [TABLE]: { Keys: unread, ConsistentRead } } : {},
      ConsumedCapacity: [{ TableName: TABLE, CapacityUnits: 1 }],
    };
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
  });
  server = await listenOnLoopback(dynamodb);
  client = new DynamoDBClient({ endpoint: server.url, maxAttempts: 1 });
});
afterEach(async () => {
  client.destroy();
  await server.close();
});

const names = (count: number) => Array.from({ length: count }, (_, index) => `user_${index}`);
const read = async (keys: string[]) => [...(await readBatch(client, TABLE, keys)).keys()].sort();

test('at most a hundred keys are asked for at a time, each once and strongly consistent', async () => {
  expect(await read([...names(250), 'user_0', 'nobody'])).toEqual(names(250).sort());
  expect(asked.map(({ Keys }) => Keys.length)).toEqual([100, 100, 51]);
  expect(asked.every(({ ConsistentRead }) => ConsistentRead)).toBe(true);
});

test('items that DynamoDB leaves out are asked for again', async () => {
  most = 40;
  expect(await read(names(120))).toEqual(names(120).sort());
});

test('a batch that DynamoDB leaves out again and again is a throttled read', async () => {
  most = 0;
  await expect(read(['main'])).rejects.toMatchObject({ class: 'retry', code: 'throttled' });
  expect(asked).toHaveLength(5);
});

test('no request is made for no keys', async () => {
  expect(await read([])).toEqual([]);
  expect(asked).toEqual([]);
});
