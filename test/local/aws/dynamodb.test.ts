import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import dynalite from 'dynalite';
import { ask } from '../../../local/aws/ask.ts';
import { SIGNATURE } from '../../../local/aws/direct-client.ts';
import { startDynamoDB } from '../../../local/aws/dynamodb.ts';
import { type LoopbackServer, listenOnLoopback } from '../../../local/loopback-server.ts';

// What is compared: dynalite's own server keeps its tables in LevelDB.
const TableName = 'connections';
const HEADERS = { ...SIGNATURE, 'content-type': 'application/x-amz-json-1.0' };

let ours: LoopbackServer;
let theirs: LoopbackServer;
beforeAll(async () => {
  ours = await startDynamoDB({ tableName: TableName });
  theirs = await listenOnLoopback(dynalite({ createTableMs: 0 }));
  const { Table } = (await send(ours, 'DescribeTable', { TableName })).body;
  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes } = Table;
  const indexes = GlobalSecondaryIndexes.map(
    ({ IndexName, KeySchema, Projection }: Record<string, object>) => ({
      IndexName,
      KeySchema,
      Projection,
    }),
  );
  await send(theirs, 'CreateTable', {
    ...{ TableName, KeySchema, AttributeDefinitions },
    ...{ BillingMode: 'PAY_PER_REQUEST', GlobalSecondaryIndexes: indexes },
  });
  while ((await send(theirs, 'DescribeTable', { TableName })).body.Table.TableStatus !== 'ACTIVE');
});
afterAll(() => Promise.all([ours.close(), theirs.close()]));

async function post({ url }: LoopbackServer, headers: Record<string, string>, body: string) {
  const response = await fetch(url, { method: 'POST', headers: { ...HEADERS, ...headers }, body });
  return { status: response.status, body: await response.text() };
}

async function send(to: LoopbackServer, operation: string, input: object) {
  const target = { 'x-amz-target': `DynamoDB_20120810.${operation}` };
  const { status, body } = await post(to, target, JSON.stringify(input));
  return { status, body: JSON.parse(body) };
}

const key = (connection: string) => ({ connection: { S: connection } });
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({
    ...key(`number-${from + index}`),
    status: { S: index % 2 === 0 ? 'active' : 'reconnect' },
    dueAt: { N: `${(index * 7) % 11}` },
    sealedTokens: { B: Buffer.from(`${index}`).toString('base64') },
  }));
const put = (items: object[]) => ({
  RequestItems: { [TableName]: items.map((Item) => ({ PutRequest: { Item } })) },
});
const due = (rest: object) => ({
  IndexName: 'due',
  KeyConditionExpression: '#status = :status AND #dueAt <= :now',
  ExpressionAttributeNames: { '#status': 'status', '#dueAt': 'dueAt' },
  ExpressionAttributeValues: { ':status': { S: 'active' }, ':now': { N: '6' } },
  ReturnConsumedCapacity: 'TOTAL',
  ...rest,
});
const update = (connection: string, set: string, rest: object = {}) => ({
  Key: key(connection),
  UpdateExpression: set,
  ReturnValues: 'ALL_NEW',
  ...rest,
});
const condition = (expression: string, value: string) => ({
  ConditionExpression: expression,
  ExpressionAttributeNames: { '#status': 'status' },
  ExpressionAttributeValues: { ':status': { S: value } },
});

test('the responses to operations are those of dynalite', async () => {
  const operations: [string, object][] = [
    ['GetItem', { Key: key('main'), ConsistentRead: true, ReturnConsumedCapacity: 'TOTAL' }],
    ['UpdateItem', update('main', 'SET #status = :status', condition('attribute_exists(#status)', 'active'))],
    [
      'UpdateItem',
      update('main', 'SET #status = :status', condition('attribute_not_exists(#status)', 'active')),
    ],
    [
      'UpdateItem',
      update('main', 'SET #status = :status', condition('attribute_not_exists(#status)', 'gone')),
    ],
    ['GetItem', { Key: key('main'), ConsistentRead: true, ReturnConsumedCapacity: 'TOTAL' }],
    ['BatchWriteItem', put(numbered(0, 25))],
    ['BatchWriteItem', put(numbered(25, 40))],
    ['BatchWriteItem', put(numbered(0, 26))],
    ['Query', due({})],
    ['Query', due({ Limit: 3 })],
    ['Query', due({ Limit: 3, ScanIndexForward: false })],
    ['Query', due({ Limit: 3, ExclusiveStartKey: numbered(2, 3)[0] })],
    ['Query', due({ Select: 'COUNT' })],
    ['Query', due({ IndexName: 'missing' })],
    ['Scan', { ReturnConsumedCapacity: 'TOTAL' }],
    ['Scan', { Limit: 7, ExclusiveStartKey: key('number-4') }],
    ['Scan', { Segment: 1, TotalSegments: 3 }],
    ['UpdateItem', update('number-3', 'REMOVE dueAt')],
    [
      'PutItem',
      { Item: { ...key('number-5'), status: { S: 'active' }, dueAt: { N: '5' } }, ReturnValues: 'ALL_OLD' },
    ],
    ['PutItem', { Item: { ...key('number-6'), dueAt: { S: 'five' } } }],
    ['DeleteItem', { Key: key('number-7'), ReturnValues: 'ALL_OLD' }],
    ['DeleteItem', { Key: key('number-7'), ReturnValues: 'ALL_OLD' }],
    ['Query', due({})],
    ['GetItem', { Key: { other: { S: 'main' } } }],
    ['GetItem', { Key: key('main'), TableName: 'missing' }],
    ['ListTables', {}],
    ['DeleteTable', {}],
    ['GetItem', { Key: key('main') }],
  ];
  for (const [operation, input] of operations) {
    const [our, their] = await Promise.all(
      [ours, theirs].map((each) => send(each, operation, { TableName, ...input })),
    );
    // Each table has a time and an id.
    for (const each of [our, their]) delete each?.body.TableDescription;
    expect({ operation, input, ...our }).toEqual({ operation, input, ...their });
  }
});

describe('a request is refused as dynalite refuses it', () => {
  const LIST = { 'x-amz-target': 'DynamoDB_20120810.ListTables' };
  test.each<[string, Record<string, string>, string]>([
    ['without a target', { 'x-amz-target': '' }, '{}'],
    ['with the target of another service', { 'x-amz-target': 'secretsmanager.ListSecrets' }, '{}'],
    ['with an unknown operation', { 'x-amz-target': 'DynamoDB_20120810.Forget' }, '{}'],
    ['without a signature', { authorization: '' }, '{}'],
    ['with a password', { authorization: 'Basic bWU6bWU=' }, '{}'],
    [
      'without a part of the signature',
      { authorization: 'AWS4-HMAC-SHA256 Credential=me, Signature=s' },
      '{}',
    ],
    ['without a date', { 'x-amz-date': '' }, '{}'],
    ['without a body', {}, ''],
    ['with half of the JSON', {}, '{"Limit":'],
    ['with a value of another type', {}, '{"Limit":"1"}'],
    ['with a value out of range', {}, '{"Limit":0}'],
  ])('%s', async (_, headers, body) => {
    const [our, their] = await Promise.all(
      [ours, theirs].map((each) => post(each, { ...LIST, ...headers }, body)),
    );
    const refusalOf = ({ status, body }: { status: number; body: string }) => ({
      status,
      type: JSON.parse(body).__type,
    });
    if (!our || !their) throw new Error('Nobody responded');
    expect(refusalOf(our)).toEqual(refusalOf(their));
    expect(our.status).toBe(400);
  });

  test('with another type of content', async () => {
    const plain = { ...LIST, 'content-type': 'text/plain' };
    const statuses = await Promise.all([ours, theirs].map((each) => post(each, plain, '{}')));
    expect(statuses.map(({ status }) => status)).toEqual([404, 404]);
  });
});

test('a request is refused whose Host header names another machine', async () => {
  const headers = { ...HEADERS, host: 'zoom.example.com', 'x-amz-target': 'DynamoDB_20120810.ListTables' };
  expect(await ask(ours.server, { method: 'POST', url: '/', headers, body: '{}' })).toMatchObject({
    status: 403,
  });
});
