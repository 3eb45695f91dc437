import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { CreateTableCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { TABLE } from '../../lambdas/contract.ts';
import { type LoopbackServer, listenOnLoopback } from '../loopback-server.ts';
import { directDynamoDB } from './direct-client.ts';
import { type DynamoDBFaults, startFaultyDynamoDB } from './dynamodb-faults.ts';
import { type Parse, parseOnce } from './parse-once.ts';

const require = createRequire(import.meta.url);
for (const name of ['condition', 'projection', 'update']) {
  const parser: { parse: Parse } = require(`dynalite/db/${name}Parser`);
  parser.parse = parseOnce(parser.parse);
}

/** Starts a DynamoDB in memory, on loopback only, with the connections table as the stack defines it. */
export async function startDynamoDB({
  port = 0,
  tableName,
  faults,
}: {
  port?: number;
  tableName: string;
  /** Without it there are no faults, and no proxy for them. */
  faults?: DynamoDBFaults;
}): Promise<LoopbackServer> {
  if (!faults) return startTable(port, tableName);
  const table = await startTable(0, tableName);
  // A second DynamoDB for the indexes, where these can lag.
  const indexes = faults.indexesLag ? await startTable(0, tableName) : undefined;
  const proxy = await startFaultyDynamoDB({ table: table.server, index: indexes?.server, port }, faults);
  return {
    ...proxy,
    async close() {
      await proxy.close();
      await Promise.all([table.close(), indexes?.close()]);
    },
  };
}

async function startTable(port: number, tableName: string): Promise<LoopbackServer> {
  const dynamodb = dynalite({ createTableMs: 0 });
  const underWay = new Set<ServerResponse>();
  dynamodb.on('request', (_request: unknown, response: ServerResponse) => {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
  });
  const server = await listenOnLoopback(dynamodb, port);
  const client = directDynamoDB(server);
  await client.send(createTable(tableName));
  const describe = new DescribeTableCommand({ TableName: tableName });
  while ((await client.send(describe)).Table?.TableStatus !== 'ACTIVE') await setImmediate();
  return {
    ...server,
    async close() {
      // dynalite throws outside of any promise if its database is closed during a scan.
      while (underWay.size > 0) await Promise.all([...underWay].map((response) => once(response, 'close')));
      await server.close();
    },
  };
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
