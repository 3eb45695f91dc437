import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { TABLE } from '../../lambdas/contract.ts';

/** Starts a DynamoDB in memory, on loopback only, with the connections' table as the stack defines it. */
export async function startDynamoDB({
  port = 0,
  tableName,
}: {
  port?: number;
  tableName: string;
}): Promise<{ url: string; close(): Promise<void> }> {
  const server = dynalite({ createTableMs: 0 });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new DynamoDBClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  await client.send(createTable(tableName));
  client.destroy();
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createTable(tableName: string): CreateTableCommand {
  const index = (name: string, sortKey: string, projected: readonly string[]) => ({
    IndexName: name,
    KeySchema: [
      { AttributeName: 'status', KeyType: 'HASH' as const },
      { AttributeName: sortKey, KeyType: 'RANGE' as const },
    ],
    Projection: { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: [...projected] },
  });
  return new CreateTableCommand({
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'connection', KeyType: 'HASH' }],
    AttributeDefinitions: [
      { AttributeName: 'connection', AttributeType: 'S' },
      { AttributeName: 'status', AttributeType: 'S' },
      { AttributeName: 'dueAt', AttributeType: 'N' },
      { AttributeName: 'validUntil', AttributeType: 'N' },
    ],
    GlobalSecondaryIndexes: [
      index('due', 'dueAt', TABLE.projected.due),
      index('validity', 'validUntil', TABLE.projected.validity),
    ],
  });
}
