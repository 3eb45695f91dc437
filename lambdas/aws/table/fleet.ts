import { type DynamoDBClient, QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Fleet, FleetEntry, FleetQuery } from '../../tokens/fleet.ts';
import { failedToRead, names, placeholders } from './items.ts';

const TROUBLED =
  '(attribute_exists(#suspectSince) OR attribute_exists(#failingSince) OR #validUntil <= :now)';

/** The reads of a whole fleet, a page at a time. */
export function createFleet(client: DynamoDBClient, tableName: string): Fleet {
  return {
    async fleetPage(query) {
      const {
        Count = 0,
        ScannedCount = 0,
        Items = [],
        LastEvaluatedKey,
      } = await client
        .send(new QueryCommand({ TableName: tableName, IndexName: 'due', ...conditions(query) }))
        .catch(failedToRead);
      const last = LastEvaluatedKey && unmarshall(LastEvaluatedKey);
      return {
        scanned: ScannedCount,
        count: Count,
        entries: Items.map((item) => unmarshall(item) as FleetEntry),
        ...(last && { next: { dueAt: last.dueAt, connection: last.connection } }),
      };
    },
  };
}

function conditions({ status, health, now, app, search, limit, after, isCount }: FleetQuery) {
  const filters = [
    ...(health === 'troubled' ? [TROUBLED] : []),
    ...(health === 'well' ? [`NOT ${TROUBLED}`] : []),
    ...(app === undefined ? [] : ['#app = :app']),
    ...(search === undefined ? [] : ['contains(#connection, :search)']),
  ];
  const key = '#status = :status';
  return {
    KeyConditionExpression: key,
    ...(filters.length > 0 && { FilterExpression: filters.join(' AND ') }),
    ExpressionAttributeNames: names([key, ...filters].join()),
    ExpressionAttributeValues: placeholders({
      status,
      ...(health !== undefined && { now }),
      ...(app !== undefined && { app }),
      ...(search !== undefined && { search }),
    }),
    ...(isCount && { Select: 'COUNT' as const }),
    ...(limit !== undefined && { Limit: limit }),
    ...(after && { ExclusiveStartKey: marshall({ status, ...after }) }),
  } satisfies Partial<QueryCommandInput>;
}
