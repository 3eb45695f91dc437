import type { Body, Perform, Result } from './dynalite.ts';

/** The faults of DynamoDB that can be turned on. Each is asked at every request. */
export interface DynamoDBFaults {
  /** While true, the indexes keep showing the items as they were. DynamoDB's indexes are eventually consistent. */
  indexesLag?: () => boolean;
  /** Returns whether an operation, such as `UpdateItem`, is throttled. */
  isThrottled?: (operation: string) => boolean;
}

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);

/** The item that a write has left, or its key where it has deleted it. */
interface Change {
  TableName: string;
  Key: Body;
  Item?: Body;
}

/**
 * Adds faults to a DynamoDB. Reads and writes go to `table`. Queries of an index go to `index`, a second DynamoDB with the
 * same table, which gets each write once the indexes no longer lag. Without `index` the indexes never lag.
 */
export function addFaults(
  { table, index }: { table: Perform; index: Perform | undefined },
  { indexesLag = () => false, isThrottled = () => false }: DynamoDBFaults,
): Perform {
  const changes: Change[] = [];

  return async (operation, input) => {
    if (isThrottled(operation)) return THROTTLED;
    if (index && !indexesLag()) await applyChanges(changes, index);
    const isIndexQuery = operation === 'Query' && input.IndexName !== undefined;
    const result = await ((isIndexQuery && index) || table)(operation, input);
    if (index && result.status === 200 && WRITES.has(operation)) {
      changes.push(await changeOf(input, table));
      if (!indexesLag()) await applyChanges(changes, index);
    }
    return result;
  };
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html */
const THROTTLED: Result = {
  status: 400,
  output: {
    __type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException',
    message: 'Rate of requests exceeds the allowed throughput.',
  },
};

async function changeOf({ TableName, Key, Item }: Body, table: Perform): Promise<Change> {
  const name = String(TableName);
  const key = (Key ?? { connection: (Item as Body).connection }) as Body;
  const { output } = await table('GetItem', { TableName: name, Key: key, ConsistentRead: true });
  return { TableName: name, Key: key, ...(output.Item !== undefined && { Item: output.Item as Body }) };
}

async function applyChanges(changes: Change[], index: Perform): Promise<void> {
  for (const { TableName, Key, Item } of changes.splice(0)) {
    await (Item ? index('PutItem', { TableName, Item }) : index('DeleteItem', { TableName, Key }));
  }
}
