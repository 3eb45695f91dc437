import { randomBytes } from 'node:crypto';
import { CreateSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DEFAULT_APP, DEFAULT_NAME } from '../lambdas/contract.ts';
import type { Apps } from './local-stack.ts';

/** Names of the secrets that the functions read. CloudFormation generates others. */
export const SECRETS = {
  linkKey: `${DEFAULT_NAME}/link-key`,
  sealingKey: `${DEFAULT_NAME}/sealing-key`,
  n8n: `${DEFAULT_NAME}/n8n`,
} as const;

/** Returns the name of the secret of a Zoom app. */
export const appSecretName = (app: string) => `${DEFAULT_NAME}/app/${app}`;

const random = (bytes: number) => randomBytes(bytes).toString('base64url');

/** Returns the local Zoom's apps with new credentials: `default` is a user app, `reports` a Server-to-Server app. */
export function localApps(): Apps {
  return {
    [DEFAULT_APP]: {
      client_id: 'local_user-app',
      client_secret: random(24),
      webhook_secret_token: random(24),
    },
    reports: { client_id: 'local_server-app', client_secret: random(24), account_id: 'local-account' },
  };
}

/** Creates the secrets that `cdk deploy` and `zoom-tokens setup` create. */
export async function createSecrets(client: SecretsManagerClient, apps: Apps): Promise<void> {
  const create = (Name: string, SecretString: string) =>
    client.send(new CreateSecretCommand({ Name, SecretString }));
  await create(SECRETS.linkKey, random(48));
  await create(SECRETS.sealingKey, random(48));
  await create(SECRETS.n8n, '{"instances":{}}');
  for (const [app, credentials] of Object.entries(apps)) {
    await create(appSecretName(app), JSON.stringify(credentials));
  }
}
