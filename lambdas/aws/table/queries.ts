import {
  type AttributeValue,
  type DynamoDBClient,
  type QueryCommandOutput,
  ScanCommand,
  type ScanCommandInput,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Connection } from '../../tokens/connection.ts';
import type { Connections, Cursor, DueEntry, ExpiredEntry } from '../../tokens/store.ts';
import type { Items } from './items.ts';

type Queries = Pick<Connections, 'get' | 'list' | 'due' | 'expired' | 'count' | 'leastValidUntil'>;

/** The reads of connections: by key, all of them, and by the indexes `due` and `validity`. */
export function createQueries(client: DynamoDBClient, tableName: string, { get, query }: Items): Queries {
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
        // The key of any other item holds a `#`.
        items.push(...found.filter(({ connection }) => !connection.includes('#')));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey);
      return items;
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
      const { Items } = await query('validity', '#status = :status', { status: 'active' }, { Limit: 1 });
      return Items?.[0] ? unmarshall(Items[0]).validUntil : null;
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
