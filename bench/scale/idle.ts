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
/** One of so many waits for a person, who has been told, and one for the operator. */
const WAITING = 10;
/** What BatchWriteItem takes. */
const BATCH = 25;

/** What something asks of DynamoDB. */
interface Asked {
  requests: number;
  /** Read and write request units. */
  reads: number;
  writes: number;
}

export interface Idle {
  connections: number;
  sweep: Asked;
  /** Each third sweep, which looks at the whole fleet. */
  look: Asked;
  /** What a list of all connections asks, for comparison. */
  scan: Asked;
  /** Bytes of live heap that this list takes. */
  listHeap: number;
}

/** What a sweep with nothing due asks of a table with so many connections, and what a list of them would. */
export async function idleSweep(size: number): Promise<Idle> {
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
    const asked = counted(client);
    const sweepOnce = async () => {
      await sweep(world.deps, { deadline: world.time + FUNCTION_SECONDS });
      world.time += 60;
      return asked();
    };
    const looking = await sweepOnce();
    const plain = await sweepOnce();
    const before = liveHeap();
    const list = await store.list();
    const listHeap = liveHeap() - before;
    return { connections: list.length, sweep: plain, look: looking, scan: asked(), listHeap };
  } finally {
    client.destroy();
    await dynamodb.close();
  }
}

/** What has been asked since the last call. */
function counted(client: DynamoDBClient): () => Asked {
  let asked: Asked = { requests: 0, reads: 0, writes: 0 };
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        asked.requests += 1;
        const result = await next({
          ...args,
          input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' satisfies ReturnConsumedCapacity },
        }).catch((error) => {
          // A write whose condition does not hold is paid like one of the smallest item.
          if (error instanceof ConditionalCheckFailedException) asked.writes += 1;
          throw error;
        });
        const { ConsumedCapacity } = result.output as { ConsumedCapacity?: { CapacityUnits?: number } };
        const units = ConsumedCapacity?.CapacityUnits ?? 0;
        if (commandName.startsWith('Update')) asked.writes += units;
        // DynamoDB takes half a unit for a query that finds nothing, dynalite none.
        else asked.reads += Math.max(0.5, units);
        return result;
      },
    { step: 'initialize' },
  );
  return () => {
    const before = asked;
    asked = { requests: 0, reads: 0, writes: 0 };
    return before;
  };
}

/** Nothing is due for an hour. */
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
