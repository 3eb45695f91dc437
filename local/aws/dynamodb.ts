import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { TABLE } from '../../lambdas/contract.ts';
import { type LoopbackServer, listenOnLoopback } from '../loopback-server.ts';

/** Starts a DynamoDB in memory, on loopback only, with the connections table as the stack defines it. */
export async function startDynamoDB({
  port = 0,
  tableName,
}: {
  port?: number;
  tableName: string;
}): Promise<LoopbackServer> {
  const server = await listenOnLoopback(dynalite({ createTableMs: 0 }), port);
  const client = new DynamoDBClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  await client.send(createTable(tableName));
  client.destroy();
  return server;
}

function createTable(tableName: string): CreateTableCommand {
  const index = (name: string, sortKey: string, projected: readonly string[]) => ({
    IndexName: name,
    KeySchema: [
      { AttributeName: TABLE.status, KeyType: 'HASH' as const },
      { AttributeName: sortKey, KeyType: 'RANGE' as const },
    ],
    Projection: { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: [...projected] },
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
    GlobalSecondaryIndexes: indexes.map(([name, sortKey]) =>
      index(name, sortKey, TABLE.projected[name as keyof typeof TABLE.projected]),
    ),
  });
}
