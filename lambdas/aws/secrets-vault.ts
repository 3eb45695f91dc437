import { PutSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { bareName } from '../contract.ts';
import type { Clock } from '../tokens/clock.ts';
import { Failure } from '../tokens/errors.ts';
import type { KeySecrets, Vault } from '../tokens/vault.ts';
import { createAppCredentials } from './app-credentials.ts';
import { createPublishedSecrets } from './published-secrets.ts';
import { accessDenied, secretRefused } from './sdk-errors.ts';
import { createSecretReader, type SecretReader } from './secret-reader.ts';

export interface VaultOptions {
  /** Name or ARN of the secret of each Zoom app. */
  appSecrets: ReadonlyMap<string, string>;
  /** Name or ARN; `undefined` in the rotate function. */
  linkKeySecretId?: string | undefined;
  /** Name or ARN; `undefined` in the callback function. */
  sealingKeySecretId?: string | undefined;
  /** Owner of the published secrets. */
  installation: string;
}

/** Returns the vault that keeps all secrets in Secrets Manager. */
export function createSecretsVault(client: SecretsManagerClient, options: VaultOptions, now: Clock): Vault {
  const reader = createSecretReader(client);
  return {
    ...createAppCredentials(reader, options.appSecrets, now),
    ...createKeySecrets(client, reader, options),
    ...createPublishedSecrets(client, reader, options.installation),
  };
}

function createKeySecrets(
  client: SecretsManagerClient,
  reader: SecretReader,
  { linkKeySecretId, sealingKeySecretId }: Pick<VaultOptions, 'linkKeySecretId' | 'sealingKeySecretId'>,
): KeySecrets {
  return {
    async linkKey() {
      if (linkKeySecretId === undefined) throw noKey('makes or reads links');
      const text = await reader.read(linkKeySecretId, { fresh: true });
      if (text === undefined) throw keyMissing('link key', linkKeySecretId);
      return text;
    },

    async sealingSeed(stage) {
      if (sealingKeySecretId === undefined) throw noKey('opens stored tokens');
      const isCurrent = stage === 'current';
      const label = isCurrent ? 'AWSCURRENT' : 'AWSPREVIOUS';
      const text = await reader.read(sealingKeySecretId, { stage: label, fresh: true });
      if (text === undefined && isCurrent) throw keyMissing('sealing key', sealingKeySecretId);
      return text;
    },

    async replaceKey(key, text) {
      const secretId = key === 'link key' ? linkKeySecretId : sealingKeySecretId;
      if (secretId === undefined) throw noKey('may replace a key');
      const { VersionId } = await client
        .send(new PutSecretValueCommand({ SecretId: secretId, SecretString: text }))
        .catch(secretRefused('secret_denied', `write the secret of the ${key}`));
      // A response of something in front of Secrets Manager must not pass for a success.
      if (!VersionId) throw new Error('Secrets Manager responded without the version');
    },
  };
}

const noKey = (does: string) => accessDenied('secret_denied', `This function has no key that ${does}.`);

/** Error for a key that no person wrote, and that none can write again. */
function keyMissing(key: 'link key' | 'sealing key', secretId: string): Failure {
  return new Failure(
    'misconfigured',
    'key_missing',
    `The secret of the ${key}, "${bareName(secretId)}", does not exist or has no value.`,
    'Do not write a value of your own into it: docs/runbook.md#a-deleted-key says how to recover.',
  );
}
