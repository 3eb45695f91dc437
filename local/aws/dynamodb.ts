import type { RequestListener, Server } from 'node:http';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { TABLE } from '../../lambdas/contract.ts';
import { type LoopbackServer, listenOnLoopback } from '../loopback-server.ts';

export interface DynamoDBOptions {
  port?: number;
  tableName: string;
  /** Returns whether a request of this operation, such as `UpdateItem`, is throttled. Default: none. */
  throttles?: (operation: string) => boolean;
}

/** Starts a DynamoDB in memory, on loopback only, with the connections table as the stack defines it. */
export async function startDynamoDB({
  port = 0,
  tableName,
  throttles = () => false,
}: DynamoDBOptions): Promise<LoopbackServer> {
  const server = await listenOnLoopback(throttled(dynalite({ createTableMs: 0 }), throttles), port);
  const client = new DynamoDBClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  await client.send(createTable(tableName));
  client.destroy();
  return server;
}

/**
 * Puts a throttle before the database.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 */
function throttled(database: Server, throttles: (operation: string) => boolean): Server {
  const serve = database.listeners('request') as RequestListener[];
  database.removeAllListeners('request');
  return database.on('request', (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    if (!throttles(operation)) {
      for (const listener of serve) listener(request, response);
      return;
    }
    request.resume();
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(
      JSON.stringify({
        __type: 'com.amazon.coral.availability#ThrottlingException',
        message: 'Throughput exceeds the current capacity of your table or index.',
      }),
    );
  });
}

function createTable(tableName: string): CreateTableCommand {
  const index = (name: string, sortKey: string) => ({
    IndexName: name,
    KeySchema: [
      { AttributeName: TABLE.status, KeyType: 'HASH' as const },
      { AttributeName: sortKey, KeyType: 'RANGE' as const },
    ],
    Projection: { ProjectionType: 'KEYS_ONLY' as const },
  });
  const indexes = Object.entries(TABLE.indexes);
  return new CreateTableCommand({
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: TABLE.partitionKey, KeyType: 'HASH' }],
    AttributeDefinitions: [
      { AttributeName: TABLE.partitionKey, AttributeType: 'S' },
      { AttributeName: TABLE.status, AttributeType: 'S' },
      ...indexes.map(([, sortKey]) => ({ AttributeName: sortKey, AttributeType: 'N' as const })),
    ],
    GlobalSecondaryIndexes: indexes.map(([name, sortKey]) => index(name, sortKey)),
  });
}
