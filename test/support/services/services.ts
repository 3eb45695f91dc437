import './aws-environment.ts';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { startDynamoDB } from '../../../local/aws/dynamodb.ts';
import { startS3 } from '../../../local/aws/s3.ts';
import { startSecretsManager } from '../../../local/aws/secrets-manager/server.ts';
import { type Notification, startSns } from '../../../local/aws/sns.ts';
import { manualClock } from '../../../local/clock.ts';
import { startZoom } from '../../../local/zoom/server.ts';
import { createWatch, watchTokenEndpoint } from './watch.ts';

const TABLE_NAME = 'connections';
const RESCUE_BUCKET = 'rescue';
const KEY = 'zoom-token-refresher/key';
const N8N = 'zoom-token-refresher/n8n';
export const APP_PREFIX = 'zoom-token-refresher/app/';

/** Where a deployed API is, and a local one. */
export const DEPLOYED_URL = 'https://tokens.example.com';
export const LOOPBACK_URL = 'http://localhost:8787';

/** A random value, as secrets are. */
const made = () => randomBytes(24).toString('base64url');

/** An address at which nothing listens any more. */
async function freedAddress(): Promise<string> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return `http://127.0.0.1:${port}`;
}

/** Zoom, DynamoDB, Secrets Manager, SNS and S3 on loopback, on one clock that only `clock.advance` moves. */
export async function startServices({ accessTokenOutlivesRefresh = true } = {}) {
  const clock = manualClock();
  const user = { clientId: 'user_app-id', clientSecret: made() };
  const server = { clientId: 'server_app-id', clientSecret: made(), accountId: 'the-account-id' };
  const redirectUris = [DEPLOYED_URL, LOOPBACK_URL].map((url) => `${url}/callback`);
  const watch = createWatch();
  watchTokenEndpoint(watch.note);
  for (const app of [user, server]) watch.note('a client secret', app.clientSecret);
  /** What IAM would refuse: `<operation> <secret's name>`. */
  const denied = new Set<string>();
  const zoom = await startZoom({
    now: clock.now,
    apps: [{ ...user, redirectUris }, server],
    accessTokenOutlivesRefresh,
  });
  const secrets = await startSecretsManager({
    now: clock.now,
    denied: (name, operation) => denied.has(`${operation} ${name}`),
  });
  const dynamodb = await startDynamoDB({ tableName: TABLE_NAME });
  const notifications: Notification[] = [];
  const sns = await startSns({ deliver: (notification) => notifications.push(notification) });
  const s3 = await startS3({ bucket: RESCUE_BUCKET });
  process.env.AWS_ENDPOINT_URL_SNS = sns.url;
  process.env.AWS_ENDPOINT_URL_S3 = s3.url;
  process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = secrets.url;
  process.env.AWS_ENDPOINT_URL_DYNAMODB = dynamodb.url;
  const secretsManager = new SecretsManager();
  const table = new DynamoDB();

  /** Makes the secret, or gives it a new value. */
  const writeSecret = async (Name: string, SecretString: string) => {
    await secretsManager
      .putSecretValue({ SecretId: Name, SecretString })
      .catch(() => secretsManager.createSecret({ Name, SecretString }));
  };
  const userApp = { client_id: user.clientId, client_secret: user.clientSecret };
  const serverApp = {
    client_id: server.clientId,
    client_secret: server.clientSecret,
    account_id: server.accountId,
  };
  const key = made();
  watch.note('the key secret', key);
  await writeSecret(KEY, key);
  await writeSecret(N8N, '{"instances":{}}');
  await writeSecret(`${APP_PREFIX}default`, JSON.stringify(userApp));
  await writeSecret(`${APP_PREFIX}reports`, JSON.stringify(serverApp));

  return {
    clock,
    /** Knows every secret in play. */
    watch,
    denied,
    /** What the subscribers of the alarms' topic got. */
    notifications,
    /** A Zoom that is out of reach. */
    nowhere: await freedAddress(),
    writeSecret,
    secretsManager,
    /** The apps' credentials as an operator writes them. */
    apps: { user: userApp, server: serverApp },
    key,
    /** The functions' environment variables. */
    environment: {
      TABLE_NAME,
      KEY_SECRET_ID: KEY,
      APP_SECRET_PREFIX: APP_PREFIX,
      N8N_SECRET_ID: N8N,
      RESCUE_BUCKET,
      PUBLIC_URL: DEPLOYED_URL,
      ALERT_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:zoom-token-refresher-alarms',
      ZOOM_OAUTH_URL: zoom.url,
      ZOOM_API_URL: zoom.url,
    },

    /** Every item of the table, and every secret's versions by their labels. */
    async contents() {
      const { Items = [] } = await table.scan({ TableName: TABLE_NAME, ConsistentRead: true });
      const { SecretList = [] } = await secretsManager.listSecrets({ MaxResults: 100 });
      const described = await Promise.all(
        SecretList.map(async ({ Name }) => {
          const { VersionIdsToStages } = await secretsManager.describeSecret({ SecretId: Name });
          return { Name, VersionIdsToStages };
        }),
      );
      return { Items, secrets: described };
    },

    /** The n8n instances as they are stored. */
    async n8nInstances(): Promise<Record<string, { url: string; api_key: string }>> {
      const { SecretString = '' } = await secretsManager.getSecretValue({ SecretId: N8N });
      return JSON.parse(SecretString).instances;
    },

    /** What n8n reads for the connection. */
    async published(connection: string): Promise<string | undefined> {
      const { SecretString } = await secretsManager.getSecretValue({ SecretId: `n8n_zoom_${connection}` });
      return SecretString;
    },

    /** What a user does at Zoom: the app is gone from the account, with the token of it that we hold. */
    async takeAppAway(refreshToken: string): Promise<void> {
      const basic = Buffer.from(`${user.clientId}:${user.clientSecret}`).toString('base64');
      const response = await fetch(`${zoom.url}/oauth/revoke`, {
        method: 'POST',
        headers: { authorization: `Basic ${basic}` },
        body: new URLSearchParams({ token: refreshToken }),
      });
      if (!response.ok) throw new Error(`Zoom does not revoke: ${response.status}`);
    },

    /** What Zoom's API says to a token: 200, or 401 to a dead one. */
    async zoomAnswers(token: string | undefined) {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${zoom.url}/v2/users/me`, { headers })).status;
    },

    async close() {
      secretsManager.destroy();
      table.destroy();
      await Promise.all([zoom.close(), secrets.close(), dynamodb.close(), sns.close(), s3.close()]);
    },
  };
}

export type Services = Awaited<ReturnType<typeof startServices>>;
