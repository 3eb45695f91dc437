import { setTimeout } from 'node:timers/promises';
import {
  DeleteSecretCommand,
  DescribeSecretCommand,
  RemoveRegionsFromReplicationCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { Failure } from '../tokens/errors.ts';
import { accessDenied, awsFailure, errorName, isAccessDenied, isNotFound } from './sdk-errors.ts';

/** The shortest recovery window that Secrets Manager allows. A new consent restores the secret anyway. */
const RECOVERY_DAYS = 7;

/** Secrets Manager removes a replica in the background, and refuses the deletion until then. Milliseconds. */
const REMOVAL_PAUSES_MS = [0, 500, 1500];

/** Waits some milliseconds. */
type Wait = (milliseconds: number) => Promise<unknown>;

/**
 * Deletes a published secret, after its replicas: Secrets Manager deletes no secret that has one.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
 * @param force deletes it without a recovery window
 * @returns when it is deleted permanently, epoch seconds; `undefined` when there is none
 * @throws {Failure} `misconfigured` (`withdraw_denied`, `secret_replicated`, …) or `retry`
 */
export async function deletePublishedSecret(
  client: SecretsManagerClient,
  name: string,
  force: boolean,
  wait: Wait = setTimeout,
): Promise<number | undefined> {
  try {
    return await deleteOnce(client, name, force);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (!isRefusal(error)) throw deletionFailure(name, error);
    return deleteRefused(client, name, { force, wait }, error);
  }
}

async function deleteOnce(client: SecretsManagerClient, name: string, force: boolean): Promise<number> {
  const window = force ? { ForceDeleteWithoutRecovery: true } : { RecoveryWindowInDays: RECOVERY_DAYS };
  const { DeletionDate } = await client.send(new DeleteSecretCommand({ SecretId: name, ...window }));
  // A truncated response must not pass for a deletion.
  if (!DeletionDate) throw new Error('Secrets Manager responded to a deletion without its date');
  return epochSeconds(DeletionDate);
}

/** Handles the two refusals that are known: the secret is deleted already, or it has replicas. */
async function deleteRefused(
  client: SecretsManagerClient,
  name: string,
  { force, wait }: { force: boolean; wait: Wait },
  refusal: unknown,
): Promise<number> {
  const { deletedAt, regions } = await describe(client, name, refusal);
  if (deletedAt !== undefined) return deletedAt;
  if (regions.length === 0) throw deletionFailure(name, refusal);
  await removeReplicas(client, name, regions);
  for (const pause of REMOVAL_PAUSES_MS) {
    if (pause > 0) await wait(pause);
    try {
      return await deleteOnce(client, name, force);
    } catch (error) {
      if (!isRefusal(error)) throw deletionFailure(name, error);
    }
  }
  throw replicasAreBeingRemoved(name, regions);
}

/** Returns when the secret is deleted, if it is scheduled, and the Regions of its replicas. */
async function describe(client: SecretsManagerClient, name: string, refusal: unknown) {
  try {
    const { DeletedDate, ReplicationStatus = [] } = await client.send(
      new DescribeSecretCommand({ SecretId: name }),
    );
    return {
      deletedAt: DeletedDate && epochSeconds(DeletedDate),
      regions: ReplicationStatus.flatMap(({ Region }) => Region ?? []),
    };
  } catch (error) {
    const regions = regionsIn(refusal);
    if (regions.length === 0) throw deletionFailure(name, error);
    return { deletedAt: undefined, regions };
  }
}

/** Returns the Regions that the refusal names: `… that still has replica regions [eu-west-1, us-east-2].` */
function regionsIn(refusal: unknown): string[] {
  const text = refusal instanceof Error ? refusal.message : '';
  const [, list = ''] = /replica regions? \[([a-z0-9-, ]+)\]/i.exec(text) ?? [];
  return list.split(/[ ,]+/).filter((region) => region !== '');
}

/** @throws {Failure} `misconfigured` (`secret_replicated`) with the command that removes them */
async function removeReplicas(client: SecretsManagerClient, name: string, regions: string[]): Promise<void> {
  try {
    await client.send(
      new RemoveRegionsFromReplicationCommand({ SecretId: name, RemoveReplicaRegions: regions }),
    );
  } catch (error) {
    throw replicasRemain(name, regions, error);
  }
}

/** Secrets Manager refuses with either name, depending on the reason. */
const isRefusal = (error: unknown): boolean => /^Invalid(Request|Parameter)Exception$/.test(errorName(error));

const epochSeconds = (date: Date) => Math.floor(date.getTime() / 1000);

const deletionFailure = (name: string, error: unknown): unknown =>
  isAccessDenied(error) ? deleteDenied(name) : awsFailure(error, `delete the secret "${name}"`);

const deleteDenied = (name: string) =>
  accessDenied(
    'withdraw_denied',
    `The function is not allowed to delete the secret "${name}", so n8n can still read it.`,
    'Deploy again (npx cdk deploy) and disconnect again, or delete the secret by hand. Check the resource policy of the secret too.',
  );

const replicasRemain = (name: string, regions: string[], error: unknown): Failure =>
  new Failure(
    'misconfigured',
    'secret_replicated',
    `The secret "${name}" was not deleted, so n8n can still read it: it has replicas in ${regions.join(', ')}, and the function could not remove them (${errorName(error)}).`,
    `Run: aws secretsmanager remove-regions-from-replication --secret-id ${name} --remove-replica-regions ${regions.join(' ')}. Then disconnect again.`,
  );

const replicasAreBeingRemoved = (name: string, regions: string[]): Failure =>
  new Failure(
    'retry',
    'secret_replicated',
    `The secret "${name}" is not deleted yet: Secrets Manager is removing its replicas in ${regions.join(', ')}.`,
    'Disconnect again in a few minutes.',
  );
