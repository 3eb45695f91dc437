import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AppCredentials, KeySecret, Vault } from '../tokens/vault.ts';
import { parseAppSecret, unusableSecret } from './app-secret.ts';
import { createPublishedSecrets } from './published-secrets.ts';
import { createSecretReader, type SecretReader } from './secret-reader.ts';

export interface VaultOptions {
  /** Such as `zoom-token-refresher/app/`. */
  appSecretPrefix: string;
  /** Name or ARN. */
  keySecretId: string;
  /** Owner of the published secrets. */
  installation: string;
}

/** Returns the vault that keeps all secrets in Secrets Manager. */
export function createSecretsVault(client: SecretsManagerClient, options: VaultOptions): Vault {
  const reader = createSecretReader(client);
  return {
    ...createAppCredentials(reader, options.appSecretPrefix),
    ...createKeySecret(reader, options.keySecretId),
    ...createPublishedSecrets(client, reader, options.installation),
  };
}

const createAppCredentials = (reader: SecretReader, prefix: string): AppCredentials => ({
  async app(app, { fresh } = { fresh: false }) {
    const name = `${prefix}${app}`;
    const text = await reader.read(name, { fresh });
    if (text === undefined) throw unusableSecret(name, 'does not exist or has no value');
    try {
      return parseAppSecret(name, text);
    } catch (error) {
      // Not kept in the cache, because the operator is about to correct it.
      reader.forget(name);
      throw error;
    }
  },
});

const createKeySecret = (reader: SecretReader, secretId: string): KeySecret => ({
  async key(stage, { fresh }) {
    const isCurrent = stage === 'current';
    const text = await reader.read(secretId, { stage: isCurrent ? 'AWSCURRENT' : 'AWSPREVIOUS', fresh });
    if (text === undefined && isCurrent) throw unusableSecret(secretId, 'has no value');
    return text;
  },
});
