import '../../../support/services/aws-environment.ts';
import { DescribeTableCommand, DynamoDBClient, type TableDescription } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startDynamoDB } from '../../../../local/aws/dynamodb.ts';
import { synthesized } from '../../../lib/synthesized.ts';

type Table = Pick<TableDescription, 'KeySchema' | 'AttributeDefinitions' | 'GlobalSecondaryIndexes'>;

/** Returns what a query depends on, in a fixed order. */
const shape = ({ KeySchema, AttributeDefinitions = [], GlobalSecondaryIndexes = [] }: Table) => ({
  keys: KeySchema,
  attributes: Object.fromEntries(
    AttributeDefinitions.map((each) => [each.AttributeName, each.AttributeType]),
  ),
  indexes: Object.fromEntries(
    GlobalSecondaryIndexes.map(({ IndexName, KeySchema, Projection }) => [
      IndexName,
      { KeySchema, Projection },
    ]),
  ),
});

const [deployed] = Object.values(synthesized().findResources('AWS::DynamoDB::Table'));

let dynamodb: Awaited<ReturnType<typeof startDynamoDB>>;
let client: DynamoDBClient;
beforeAll(async () => {
  dynamodb = await startDynamoDB({ tableName: 'connections' });
  client = new DynamoDBClient({ endpoint: dynamodb.url });
});
afterAll(async () => {
  client.destroy();
  await dynamodb.close();
});

test('the local table has the keys, indexes and projections of the deployed table', async () => {
  const { Table = {} } = await client.send(new DescribeTableCommand({ TableName: 'connections' }));
  expect(shape(Table)).toEqual(shape(deployed?.Properties));
  expect(Table.BillingModeSummary?.BillingMode).toBe(deployed?.Properties.BillingMode);
});
