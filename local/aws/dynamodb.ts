import { setTimeout } from 'node:timers/promises';
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { TABLE } from '../../lambdas/contract.ts';
import { type LoopbackServer, listenOnLoopback } from '../loopback-server.ts';
import { createDynalite, type Perform } from './dynalite.ts';
import { addFaults, type DynamoDBFaults } from './dynamodb-faults.ts';
import { createDynamoDBServer } from './dynamodb-http.ts';

/** A DynamoDB on loopback. `perform` does what its server does, without HTTP. */
export type DynamoDB = LoopbackServer & { perform: Perform };

/** Starts a DynamoDB in memory, on loopback only, with the connections table as the stack defines it. */
export async function startDynamoDB({
  port = 0,
  tableName,
  faults,
}: {
  port?: number;
  tableName: string;
  faults?: DynamoDBFaults;
}): Promise<DynamoDB> {
  const table = await createTable(tableName);
  // A second DynamoDB for the indexes, where these can lag.
  const index = faults?.indexesLag && (await createTable(tableName));
  const perform = faults ? addFaults({ table, index }, faults) : table;
  return { ...(await listenOnLoopback(createDynamoDBServer(perform), port)), perform };
}

async function createTable(tableName: string): Promise<Perform> {
  const perform = createDynalite();
  await perform('CreateTable', { ...definitionOf(tableName) });
  const status = async () => {
    const { output } = await perform('DescribeTable', { TableName: tableName });
    return (output.Table as { TableStatus: string }).TableStatus;
  };
  while ((await status()) !== 'ACTIVE') await setTimeout();
  return perform;
}

function definitionOf(tableName: string): CreateTableCommandInput {
  const index = (name: string, sortKey: string, projected: readonly string[]) => ({
    IndexName: name,
    KeySchema: [
      { AttributeName: TABLE.status, KeyType: 'HASH' as const },
      { AttributeName: sortKey, KeyType: 'RANGE' as const },
    ],
    Projection: { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: [...projected] },
  });
  const indexes = Object.entries(TABLE.indexes);
  return {
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
  };
}
