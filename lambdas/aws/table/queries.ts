import {
  type AttributeValue,
  type DynamoDBClient,
  type QueryCommandOutput,
  ScanCommand,
  type ScanCommandInput,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import pMap from 'p-map';
import type { Connection, Status } from '../../tokens/connection.ts';
import type { Connections } from '../../tokens/store/connections.ts';
import type { Cursor, DueEntry, ExpiredEntry } from '../../tokens/store/pages.ts';
import { readBatch } from './batch-read.ts';
import { type ItemReader, isUnreadable, parseItem, type StoredItem } from './item-schema.ts';
import { failedToRead, type Items } from './items.ts';
import { isOfOneMoment, pairKey, pairOwner, type TokenPairs, withPair } from './token-pairs.ts';

/** Items that are read again at a time. */
const AT_ONCE = 16;

type Queries = Pick<
  Connections,
  'get' | 'getAll' | 'list' | 'unreadable' | 'due' | 'expired' | 'count' | 'leastValidUntil'
>;

/** The reads of connections: by key, all of them, and by the indexes `due` and `validity`. */
export function createQueries(
  client: DynamoDBClient,
  tableName: string,
  { query, update }: Pick<Items, 'query' | 'update'>,
  pairs: TokenPairs,
  { read, lastProblem }: ItemReader,
): Queries {
  const scan = async (): Promise<StoredItem[]> => {
    const items: StoredItem[] = [];
    const stored = new Map<string, StoredItem>();
    let ExclusiveStartKey: ScanCommandInput['ExclusiveStartKey'];
    do {
      const page = await client
        .send(new ScanCommand({ TableName: tableName, ExclusiveStartKey, ConsistentRead: true }))
        .catch(failedToRead);
      for (const item of page.Items ?? []) {
        const { connection: key, ...rest } = unmarshall(item);
        const owner = pairOwner(key);
        if (owner !== undefined) stored.set(owner, rest);
        // The key of any other item holds a `#`.
        else if (!key.includes('#')) items.push({ connection: key, ...rest });
      }
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return joinAll(items, (connection) => stored.get(connection));
  };

  /** A request reads an item and its pair at two moments. Where that shows, both are read again. */
  const joinAll = (items: StoredItem[], pairFor: (connection: string) => StoredItem | undefined) =>
    pMap(
      items,
      async (item): Promise<StoredItem> => {
        const connection = String(item.connection);
        const pair = pairFor(connection);
        return isOfOneMoment(item, pair) ? withPair(item, pair) : ((await pairs.get(connection)) ?? item);
      },
      { concurrency: AT_ONCE },
    );

  /** Makes a connection due that the index does not have. Tokens and version stay as they are. */
  const addToIndex = ({ connection }: Connection) =>
    update(connection, {
      set: 'SET #dueAt = :zero',
      values: { zero: 0 },
      condition: 'attribute_exists(#version) AND attribute_not_exists(#dueAt)',
    });

  return {
    get: async (connection) => read(await pairs.get(connection)),

    async getAll(connections) {
      const stored = await readBatch(
        client,
        tableName,
        connections.flatMap((connection) => [connection, pairKey(connection)]),
      );
      const items = connections.flatMap<StoredItem>((connection) => stored.get(connection) ?? []);
      const found = await joinAll(items, (connection) => stored.get(pairKey(connection)));
      return found.flatMap((item) => read(item) ?? []);
    },

    async list() {
      const connections: Connection[] = [];
      for (const item of await scan()) {
        const connection = read(item);
        if (!connection) continue;
        if (item.dueAt === undefined) await addToIndex(connection);
        connections.push(connection);
      }
      return connections;
    },

    async unreadable(connection) {
      if (connection === undefined) return (await scan()).map(parseItem).filter(isUnreadable);
      const problem = lastProblem(connection);
      return problem ? [problem] : [];
    },

    async due(status, now, { limit, after }) {
      const condition = '#status = :status AND #dueAt <= :now';
      const { entries, next } = await page(query('due', condition, { status, now }, options(limit, after)));
      return { entries: entries as unknown as DueEntry[], ...next };
    },

    async expired(status, before, { limit, after }) {
      const condition = '#status = :status AND #validUntil < :before';
      const found = query('validity', condition, { status, before }, options(limit, after));
      const { entries, next } = await page(found);
      return { entries: entries as unknown as ExpiredEntry[], ...next };
    },

    async count(status, most) {
      const options = { Select: 'COUNT', Limit: most } as const;
      const { Count = 0 } = await query('due', '#status = :status', { status }, options);
      return Count;
    },

    async leastValidUntil() {
      const statuses: Status[] = ['active', 'misconfigured'];
      const firsts = await Promise.all(
        statuses.map((status) => query('validity', '#status = :status', { status }, { Limit: 1 })),
      );
      const ends = firsts.flatMap(({ Items = [] }) => Items.map((item) => unmarshall(item).validUntil));
      return ends.length === 0 ? null : Math.min(...ends);
    },
  };
}

const options = (limit: number, after: Cursor | undefined) => ({
  Limit: limit,
  ...(after && { ExclusiveStartKey: after as Record<string, AttributeValue> }),
});

async function page(found: Promise<QueryCommandOutput>) {
  const { Items = [], LastEvaluatedKey } = await found;
  return {
    entries: Items.map((item) => unmarshall(item)),
    next: LastEvaluatedKey && { next: LastEvaluatedKey as Cursor },
  };
}
