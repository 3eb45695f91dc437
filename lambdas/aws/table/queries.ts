import { type DynamoDBClient, ScanCommand, type ScanCommandInput } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Connection } from '../../tokens/connection.ts';
import type { Connections } from '../../tokens/store.ts';
import { failedToRead, type Items } from './items.ts';

type Queries = Pick<Connections, 'get' | 'list' | 'due' | 'count' | 'leastValidUntil'>;

/** The reads of connections: by key, all of them, and by the indexes `due` and `validity`. */
export function createQueries(client: DynamoDBClient, tableName: string, { get, query }: Items): Queries {
  return {
    get: (connection) => get(connection) as Promise<Connection | undefined>,

    async list() {
      const items: Connection[] = [];
      let ExclusiveStartKey: ScanCommandInput['ExclusiveStartKey'];
      do {
        const page = await client
          .send(new ScanCommand({ TableName: tableName, ExclusiveStartKey, ConsistentRead: true }))
          .catch(failedToRead);
        const found = (page.Items ?? []).map((item) => unmarshall(item) as Connection);
        // The key of any other item holds a `#`.
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
