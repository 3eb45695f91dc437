import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import pMap from 'p-map';
import { createConnectionsTable } from '../../lambdas/aws/connections-table.ts';
import { deriveKeys } from '../../lambdas/tokens/keys.ts';
import { open, seal } from '../../lambdas/tokens/seal.ts';
import { type Addresses, firstRefreshToken, type Happenings, TABLE_NAME } from './servers.ts';

const KEY = 'a key for one run';
const keys = deriveKeys(KEY);

/** Servers with connections whose tokens are about to end. */
export interface Backlog {
  /** Of the function. */
  environment: Record<string, string>;
  /** All that happened at the servers, and the tokens that are nowhere but at Zoom. */
  happened(): Promise<Happenings & { lost: number }>;
  close(): Promise<void>;
}

export async function openBacklog(connections: number): Promise<Backlog> {
  const servers = fork(join(import.meta.dirname, 'servers.ts'), { execArgv: [] });
  const [addresses] = (await once(servers, 'message')) as [Addresses];
  const client = {
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  const dynamodb = new DynamoDBClient({ ...client, endpoint: addresses.direct.dynamodb });
  const secrets = new SecretsManagerClient({ ...client, endpoint: addresses.direct.secretsManager });
  const store = createConnectionsTable(dynamodb, TABLE_NAME);
  const write = (Name: string, SecretString: string) =>
    secrets.send(new CreateSecretCommand({ Name, SecretString }));
  await write('key', KEY);
  await write('app/default', JSON.stringify({ client_id: 'id', client_secret: 'secret' }));

  const now = Math.floor(Date.now() / 1000);
  const names = Array.from({ length: connections }, (_, index) => `c${index}`);
  await pMap(
    names,
    async (connection) => {
      const tokens = { accessToken: 'old', refreshToken: firstRefreshToken(connection), expiresAt: now + 60 };
      const sealedTokens = await seal(tokens, connection, keys);
      const consent = { app: 'default', grantType: 'authorization_code', overlap: 'unknown' } as const;
      await store.commitConsent(
        {
          ...consent,
          connection,
          sealedTokens,
          expiresAt: now + 60,
          consentedAt: now,
          consentId: connection,
        },
        0,
      );
      await write(`n8n_zoom_${connection}`, 'old');
    },
    { concurrency: 20 },
  );
  return {
    environment: {
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: addresses.dynamodb,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: addresses.secretsManager,
      TABLE_NAME,
      KEY_SECRET_ID: 'key',
      APP_SECRET_PREFIX: 'app/',
      PUBLISHED_SECRET_PREFIX: 'n8n_zoom_',
      PUBLIC_URL: 'https://example.test',
      ZOOM_OAUTH_URL: addresses.zoom,
      ZOOM_API_URL: addresses.zoom,
      POWERTOOLS_SERVICE_NAME: 'bench',
      POWERTOOLS_METRICS_NAMESPACE: 'bench',
    },
    async happened() {
      const happenings = await ask(servers);
      const stored = await store.list();
      const isLost = await pMap(stored, async ({ connection, sealedTokens }) => {
        const { refreshToken } = await open(sealedTokens, connection, async () => keys);
        return refreshToken !== (happenings.refreshTokens[connection] ?? firstRefreshToken(connection));
      });
      return { ...happenings, lost: isLost.filter(Boolean).length };
    },
    async close() {
      for (const each of [dynamodb, secrets]) each.destroy();
      servers.kill();
      await once(servers, 'exit');
    },
  };
}

async function ask(servers: ChildProcess): Promise<Happenings> {
  servers.send('happened?');
  const [happenings] = (await once(servers, 'message')) as [Happenings];
  return happenings;
}
