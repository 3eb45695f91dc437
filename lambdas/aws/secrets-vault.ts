import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../tokens/clock.ts';
import type { KeySecret, Vault } from '../tokens/vault.ts';
import { createAppCredentials } from './app-credentials.ts';
import { unusableSecret } from './app-secret.ts';
import { createPublishedSecrets } from './published-secrets.ts';
import { createSecretReader, type SecretReader } from './secret-reader.ts';

export interface VaultOptions {
  /** Name or ARN of the secret of each Zoom app. */
  appSecrets: ReadonlyMap<string, string>;
  /** Name or ARN. */
  keySecretId: string;
  /** Owner of the published secrets. */
  installation: string;
}

/** Returns the vault that keeps all secrets in Secrets Manager. */
export function createSecretsVault(client: SecretsManagerClient, options: VaultOptions, now: Clock): Vault {
  const reader = createSecretReader(client);
  return {
    ...createAppCredentials(reader, options.appSecrets, now),
    ...createKeySecret(reader, options.keySecretId),
    ...createPublishedSecrets(client, reader, options.installation),
  };
}

const createKeySecret = (reader: SecretReader, secretId: string): KeySecret => ({
  async key(stage, { fresh }) {
    const isCurrent = stage === 'current';
    const text = await reader.read(secretId, { stage: isCurrent ? 'AWSCURRENT' : 'AWSPREVIOUS', fresh });
    if (text === undefined && isCurrent) throw unusableSecret(secretId, 'has no value');
    return text;
  },
});
