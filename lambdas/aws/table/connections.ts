import { randomUUID } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  type ScanCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { TABLE } from '../../contract.ts';
import type { Connection } from '../../tokens/connection.ts';
import type { ConnectionStore } from '../../tokens/store.ts';
import { createDisconnections, LEASE_IS_FREE } from './disconnections.ts';
import { assignments, type Item, type Values } from './items.ts';
import { createSweepNotes } from './sweep-notes.ts';
import { createUserClaims } from './user-claims.ts';

/** Key of an item that is no connection; no connection's name holds a `#`. */
const ticketKey = (id: string) => `ticket#${id}`;

/**
 * Connections in one DynamoDB table: key `connection`, indexes `due` (`status`, `dueAt`) and `validity`
 * (`status`, `validUntil`), time to live `ttl`. Reads by key are strongly consistent, every write of a connection has a
 * condition.
 */
export function createConnectionsTable(client: DynamoDBClient, tableName: string): ConnectionStore {
  const get = async (key: string): Promise<Item | undefined> => {
    const { Item, ConsumedCapacity } = await client.send(
      new GetItemCommand({
        TableName: tableName,
        Key: marshall({ [TABLE.partitionKey]: key }),
        ConsistentRead: true,
        ReturnConsumedCapacity: 'TOTAL',
      }),
    );
    // An answer that was cut is as empty as one that found nothing, but for this: it must not free a bound connection.
    if (!ConsumedCapacity) throw new Error('DynamoDB answered a read without its capacity');
    return Item && unmarshall(Item);
  };

  /** What the update `returned`, by default the whole item after it; `undefined` when the condition did not hold. */
  const update = async (
    key: string,
    set: string,
    values: Values,
    condition?: string,
    returned: 'ALL_NEW' | 'UPDATED_NEW' = 'ALL_NEW',
  ): Promise<Item | undefined> => {
    try {
      const { Attributes } = await client.send(
        new UpdateItemCommand({
          TableName: tableName,
          Key: marshall({ [TABLE.partitionKey]: key }),
          UpdateExpression: set,
          ConditionExpression: condition,
          ExpressionAttributeNames: names(`${set} ${condition}`),
          ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: placeholders(values) }),
          ReturnValues: returned,
        }),
      );
      // A success always tells what is new; an answer that was cut does not, and must not pass for one.
      if (!Attributes) throw new Error('DynamoDB answered an update without the item');
      return unmarshall(Attributes);
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  };

  const query = (
    index: keyof typeof TABLE.indexes,
    condition: string,
    values: Values,
    options: Partial<QueryCommandInput>,
  ) =>
    client.send(
      new QueryCommand({
        ...options,
        TableName: tableName,
        IndexName: index,
        KeyConditionExpression: condition,
        ExpressionAttributeNames: names(condition),
        ExpressionAttributeValues: placeholders(values),
      }),
    );

  return {
    get: (connection) => get(connection) as Promise<Connection | undefined>,

    async list() {
      const items: Connection[] = [];
      let ExclusiveStartKey: ScanCommandInput['ExclusiveStartKey'];
      do {
        const page = await client.send(
          new ScanCommand({ TableName: tableName, ExclusiveStartKey, ConsistentRead: true }),
        );
        const found = (page.Items ?? []).map((item) => unmarshall(item) as Connection);
        items.push(...found.filter(({ connection }) => !connection.includes('#')));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey);
      return items;
    },

    async due(status, now, limit) {
      const condition = '#status = :status AND #dueAt <= :now';
      const { Items = [] } = await query('due', condition, { status, now }, { Limit: limit });
      return Items.map((item) => unmarshall(item).connection);
    },

    async count(status, most) {
      const { Count = 0 } = await query(
        'due',
        '#status = :status',
        { status },
        { Select: 'COUNT', Limit: most },
      );
      return Count;
    },

    async leastValidUntil() {
      const { Items } = await query('validity', '#status = :status', { status: 'active' }, { Limit: 1 });
      return Items?.[0] ? unmarshall(Items[0]).validUntil : null;
    },

    lease: (connection, { owner, until, now, early, inAnyStatus = false }) =>
      update(
        connection,
        'SET #leaseOwner = :owner, #leaseUntil = :until',
        { owner, until, now, ...(!inAnyStatus && { active: 'active', misconfigured: 'misconfigured' }) },
        `${inAnyStatus ? 'attribute_exists(#version)' : '#status IN (:active, :misconfigured)'}
          ${early ? '' : 'AND #dueAt <= :now'}
          AND ${LEASE_IS_FREE}`,
      ) as Promise<Connection | undefined>,

    async commitConsent({ connection, zoomUserId, zoomAccountId, ...consent }, seen) {
      const known = Object.entries({ zoomUserId, zoomAccountId }).filter(([, value]) => value !== undefined);
      const unknown = ['zoomUserId', 'zoomAccountId'].filter(
        (name) => !known.some(([found]) => found === name),
      );
      const past = ['lastError', 'disconnectedAt', 'revokedAt', 'secretDeletedAt'];
      const item = await update(
        connection,
        `SET #status = :active, #rotatedAt = :consentedAt, #dueAt = :consentedAt, #failures = :zero,
            #publishedVersion = if_not_exists(#publishedVersion, :zero),
            #validUntil = if_not_exists(#validUntil, :zero),
            ${[...Object.keys(consent), ...known.map(([name]) => name)].map((name) => `#${name} = :${name}`)}
          REMOVE ${[...past, ...unknown].map((name) => `#${name}`)}
          ADD #generation :one, #version :one`,
        {
          ...consent,
          ...Object.fromEntries(known),
          active: 'active',
          disconnected: 'disconnected',
          zero: 0,
          one: 1,
          seen,
        },
        `attribute_not_exists(#consentId)
          OR #consentId <> :consentId AND #generation = :seen
          OR #consentId <> :consentId AND #consentedAt <= :consentedAt
            AND (attribute_not_exists(#zoomUserId) OR #status = :disconnected
              ${zoomUserId === undefined ? '' : 'OR #zoomUserId = :zoomUserId'})
            AND (attribute_not_exists(#disconnectedAt) OR #disconnectedAt <= :consentedAt)`,
      );
      return (item ?? (await get(connection))) as unknown as Connection;
    },

    commitRotation: ({ connection, version }, rotation) =>
      update(
        connection,
        `SET #sealedTokens = :sealedTokens, #expiresAt = :expiresAt, #rotatedAt = :rotatedAt, #dueAt = :rotatedAt,
            #status = :active, #failures = :zero
          REMOVE #lastError ADD #version :one`,
        { ...rotation, version, active: 'active', zero: 0, one: 1 },
        '#version = :version',
      ) as Promise<Connection | undefined>,

    settle: async ({ connection, version, leaseOwner }, settled) =>
      (await update(
        connection,
        `SET #status = :active, #publishedVersion = :version, #failures = :zero, ${assignments(settled)}
          REMOVE #leaseOwner, #leaseUntil, #lastError`,
        { ...settled, version, leaseOwner, active: 'active', zero: 0 },
        MINE_UNCHANGED,
        // The end of every step: nobody reads the sealed tokens again.
        'UPDATED_NEW',
      )) !== undefined,

    fail: async ({ connection, version, leaseOwner }, failure) =>
      (await update(
        connection,
        `SET ${assignments(failure)}
          REMOVE #leaseOwner, #leaseUntil`,
        { ...failure, version, leaseOwner },
        MINE_UNCHANGED,
      )) !== undefined,

    snoozeAlert: async ({ connection, version }, dueAt) =>
      (await update(
        connection,
        'SET #dueAt = :dueAt',
        { dueAt, version, reconnect: 'reconnect' },
        '#version = :version AND #status = :reconnect',
      )) !== undefined,

    setPushTargets: async ({ connection, version, leaseOwner }, targets) =>
      (await update(
        connection,
        targets.length > 0 ? 'SET #targets = :targets' : 'REMOVE #targets',
        { version, leaseOwner, ...(targets.length > 0 && { targets }) },
        MINE_UNCHANGED,
      )) !== undefined,

    ...createDisconnections({ update }),

    async release({ connection, leaseOwner }) {
      await update(
        connection,
        'REMOVE #leaseOwner, #leaseUntil',
        { leaseOwner },
        '#leaseOwner = :leaseOwner',
      );
    },

    // The SDK repeats a request whose answer was lost: its own mark tells the repetition from another use.
    redeem: async (id, until) =>
      (await update(
        ticketKey(id),
        'SET #ttl = :until, #usedBy = :usedBy',
        { until, usedBy: randomUUID() },
        'attribute_not_exists(#ttl) OR #usedBy = :usedBy',
      )) !== undefined,

    ...createUserClaims({ get, update }),

    ...createSweepNotes({ get, update }),
  };
}

const MINE_UNCHANGED = '#version = :version AND #leaseOwner = :leaseOwner';

/** Many plain words are reserved in DynamoDB's expressions, so every attribute is written `#name`. */
const names = (expression: string) =>
  Object.fromEntries([...expression.matchAll(/#(\w+)/g)].map(([written, name]) => [written, name as string]));

const placeholders = (values: Values) =>
  marshall(Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value])));
