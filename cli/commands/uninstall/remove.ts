import { CloudWatchLogsClient, DeleteLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DeleteSecretCommand,
  paginateListSecrets,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { INSTALLATION_TAG } from '../../../lambdas/contract.ts';
import { Failure } from '../../../lambdas/operator-protocol.ts';
import { type AwsOptions, clientConfig } from '../../aws/client-config.ts';
import { awsFailure } from '../../aws/failure.ts';
import { RECOVERY_DAYS, type Retained } from './retained.ts';

/** The removal of one resource. */
export interface Removal {
  kind: 'secret' | 'table' | 'bucket' | 'log group';
  name: string;
  /** `gone`: it did not exist any more. */
  outcome: 'removed' | 'gone' | 'failed';
  /** Why it failed, and what to do. */
  problem?: string;
}

/** Returns the names of the secrets that the installation has published for n8n. */
export async function publishedBy(installation: string, options: AwsOptions): Promise<string[]> {
  const client = new SecretsManagerClient(clientConfig(options));
  const filters = [
    { Key: 'tag-key' as const, Values: [INSTALLATION_TAG] },
    { Key: 'tag-value' as const, Values: [installation] },
  ];
  const names: string[] = [];
  try {
    for await (const { SecretList = [] } of paginateListSecrets({ client }, { Filters: filters })) {
      for (const { Name, Tags = [] } of SecretList) {
        // The filters accept a prefix of a value, and the value of any tag.
        const isOwn = Tags.some(({ Key, Value }) => Key === INSTALLATION_TAG && Value === installation);
        if (Name && isOwn) names.push(Name);
      }
    }
  } catch (error) {
    throw await awsFailure(error, 'list the secrets', options);
  } finally {
    client.destroy();
  }
  return names;
}

/** Deletes everything, one after another. A removal that fails does not stop the others. */
export async function removeAll(all: Retained, options: AwsOptions): Promise<Removal[]> {
  const { table, bucket, secrets, auditLogGroup } = all;
  const removals: Removal[] = [];
  if (table !== undefined) removals.push(await removeTable(table, options));
  if (bucket !== undefined) removals.push(await removeBucket(bucket, options));
  for (const secret of secrets) removals.push(await removeSecret(secret, options));
  if (auditLogGroup !== undefined) removals.push(await removeLogGroup(auditLogGroup, options));
  return removals;
}

/** Deletes a secret with a recovery window. */
function removeSecret(name: string, options: AwsOptions): Promise<Removal> {
  const client = new SecretsManagerClient(clientConfig(options));
  return removing('secret', name, client, options, () =>
    client.send(new DeleteSecretCommand({ SecretId: name, RecoveryWindowInDays: RECOVERY_DAYS })),
  );
}

function removeTable(name: string, options: AwsOptions): Promise<Removal> {
  const client = new DynamoDBClient(clientConfig(options));
  return removing('table', name, client, options, () =>
    client.send(new DeleteTableCommand({ TableName: name })),
  );
}

/** Deletes the bucket and its objects, which are nearly always none. */
function removeBucket(name: string, options: AwsOptions): Promise<Removal> {
  const client = new S3Client({ ...clientConfig(options), forcePathStyle: true });
  return removing('bucket', name, client, options, async () => {
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: name })) {
      for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket: name, Key }));
    }
    await client.send(new DeleteBucketCommand({ Bucket: name }));
  });
}

/** Deletes the log group with all that operators commanded. */
function removeLogGroup(name: string, options: AwsOptions): Promise<Removal> {
  const client = new CloudWatchLogsClient(clientConfig(options));
  return removing('log group', name, client, options, () =>
    client.send(new DeleteLogGroupCommand({ logGroupName: name })),
  );
}

async function removing(
  kind: Removal['kind'],
  name: string,
  client: { destroy(): void },
  options: AwsOptions,
  remove: () => Promise<unknown>,
): Promise<Removal> {
  try {
    await remove();
    return { kind, name, outcome: 'removed' };
  } catch (error) {
    if (error instanceof Error && /NotFound|NoSuchBucket/.test(error.name)) {
      return { kind, name, outcome: 'gone' };
    }
    if (error instanceof Error && /protected against deletion/.test(error.message)) {
      const problem = `It is protected against deletion (deletionProtection). Run: aws dynamodb update-table --table-name ${name} --no-deletion-protection-enabled. Then run this command again.`;
      return { kind, name, outcome: 'failed', problem };
    }
    const failure = await awsFailure(error, `delete the ${kind} ${name}`, options);
    if (!(failure instanceof Failure)) throw failure;
    return { kind, name, outcome: 'failed', problem: `${failure.message} ${failure.action}` };
  } finally {
    client.destroy();
  }
}
