import '../../../support/services/aws-environment.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createConnectionsTable } from '../../../../lambdas/aws/table/connections.ts';
import { parseItem } from '../../../../lambdas/aws/table/item-schema.ts';
import type { ConnectionStore } from '../../../../lambdas/tokens/store/connection-store.ts';
import type { UnreadableItem } from '../../../../lambdas/tokens/store/connections.ts';
import { startDynamoDB } from '../../../../local/aws/dynamodb.ts';
import { consentOf, leaseOf, NOW } from '../../../support/store-contract/values.ts';

const FIXTURE = join(import.meta.dirname, '../../../fixtures/item-1.json');
const { schemaVersion, ...fixture } = JSON.parse(readFileSync(FIXTURE, 'utf8'));
/** The fixture without its schema version, which is not part of a connection. */
const item = (change: object = {}) => ({ ...fixture, ...change });

describe('an item of schema version 1', () => {
  test('is read as it is', () => {
    expect(schemaVersion).toBe(1);
    expect(parseItem(item({ schemaVersion }))).toEqual(item());
  });

  test('keeps attributes that a newer version has added', () => {
    expect(parseItem(item({ schemaVersion: 2, newer: { a: 1 } }))).toMatchObject({ newer: { a: 1 } });
  });

  test.each<[string, unknown]>([
    ['failures', 0],
    ['overlap', 'unknown'],
    ['publishedVersion', 0],
    ['validUntil', 0],
    ['dueAt', 0],
    ['expiresAt', 0],
    ['rotatedAt', 0],
    ['consentedAt', 0],
    ['consentId', ''],
  ])('is repaired without %s, and with a malformed one', (attribute, value) => {
    expect(parseItem(item({ [attribute]: undefined }))).toEqual(item({ [attribute]: value }));
    expect(parseItem(item({ [attribute]: { odd: true } }))).toEqual(item({ [attribute]: value }));
  });

  test.each(['lastError', 'publications', 'zoomUserId', 'leaseUntil', 'targets'])(
    'is read without a malformed %s',
    (attribute) => {
      const { [attribute]: _, ...rest } = item();
      expect(parseItem(item({ [attribute]: false }))).toEqual(rest);
    },
  );

  test('keeps the push targets that can be read', () => {
    const [target] = item().targets;
    expect(parseItem(item({ targets: [{ instance: 'office' }, target] }))).toMatchObject({
      targets: [target],
    });
  });

  test.each(['app', 'grantType', 'status', 'version', 'sealedTokens'])(
    'cannot be read without %s, or with a malformed one',
    (attribute) => {
      expect(parseItem(item({ [attribute]: undefined }))).toEqual({
        connection: 'main',
        problems: [`${attribute} is missing`],
      });
      expect(parseItem(item({ [attribute]: ['never tell'] }))).toEqual({
        connection: 'main',
        problems: [`${attribute} is malformed`],
      });
    },
  );
});

describe('the connections table with a damaged item', () => {
  let dynamodb: Awaited<ReturnType<typeof startDynamoDB>>;
  let client: DynamoDBClient;
  let store: ConnectionStore;
  let reported: UnreadableItem[];
  beforeEach(async () => {
    dynamodb = await startDynamoDB({ tableName: 'connections' });
    client = new DynamoDBClient({ endpoint: dynamodb.url });
    reported = [];
    store = createConnectionsTable(client, 'connections', (unreadable) => reported.push(unreadable));
  });
  afterEach(async () => {
    client.destroy();
    await dynamodb.close();
  });

  const due = async () => {
    const { entries } = await store.due('active', NOW, { limit: 10 });
    return entries.map(({ connection }) => connection);
  };
  const key = (connection: string) => marshall({ connection });
  const put = (change: object) =>
    client.send(
      new PutItemCommand({
        TableName: 'connections',
        Item: marshall(item(change), { removeUndefinedValues: true }),
      }),
    );
  const stored = async (connection: string) => {
    const { Item } = await client.send(
      new GetItemCommand({ TableName: 'connections', Key: key(connection) }),
    );
    return unmarshall(Item ?? {});
  };

  test('records the schema version of every item that it writes', async () => {
    await store.commitConsent(consentOf('main'), 0);
    expect(await stored('main')).toMatchObject({ schemaVersion: 1 });
    await client.send(
      new UpdateItemCommand({
        TableName: 'connections',
        Key: key('main'),
        UpdateExpression: 'REMOVE schemaVersion',
      }),
    );
    await store.lease('main', leaseOf('me', { early: true }));
    expect(await stored('main')).toMatchObject({ schemaVersion: 1 });
  });

  test('lists the other connections, and returns the damaged one as unreadable', async () => {
    await put({ connection: 'damaged', version: 'seven' });
    await store.commitConsent(consentOf('healthy'), 0);
    expect((await store.list()).map(({ connection }) => connection)).toEqual(['healthy']);
    expect(await store.unreadable()).toEqual([{ connection: 'damaged', problems: ['version is malformed'] }]);
  });

  test('sets the damaged item aside for an hour, reports it once, and keeps its tokens', async () => {
    await put({ connection: 'damaged', version: 'seven', dueAt: NOW });
    expect(await store.lease('damaged', leaseOf('me'))).toBeUndefined();
    expect(await due()).toEqual([]);
    expect(await stored('damaged')).toMatchObject({
      version: 'seven',
      sealedTokens: item().sealedTokens,
      dueAt: NOW + 3600,
    });
    expect(await stored('damaged')).not.toHaveProperty('leaseOwner');
    await store.lease('damaged', leaseOf('me', { early: true }));
    expect(await store.get('damaged')).toBeUndefined();
    expect(reported).toEqual([{ connection: 'damaged', problems: ['version is malformed'] }]);
    expect(await store.unreadable('damaged')).toEqual(reported);
  });

  test('takes a lease over a malformed one', async () => {
    await put({ dueAt: NOW, leaseOwner: 'gone', leaseUntil: 'tomorrow' });
    expect(await store.lease('main', leaseOf('me'))).toMatchObject({ leaseOwner: 'me' });
  });

  test('makes a connection due that the index lost', async () => {
    await put({ dueAt: undefined });
    expect(await due()).toEqual([]);
    expect(await store.list()).toMatchObject([{ connection: 'main', dueAt: 0 }]);
    expect(await due()).toEqual(['main']);
    expect(await stored('main')).toMatchObject({ version: 7, sealedTokens: item().sealedTokens });
  });
});
