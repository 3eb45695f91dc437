import { unmarshall } from '@aws-sdk/util-dynamodb';
import { TABLE } from '../contract.ts';
import { parseJson } from '../tokens/apis/http.ts';
import type { AwsRequest, SignedRequest } from './signed-request.ts';

/** Returns a request of the protocols awsJson1_0 and awsJson1_1. https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
const jsonRequest = (service: AwsRequest['service'], target: string, version: string, input: object) => ({
  service,
  method: 'POST' as const,
  path: '/',
  body: JSON.stringify(input),
  headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target },
});

const jsonObject = (text: string | undefined): Record<string, unknown> =>
  Object(parseJson(text ?? '')) as Record<string, unknown>;

/** Returns the current text of a secret; `undefined` without one, and where the client has to read it. */
export async function readFirstSecret(request: SignedRequest, secretId: string): Promise<string | undefined> {
  const input = { SecretId: secretId, VersionStage: 'AWSCURRENT' };
  const target = 'secretsmanager.GetSecretValue';
  const { ARN, SecretString } = jsonObject(
    await request(jsonRequest('secretsmanager', target, '1.1', input)),
  );
  // A truncated response lacks the ARN.
  return ARN && typeof SecretString === 'string' && SecretString !== '' ? SecretString : undefined;
}

/** Returns an item, strongly consistent; `undefined` without one, and where the table's client has to read it. */
export async function readFirstItem(
  request: SignedRequest,
  tableName: string,
  key: string,
): Promise<Record<string, unknown> | undefined> {
  const input = {
    TableName: tableName,
    Key: { [TABLE.partitionKey]: { S: key } },
    ConsistentRead: true,
    ReturnConsumedCapacity: 'TOTAL',
  };
  const target = 'DynamoDB_20120810.GetItem';
  const { Item, ConsumedCapacity } = jsonObject(await request(jsonRequest('dynamodb', target, '1.0', input)));
  // A truncated response lacks the capacity.
  return Item && ConsumedCapacity ? unmarshall(Item as Parameters<typeof unmarshall>[0]) : undefined;
}
