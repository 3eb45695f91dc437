import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  InvalidRequestException,
  PutSecretValueCommand,
  RestoreSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { INSTALLATION_TAG } from '../contract.ts';
import { secretName } from '../tokens/n8n-names.ts';
import type { PublishedTokens } from '../tokens/vault.ts';
import { accessDenied, isAccessDenied, isNotFound } from './sdk-errors.ts';
import type { SecretReader } from './secret-reader.ts';
import { createRateLimit } from './write-rate-limit.ts';

/** The shortest recovery window that Secrets Manager allows. A new consent restores the secret anyway. */
const RECOVERY_DAYS = 7;

/**
 * Secrets Manager refuses more than 50 writes a second of an account and Region. A refused write is retried after a pause,
 * which takes longer than staying below the limit. Two writes a second are left for others.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
 */
const WRITES_PER_SECOND = 48;

/**
 * Publishes tokens as the secrets that n8n reads.
 * @param installation owner of the secrets. It is written into their tag, which the functions' policies compare
 */
export function createPublishedSecrets(
  client: SecretsManagerClient,
  { read }: SecretReader,
  installation: string,
): PublishedTokens {
  const turn = createRateLimit(WRITES_PER_SECOND);

  const put = async (secret: Version) => {
    await turn();
    return client.send(new PutSecretValueCommand(versionInput(secret)));
  };
  const create = ({ connection, ...version }: Version) =>
    client.send(
      new CreateSecretCommand({
        Name: secretName(connection),
        SecretString: version.value,
        ClientRequestToken: version.versionId,
        Description: `Zoom access token of the connection "${connection}", kept fresh for n8n`,
        Tags: [
          { Key: 'zoom-token-refresher:connection', Value: connection },
          { Key: INSTALLATION_TAG, Value: installation },
        ],
      }),
    );
  const putOrCreate = (secret: Version) =>
    put(secret).catch(async (error) => {
      // Never created without a value: one empty secret makes n8n's batch read fail.
      if (isNotFound(error)) return create(secret);
      if (!isBeingDeleted(error)) throw error;
      await client.send(new RestoreSecretCommand({ SecretId: secretName(secret.connection) }));
      return put(secret);
    });

  return {
    async publish(connection, value, versionId) {
      const { VersionId } = await putOrCreate({ connection, value, versionId }).catch((error) => {
        throw isAccessDenied(error) ? writeDenied(secretName(connection)) : error;
      });
      // A truncated response must not pass for a publication.
      if (VersionId !== versionId) throw new Error('Secrets Manager responded without the version');
    },

    async published(connection) {
      // Never cached: someone may have edited what n8n reads.
      return read(secretName(connection), { fresh: true }).catch((error) => {
        if (isBeingDeleted(error)) return undefined;
        throw error;
      });
    },

    async unpublish(connection, { force }) {
      const name = secretName(connection);
      return deleteSecret(client, name, force).catch((error) => {
        throw isAccessDenied(error) ? deleteDenied(name) : error;
      });
    },
  };
}

/** A version of the secret of one connection. */
interface Version {
  connection: string;
  value: string;
  versionId: string;
}

const versionInput = ({ connection, value, versionId }: Version) => ({
  SecretId: secretName(connection),
  SecretString: value,
  ClientRequestToken: versionId,
});

/** Returns whether the error is the one of a secret that is scheduled for deletion; it has other causes too. */
const isBeingDeleted = (error: unknown) => error instanceof InvalidRequestException;

/** Returns when the secret is deleted permanently, epoch seconds; `undefined` when there is none. */
async function deleteSecret(
  client: SecretsManagerClient,
  name: string,
  force: boolean,
): Promise<number | undefined> {
  const window = force ? { ForceDeleteWithoutRecovery: true } : { RecoveryWindowInDays: RECOVERY_DAYS };
  try {
    const { DeletionDate } = await client.send(new DeleteSecretCommand({ SecretId: name, ...window }));
    // A truncated response must not pass for a deletion.
    if (!DeletionDate) throw new Error('Secrets Manager responded to a deletion without its date');
    return epochSeconds(DeletionDate);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (!isBeingDeleted(error)) throw error;
    const { DeletedDate } = await client.send(new DescribeSecretCommand({ SecretId: name }));
    // The request is refused for another reason, such as a replica.
    if (!DeletedDate) throw error;
    return epochSeconds(DeletedDate);
  }
}

const epochSeconds = (date: Date) => Math.floor(date.getTime() / 1000);

const writeDenied = (name: string) =>
  accessDenied(
    'publish_denied',
    `The function is not allowed to write the secret "${name}", so n8n keeps the earlier token.`,
    `If its tag "${INSTALLATION_TAG}" names another installation, connect under another name here. Otherwise deploy again: npx cdk deploy. If the error persists, check who changed the policies of the function or the secret.`,
  );

const deleteDenied = (name: string) =>
  accessDenied(
    'withdraw_denied',
    `The function is not allowed to delete the secret "${name}", so n8n can still read it.`,
    'Deploy again (npx cdk deploy) and disconnect again, or delete the secret by hand.',
  );
