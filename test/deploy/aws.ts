import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  IAMClient,
  ListAccessKeysCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ACCOUNT, type Emulator, REGION } from './emulator.ts';

/** Clients of the AWS services with one principal's credentials. */
export interface Caller {
  secrets: SecretsManagerClient;
  lambda: LambdaClient;
  dynamodb: DynamoDBClient;
  iam: IAMClient;
  logs: CloudWatchLogsClient;
}

interface AccessKey {
  accessKeyId: string;
  secretAccessKey: string;
}

function callerWith({ url }: Emulator, credentials: AccessKey): Caller {
  const options = { endpoint: url, region: REGION, credentials };
  return {
    secrets: new SecretsManagerClient(options),
    lambda: new LambdaClient(options),
    dynamodb: new DynamoDBClient(options),
    iam: new IAMClient(options),
    logs: new CloudWatchLogsClient(options),
  };
}

export function root(emulator: Emulator): Caller {
  const { AWS_ACCESS_KEY_ID: id = '', AWS_SECRET_ACCESS_KEY: secret = '' } = emulator.environment;
  return callerWith(emulator, { accessKeyId: id, secretAccessKey: secret });
}

export const userArn = (name: string) => `arn:aws:iam::${ACCOUNT}:user/${name}`;

/** Creates a user without any permission, and an access key for it. */
export async function createUser(emulator: Emulator, name: string): Promise<Caller> {
  await root(emulator).iam.send(new CreateUserCommand({ UserName: name }));
  return accessKeyFor(emulator, name);
}

export async function accessKeyFor(emulator: Emulator, name: string): Promise<Caller> {
  const { AccessKey } = await root(emulator).iam.send(new CreateAccessKeyCommand({ UserName: name }));
  return callerWith(emulator, {
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  });
}

export async function deleteAccessKeys(emulator: Emulator, UserName: string): Promise<void> {
  const { iam } = root(emulator);
  const { AccessKeyMetadata = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
  for (const { AccessKeyId } of AccessKeyMetadata) {
    await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
  }
}

export async function attach(emulator: Emulator, user: string, policyArn: string | undefined): Promise<void> {
  await root(emulator).iam.send(new AttachUserPolicyCommand({ UserName: user, PolicyArn: policyArn }));
}

export async function allow(emulator: Emulator, user: string, statement: object): Promise<void> {
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await root(emulator).iam.send(
    new PutUserPolicyCommand({ UserName: user, PolicyName: 'inline', PolicyDocument }),
  );
}

/**
 * Invokes a function and returns its result.
 * @throws {Error} when the function fails
 */
export async function invoke<T>({ lambda }: Caller, name: string, event: object): Promise<T> {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(event) }),
  );
  const result = Buffer.from(Payload ?? []).toString();
  if (FunctionError !== undefined) throw new Error(`${name} failed: ${result}`);
  return JSON.parse(result);
}
