import {
  CreateSecretCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { INSTALLATION_TAG } from '../contract.ts';
import { Failure } from '../tokens/errors.ts';
import { secretName } from '../tokens/n8n-names.ts';
import { bundleOf, type Place } from '../tokens/publication/place.ts';
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
        ...described(connection, installation),
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
        throw writeFailure(connection, error);
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

/** Returns the description and the tags of a new secret. */
function described(publication: string, installation: string) {
  const bundle = inBundle(publication);
  const [what, kind, name] =
    bundle === undefined
      ? ['access token of the connection', 'connection', publication]
      : ['access tokens of the bundle', 'bundle', bundle];
  return {
    Description: `Zoom ${what} "${name}", kept fresh for n8n`,
    Tags: [
      { Key: `zoom-token-refresher:${kind}`, Value: name },
      { Key: INSTALLATION_TAG, Value: installation },
    ],
  };
}

/** Returns the bundle that a publication is; `undefined` for a connection's own. */
const inBundle = (publication: string) => bundleOf(publication as Place);

function writeFailure(publication: string, error: unknown): unknown {
  if (error instanceof Failure) return error;
  if (isAccessDenied(error)) return writeDenied(publication);
  const name = secretName(publication);
  return awsFailure(error, `write the secret "${name}", so n8n gets no new token`);
}

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const quotaReached = (name: string) =>
  new Failure(
    'retry',
    'version_quota',
    `The secret "${name}" takes no new version: Secrets Manager allows 100 in 24 hours. n8n gets no new token.`,
    'No action is needed: the token is published once a version is 24 hours old. Check who else writes the secret, and rotate by hand less often.',
  );

const writeDenied = (publication: string) => {
  const other =
    inBundle(publication) === undefined
      ? 'connect under another name here'
      : 'move the connections into a bundle of another name: npx zoom-tokens bundle <connection> <bundle>';
  return accessDenied(
    'publish_denied',
    `The function is not allowed to write the secret "${secretName(publication)}", so n8n gets no new token.`,
    `If its tag "${INSTALLATION_TAG}" names another installation, ${other}. Otherwise deploy again: npx cdk deploy. If it finds no changes, check who changed the policies of the function or the secret.`,
  );
};
