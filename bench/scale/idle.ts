import {
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DynamoDBClient,
  type ReturnConsumedCapacity,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { createConnectionsTable } from '../../lambdas/aws/table/connections.ts';
import type { Connection } from '../../lambdas/tokens/connection.ts';
import { sweep } from '../../lambdas/tokens/sweep/sweep.ts';
import { startDynamoDB } from '../../local/aws/dynamodb.ts';
import { FUNCTION_SECONDS } from '../../test/support/world/world.ts';
import { consentOf, createWorld, nameOf, settledItem } from './fleet.ts';
import { liveHeap } from './heap.ts';

const TABLE_NAME = 'connections';
const HOUR = 3600;
/** One of so many connections needs a new consent, and its alert was sent. One more is misconfigured. */
const WAITING = 10;
/** Items for each BatchWriteItem. */
const BATCH = 25;

/** Requests to DynamoDB and their cost. */
interface Usage {
  requests: number;
  /** Read and write request units. */
  reads: number;
  writes: number;
}

export interface IdleReport {
  connections: number;
  sweep: Usage;
  /** Every third sweep, which includes the fleet's health check. */
  healthCheck: Usage;
  /** A list of all connections, for comparison. */
  scan: Usage;
  /** Live heap of that list, bytes. */
  listHeap: number;
}

/** Measures a sweep with nothing due on a table with so many connections, and a list of all of them. */
export async function idleSweep(size: number): Promise<IdleReport> {
  const dynamodb = await startDynamoDB({ tableName: TABLE_NAME });
  const client = new DynamoDBClient({
    endpoint: dynamodb.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    const store = createConnectionsTable(client, TABLE_NAME);
    const world = createWorld(store);
    await fill(client, size, world.deps);
    const usage = countUsage(client);
    const sweepOnce = async () => {
      await sweep(world.deps, { deadline: world.time + FUNCTION_SECONDS });
      world.time += 60;
      return usage();
    };
    const healthCheck = await sweepOnce();
    const plain = await sweepOnce();
    const before = liveHeap();
    const list = await store.list();
    const listHeap = liveHeap() - before;
    return { connections: list.length, sweep: plain, healthCheck, scan: usage(), listHeap };
  } finally {
    client.destroy();
    await dynamodb.close();
  }
}

/** Counts the client's requests. Each call of the returned function returns the usage since the call before. */
function countUsage(client: DynamoDBClient): () => Usage {
  let used: Usage = { requests: 0, reads: 0, writes: 0 };
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        used.requests += 1;
        const result = await next({
          ...args,
          input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' satisfies ReturnConsumedCapacity },
        }).catch((error) => {
          // A write whose condition fails costs as much as one of the smallest item.
          if (error instanceof ConditionalCheckFailedException) used.writes += 1;
          throw error;
        });
        const { ConsumedCapacity } = result.output as { ConsumedCapacity?: { CapacityUnits?: number } };
        const units = ConsumedCapacity?.CapacityUnits ?? 0;
        if (commandName.startsWith('Update')) used.writes += units;
        // A query that finds nothing costs half a unit in DynamoDB, and none in dynalite.
        else used.reads += Math.max(0.5, units);
        return result;
      },
    { step: 'initialize' },
  );
  return () => {
    const before = used;
    used = { requests: 0, reads: 0, writes: 0 };
    return before;
  };
}

/** Writes the connections, none of which is due for an hour. */
async function fill(
  client: DynamoDBClient,
  size: number,
  deps: ReturnType<typeof createWorld>['deps'],
): Promise<void> {
  const items: Connection[] = [];
  for (let index = 0; index < size; index += 1) {
    const item = settledItem(await consentOf(nameOf(index), deps.now(), deps), deps.now() + HOUR);
    if (index % WAITING === 1) item.status = 'reconnect';
    if (index % WAITING === 2) item.status = 'misconfigured';
    items.push(item);
    if (items.length < BATCH && index < size - 1) continue;
    const requests = items.splice(0).map((Item) => ({ PutRequest: { Item: marshall(Item) } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE_NAME]: requests } }));
  }
}
