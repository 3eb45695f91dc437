import { type DynamoDBClient, ScanCommand, type ScanCommandInput } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Connection } from '../../tokens/connection.ts';
import type { Connections } from '../../tokens/store.ts';
import { type ItemReader, isUnreadable, parseItem, type StoredItem } from './item-schema.ts';
import { failedToRead, type Items } from './items.ts';

type Queries = Pick<Connections, 'get' | 'list' | 'unreadable' | 'due' | 'count' | 'leastValidUntil'>;

/** The reads of connections: by key, all of them, and by the indexes `due` and `validity`. */
export function createQueries(
  client: DynamoDBClient,
  tableName: string,
  { get, query, update }: Items,
  { read, lastProblem }: ItemReader,
): Queries {
  const scan = async (): Promise<StoredItem[]> => {
    const items: StoredItem[] = [];
    let ExclusiveStartKey: ScanCommandInput['ExclusiveStartKey'];
    do {
      const page = await client
        .send(new ScanCommand({ TableName: tableName, ExclusiveStartKey, ConsistentRead: true }))
        .catch(failedToRead);
      const found = (page.Items ?? []).map((item) => unmarshall(item));
      // The key of any other item holds a `#`.
      items.push(...found.filter(({ connection }) => !connection.includes('#')));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return items;
  };

  /** Makes a connection due that the index does not have. Tokens and version stay as they are. */
  const addToIndex = ({ connection }: Connection) =>
    update(connection, {
      set: 'SET #dueAt = :zero',
      values: { zero: 0 },
      condition: 'attribute_exists(#version) AND attribute_not_exists(#dueAt)',
    });

  return {
    get: async (connection) => read(await get(connection)),

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

    async due(status, now, limit) {
      const condition = '#status = :status AND #dueAt <= :now';
      const { Items = [] } = await query('due', condition, { status, now }, { Limit: limit });
      return Items.map((item) => unmarshall(item).connection);
    },

    async count(status, most) {
      const options = { Select: 'COUNT', Limit: most } as const;
      const { Count = 0 } = await query('due', '#status = :status', { status }, options);
      return Count;
    },

    async leastValidUntil() {
      const { Items } = await query('validity', '#status = :status', { status: 'active' }, { Limit: 1 });
      return Items?.[0] ? unmarshall(Items[0]).validUntil : null;
    },
  };
}
