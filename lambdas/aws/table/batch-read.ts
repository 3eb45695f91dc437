import { setTimeout } from 'node:timers/promises';
import {
  BatchGetItemCommand,
  type DynamoDBClient,
  ProvisionedThroughputExceededException,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { TABLE } from '../../contract.ts';
import type { StoredItem } from './item-schema.ts';
import { failedToRead } from './items.ts';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const MAX_KEYS = 100;

/** DynamoDB leaves out what is beyond 16 MB or what it throttled. A request without any progress is repeated so often. */
const MAX_ATTEMPTS = 5;
const FIRST_PAUSE_MILLISECONDS = 50;

/**
 * Reads many items by key, strongly consistent, up to 100 with each request. Returns those that exist, by key.
 * @throws {Failure} when DynamoDB refuses the read or leaves the same keys out again and again
 */
export async function readBatch(
  client: DynamoDBClient,
  tableName: string,
  keys: readonly string[],
): Promise<Map<string, StoredItem>> {
  const found = new Map<string, StoredItem>();
  let left = [...new Set(keys)];
  let failedAttempts = 0;
  while (left.length > 0) {
    const asked = left.slice(0, MAX_KEYS);
    const { items, unread } = await request(client, tableName, asked);
    for (const item of items) found.set(String(item[TABLE.partitionKey]), item);
    left = [...unread, ...left.slice(MAX_KEYS)];
    if (unread.length < asked.length) failedAttempts = 0;
    else {
      failedAttempts += 1;
      if (failedAttempts === MAX_ATTEMPTS) failedToRead(throttled());
      await setTimeout(FIRST_PAUSE_MILLISECONDS * 2 ** failedAttempts);
    }
  }
  return found;
}

async function request(client: DynamoDBClient, tableName: string, keys: string[]) {
  const { Responses, UnprocessedKeys, ConsumedCapacity } = await client
    .send(
      new BatchGetItemCommand({
        RequestItems: {
          [tableName]: {
            Keys: keys.map((key) => marshall({ [TABLE.partitionKey]: key })),
            ConsistentRead: true,
          },
        },
        ReturnConsumedCapacity: 'TOTAL',
      }),
    )
    .catch(failedToRead);
  // A truncated response looks like "no such items", but lacks the capacity.
  if (!ConsumedCapacity) throw new Error('DynamoDB responded to a read without its capacity');
  return {
    items: (Responses?.[tableName] ?? []).map((item) => unmarshall(item) as StoredItem),
    unread: (UnprocessedKeys?.[tableName]?.Keys ?? []).map((key) =>
      String(unmarshall(key)[TABLE.partitionKey]),
    ),
  };
}

/** Returns the error with which DynamoDB refuses a request that it throttles as a whole. */
const throttled = () =>
  new ProvisionedThroughputExceededException({
    message: 'DynamoDB left out every item of a batch',
    $metadata: {},
  });
