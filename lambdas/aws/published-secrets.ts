import {
  CreateSecretCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { INSTALLATION_TAG } from '../contract.ts';
import { Failure } from '../tokens/errors.ts';
import { secretName } from '../tokens/n8n-names.ts';
import type { PublishedTokens } from '../tokens/vault.ts';
import { deletePublishedSecret } from './delete-secret.ts';
import {
  accessDenied,
  awsFailure,
  errorName,
  isAccessDenied,
  isBeingDeleted,
  isNotFound,
} from './sdk-errors.ts';
import type { SecretReader } from './secret-reader.ts';
import { createRateLimit } from './write-rate-limit.ts';

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
    return client.send(new PutSecretValueCommand(versionInput(secret))).catch((error) => {
      // Of an existing secret, the quota is that of its versions; of a new one, that of the account's secrets.
      throw errorName(error) === 'LimitExceededException'
        ? quotaReached(secretName(secret.connection))
        : error;
    });
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
        throw writeFailure(secretName(connection), error);
      });
      // A truncated response must not pass for a publication.
      if (VersionId !== versionId) throw new Error('Secrets Manager responded without the version');
    },

    async published(connection) {
      // Never cached: someone may have edited what n8n reads.
      return read(secretName(connection), { fresh: true }).catch((error) => {
        if (error instanceof Failure && error.code === 'secret_being_deleted') return undefined;
        throw error;
      });
    },

    unpublish: (connection, { force }) => deletePublishedSecret(client, secretName(connection), force),
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

function writeFailure(name: string, error: unknown): unknown {
  if (error instanceof Failure) return error;
  if (isAccessDenied(error)) return writeDenied(name);
  return awsFailure(error, `write the secret "${name}", so n8n keeps the earlier token`);
}

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const quotaReached = (name: string) =>
  new Failure(
    'retry',
    'version_quota',
    `The secret "${name}" takes no new version: Secrets Manager allows 100 in 24 hours. n8n keeps the earlier token.`,
    'No action is needed: the token is published once a version is 24 hours old. Check who else writes the secret, and rotate by hand less often.',
  );

const writeDenied = (name: string) =>
  accessDenied(
    'publish_denied',
    `The function is not allowed to write the secret "${name}", so n8n keeps the earlier token.`,
    `If its tag "${INSTALLATION_TAG}" names another installation, connect under another name here. Otherwise deploy again: npx cdk deploy. If it finds no changes, check who changed the policies of the function or the secret.`,
  );
