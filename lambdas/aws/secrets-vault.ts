import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  InvalidRequestException,
  PutSecretValueCommand,
  ResourceNotFoundException,
  RestoreSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import { Failure } from '../tokens/errors.ts';
import { jsonObject } from '../tokens/json-object.ts';
import { secretName } from '../tokens/n8n-names.ts';
import type { Vault, ZoomApp } from '../tokens/vault.ts';
import { createRateLimit } from './write-rate-limit.ts';

/** An app secret as the operator writes it; empty strings are fields not filled in yet. */
const AppSecret = v.pipe(
  jsonObject,
  v.object({
    client_id: v.pipe(v.string(), v.trim(), v.nonEmpty()),
    client_secret: v.pipe(v.string(), v.trim(), v.nonEmpty()),
    account_id: v.optional(v.pipe(v.string(), v.trim())),
    webhook_secret_token: v.optional(v.pipe(v.string(), v.trim())),
  }),
);

/** The shortest that Secrets Manager allows: a disconnection by mistake is undone by a new consent anyway. */
const RECOVERY_DAYS = 7;

export interface VaultOptions {
  /** `zoom-token-refresher/app/` */
  appSecretPrefix: string;
  /** Name or ARN. */
  keySecretId: string;
  /** Whose the published secrets are: written into their tag, by which the functions' policies tell them apart. */
  installation: string;
}

/**
 * Secrets Manager takes 50 writes a second, of the whole account and Region, and refuses the rest. A refused write
 * is repeated after a pause, which costs more than to keep below; a little is left for others.
 */
const WRITES_A_SECOND = 48;

/** The three kinds of secret that we touch, in Secrets Manager. */
export function createSecretsVault(client: SecretsManagerClient, options: VaultOptions): Vault {
  const remembered = new Map<string, string>();
  const turn = createRateLimit(WRITES_A_SECOND);

  /** Remembered for the life of this function's environment: a warm function reads no secret. */
  const read = async (secretId: string, stage: string, fresh: boolean): Promise<string | undefined> => {
    const key = `${secretId} ${stage}`;
    const known = remembered.get(key);
    if (known !== undefined && !fresh) return known;
    try {
      const { ARN, SecretString } = await client.send(
        new GetSecretValueCommand({ SecretId: secretId, VersionStage: stage }),
      );
      // A success always names the secret; an answer that was cut must not pass for an empty one.
      if (!ARN) throw new Error('Secrets Manager answered without the secret');
      if (SecretString) remembered.set(key, SecretString);
      return SecretString;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw reading(secretId, error);
    }
  };

  return {
    async app(app, { fresh } = { fresh: false }) {
      const name = `${options.appSecretPrefix}${app}`;
      const text = await read(name, 'AWSCURRENT', fresh);
      if (text === undefined) throw unusable(name, 'does not exist or has no value');
      try {
        return parseApp(name, text);
      } catch (error) {
        // The operator is about to mend it; what is broken is not worth remembering.
        remembered.delete(`${name} AWSCURRENT`);
        throw error;
      }
    },

    async key(stage, { fresh }) {
      const text = await read(options.keySecretId, stage === 'current' ? 'AWSCURRENT' : 'AWSPREVIOUS', fresh);
      if (text === undefined && stage === 'current') throw unusable(options.keySecretId, 'has no value');
      return text;
    },

    async publish(connection, value, versionId) {
      const name = secretName(connection);
      const put = async () => {
        await turn();
        return client.send(
          new PutSecretValueCommand({ SecretId: name, SecretString: value, ClientRequestToken: versionId }),
        );
      };
      try {
        const { VersionId } = await put().catch(async (error) => {
          if (error instanceof ResourceNotFoundException) {
            // Never created without a value: an empty secret spoils n8n's batch.
            return client.send(
              new CreateSecretCommand({
                Name: name,
                SecretString: value,
                ClientRequestToken: versionId,
                Description: `Zoom access token of the connection "${connection}", kept fresh for n8n`,
                Tags: [
                  { Key: 'zoom-token-refresher:connection', Value: connection },
                  { Key: 'zoom-token-refresher:installation', Value: options.installation },
                ],
              }),
            );
          }
          // Scheduled for deletion, by a disconnect or by hand.
          if (!(error instanceof InvalidRequestException)) throw error;
          await client.send(new RestoreSecretCommand({ SecretId: name }));
          return put();
        });
        // As in reading: an answer that was cut must not pass for a publication.
        if (VersionId !== versionId) throw new Error('Secrets Manager answered without the version');
      } catch (error) {
        throw writing(name, error);
      }
    },

    async published(connection) {
      // Never remembered: what n8n reads may have been changed by hand.
      return read(secretName(connection), 'AWSCURRENT', true).catch((error) => {
        // Scheduled for deletion.
        if (error instanceof InvalidRequestException) return undefined;
        throw error;
      });
    },

    async unpublish(connection, { force }) {
      const name = secretName(connection);
      const window = force ? { ForceDeleteWithoutRecovery: true } : { RecoveryWindowInDays: RECOVERY_DAYS };
      try {
        const { DeletionDate } = await client.send(new DeleteSecretCommand({ SecretId: name, ...window }));
        // As in publishing: an answer that was cut must not pass for a deletion.
        if (!DeletionDate) throw new Error('Secrets Manager answered a deletion without its date');
        return epochSeconds(DeletionDate);
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return undefined;
        // Said of a secret that is scheduled for deletion, and of one that may not be deleted.
        if (!(error instanceof InvalidRequestException)) throw withdrawing(name, error);
        const described = client.send(new DescribeSecretCommand({ SecretId: name }));
        const { DeletedDate } = await described.catch((denied) => {
          throw withdrawing(name, denied);
        });
        if (!DeletedDate) throw error;
        return epochSeconds(DeletedDate);
      }
    },
  };
}

const epochSeconds = (date: Date) => Math.floor(date.getTime() / 1000);

function parseApp(name: string, text: string): ZoomApp {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw unusable(name, 'is no JSON');
  }
  const secret = v.safeParse(AppSecret, json);
  if (!secret.success) {
    const fields = [...new Set(secret.issues.map((issue) => v.getDotPath(issue) ?? 'the object'))];
    throw unusable(name, `lacks ${fields.join(' and ')}`);
  }
  const { client_id: clientId, client_secret: clientSecret, account_id: accountId } = secret.output;
  const webhookSecret = secret.output.webhook_secret_token;
  return { clientId, clientSecret, ...(accountId && { accountId }), ...(webhookSecret && { webhookSecret }) };
}

function unusable(name: string, what: string): Failure {
  return new Failure(
    'misconfigured',
    'secret_unusable',
    `The secret "${plain(name)}" ${what}.`,
    'Write it again: zoom-tokens setup, or put {"client_id":"…","client_secret":"…"} (and "account_id" for a Server-to-Server app) into it.',
  );
}

/** An ARN tells the account, and this may be shown to a stranger: the name alone says which secret. */
const plain = (nameOrArn: string) => nameOrArn.replace(/^arn:.*:secret:(.+)-[A-Za-z0-9]{6}$/, '$1');

function isDenied(error: unknown): boolean {
  return error instanceof Error && error.name === 'AccessDeniedException';
}

function reading(name: string, error: unknown): unknown {
  if (!isDenied(error)) return error;
  return new Failure(
    'misconfigured',
    'secret_denied',
    `The function may not read the secret "${plain(name)}".`,
    'Deploy again (npx cdk deploy); if it stays, see who changed the policies of the function or the secret.',
  );
}

function writing(name: string, error: unknown): unknown {
  if (!isDenied(error)) return error;
  return new Failure(
    'misconfigured',
    'publish_denied',
    `The function may not write the secret "${name}", so n8n keeps the earlier token.`,
    'If its tag "zoom-token-refresher:installation" names another installation, connect under another name here; otherwise deploy again (npx cdk deploy), and if it stays, see who changed the policies of the function or the secret.',
  );
}

function withdrawing(name: string, error: unknown): unknown {
  if (!isDenied(error)) return error;
  return new Failure(
    'misconfigured',
    'withdraw_denied',
    `The function may not delete the secret "${name}", so n8n can still read it.`,
    'Deploy again (npx cdk deploy), then disconnect again; or delete the secret by hand.',
  );
}
