import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { bareName } from '../contract.ts';
import { Failure } from '../tokens/errors.ts';
import { accessDenied, awsFailure, isAccessDenied, isBeingDeleted, isNotFound } from './sdk-errors.ts';

/** Secrets Manager's labels of a secret's versions. */
type Stage = 'AWSCURRENT' | 'AWSPREVIOUS';

export interface SecretReader {
  /**
   * Returns the text of a secret, `undefined` when the secret does not exist or has no text.
   * @param options.fresh bypasses the cache, though not a request that is under way
   * @throws {Failure} `misconfigured` (`secret_denied`, `kms_unusable`, …) when the function cannot read it
   */
  read(secretId: string, options: { stage?: Stage; fresh: boolean }): Promise<string | undefined>;
}

/** Returns a reader whose cache lives as long as the execution environment; `fresh` bypasses it. */
export function createSecretReader(client: SecretsManagerClient): SecretReader {
  const cache = new Map<string, string>();
  /** The steps of a sweep need the same credentials and keys at once: one request is under way for all of them. */
  const reading = new Map<string, Promise<string | undefined>>();

  const request = async (SecretId: string, VersionStage: Stage): Promise<string | undefined> => {
    try {
      const { ARN, SecretString } = await client.send(new GetSecretValueCommand({ SecretId, VersionStage }));
      // A success always has an ARN. A truncated response must not pass for an empty secret.
      if (!ARN) throw new Error('Secrets Manager responded without the secret');
      if (SecretString) cache.set(`${SecretId} ${VersionStage}`, SecretString);
      return SecretString;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      if (isBeingDeleted(error)) throw secretBeingDeleted(bareName(SecretId));
      if (!isAccessDenied(error)) throw awsFailure(error, `read the secret "${bareName(SecretId)}"`);
      throw accessDenied(
        'secret_denied',
        `The function is not allowed to read the secret "${bareName(SecretId)}".`,
      );
    }
  };

  return {
    async read(secretId, { stage = 'AWSCURRENT', fresh }) {
      const key = `${secretId} ${stage}`;
      const cached = cache.get(key);
      if (cached !== undefined && !fresh) return cached;
      const pending = reading.get(key) ?? request(secretId, stage).finally(() => reading.delete(key));
      reading.set(key, pending);
      return pending;
    },
  };
}

const secretBeingDeleted = (name: string) =>
  new Failure(
    'misconfigured',
    'secret_being_deleted',
    `The secret "${name}" is scheduled for deletion, so it cannot be read.`,
    `Restore it: aws secretsmanager restore-secret --secret-id ${name}`,
  );
