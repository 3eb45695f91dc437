import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { TABLE } from '../../contract.ts';
import type { Connection } from '../../tokens/connection.ts';
import { SCHEMA_VERSION } from './item-schema.ts';
import { tableFailure } from './table-failure.ts';

type Values = Record<string, string | number | boolean | object | null | undefined>;
type Item = Record<string, unknown>;

/** One update of an item. In the expressions every attribute is written `#name`, and every value `:name`. */
interface Update {
  set: string;
  values: Values;
  condition?: string;
  /** `UPDATED_NEW` returns the changed attributes alone; by default the whole item is returned. */
  returned?: 'ALL_NEW' | 'UPDATED_NEW';
}

/** The table's items, which are not all connections, as its parts read and write them. */
export interface Items {
  /** Returns the item with that key, strongly consistent. */
  get(key: string): Promise<Item | undefined>;
  /** Returns the item after the update; `undefined` when the condition did not hold. */
  update(key: string, update: Update): Promise<Item | undefined>;
  /** Updates a connection's item. */
  updateConnection(connection: string, update: Update): Promise<Connection | undefined>;
  /** Queries an index by `condition`, eventually consistent. */
  query(
    index: keyof typeof TABLE.indexes,
    condition: string,
    values: Values,
    options: Partial<QueryCommandInput>,
  ): Promise<QueryCommandOutput>;
}

/** Reads and writes the items of one table, with the keys and indexes of `TABLE`. */
export function createItems(client: DynamoDBClient, tableName: string): Items {
  const get = async (key: string): Promise<Item | undefined> => {
    const { Item, ConsumedCapacity } = await client
      .send(
        new GetItemCommand({
          TableName: tableName,
          Key: marshall({ [TABLE.partitionKey]: key }),
          ConsistentRead: true,
          ReturnConsumedCapacity: 'TOTAL',
        }),
      )
      .catch(failedToRead);
    // A truncated response looks like "no such item", but lacks the capacity. It must not free a bound connection.
    if (!ConsumedCapacity) throw new Error('DynamoDB responded to a read without its capacity');
    return Item && withoutSchemaVersion(unmarshall(Item));
  };

  const update = async (
    key: string,
    { set, values, condition, returned = 'ALL_NEW' }: Update,
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
      // A success returns the new attributes. A truncated response does not, and must not pass for one.
      if (!Attributes) throw new Error('DynamoDB responded to an update without the item');
      return unmarshall(Attributes);
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw tableFailure(error, 'write');
    }
  };

  return {
    get,
    update,
    async updateConnection(connection, change) {
      const item = await update(connection, withSchemaVersion(change));
      return (item && withoutSchemaVersion(item)) as Connection | undefined;
    },
    query: (index, condition, values, options) =>
      client
        .send(
          new QueryCommand({
            ...options,
            TableName: tableName,
            IndexName: index,
            KeyConditionExpression: condition,
            ExpressionAttributeNames: names(condition),
            ExpressionAttributeValues: placeholders(values),
          }),
        )
        .catch(failedToRead),
  };
}

/** Only the table needs the version of the item's shape. */
const withoutSchemaVersion = ({ schemaVersion: _, ...item }: Item): Item => item;

/** Adds the version of the item's shape to what an update sets. */
function withSchemaVersion({ set, values, ...update }: Update): Update {
  if (!set.startsWith('SET ')) return { set, values, ...update };
  return {
    set: set.replace('SET ', 'SET #schemaVersion = :schemaVersion, '),
    values: { ...values, schemaVersion: SCHEMA_VERSION },
    ...update,
  };
}

/** @throws {Failure} in plain words where they are known, otherwise the error itself */
export function failedToRead(error: unknown): never {
  throw tableFailure(error, 'read');
}

/** Many plain words are reserved in DynamoDB's expressions, so every attribute is written `#name`. */
export const names = (expression: string) =>
  Object.fromEntries([...expression.matchAll(/#(\w+)/g)].map(([written, name]) => [written, name as string]));

export const placeholders = (values: Values) =>
  marshall(Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value])));
