import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { bareName } from './app-secret.ts';
import { accessDenied, isAccessDenied, isNotFound } from './sdk-errors.ts';

/** Secrets Manager's labels of a secret's versions. */
type Stage = 'AWSCURRENT' | 'AWSPREVIOUS';

export interface SecretReader {
  /**
   * Returns the text of a secret, `undefined` when the secret does not exist or has no text.
   * @param options.fresh bypasses the cache
   * @throws {Failure} `misconfigured` (`secret_denied`) when the function is not allowed to read it
   */
  read(secretId: string, options: { stage?: Stage; fresh: boolean }): Promise<string | undefined>;
  /** Removes the current text of a secret from the cache. */
  forget(secretId: string): void;
}

/** Returns a reader that caches as long as the execution environment lives: a warm function reads no secret. */
export function createSecretReader(client: SecretsManagerClient): SecretReader {
  const cache = new Map<string, string>();
  const keyOf = (secretId: string, stage: Stage) => `${secretId} ${stage}`;

  return {
    async read(secretId, { stage = 'AWSCURRENT', fresh }) {
      const key = keyOf(secretId, stage);
      const cached = cache.get(key);
      if (cached !== undefined && !fresh) return cached;
      try {
        const { ARN, SecretString } = await client.send(
          new GetSecretValueCommand({ SecretId: secretId, VersionStage: stage }),
        );
        // A success always has an ARN. A truncated response must not pass for an empty secret.
        if (!ARN) throw new Error('Secrets Manager responded without the secret');
        if (SecretString) cache.set(key, SecretString);
        return SecretString;
      } catch (error) {
        if (isNotFound(error)) return undefined;
        if (!isAccessDenied(error)) throw error;
        throw accessDenied(
          'secret_denied',
          `The function is not allowed to read the secret "${bareName(secretId)}".`,
        );
      }
    },

    forget(secretId) {
      cache.delete(keyOf(secretId, 'AWSCURRENT'));
    },
  };
}
