import './aws-environment.ts';
import { randomBytes } from 'node:crypto';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import { ANY_LOOPBACK, SEALING_KEY_OBJECT, TIMEOUT_SECONDS, VARIABLES } from '../../../lambdas/contract.ts';
import { deriveSealingPair } from '../../../lambdas/tokens/sealing/sealing-pair.ts';
import { directDynamoDB, directSecretsManager } from '../../../local/aws/direct-client.ts';
import { startDynamoDB } from '../../../local/aws/dynamodb.ts';
import { startS3 } from '../../../local/aws/s3.ts';
import type { KmsKeyState } from '../../../local/aws/secrets-manager/secrets.ts';
import { startSecretsManager } from '../../../local/aws/secrets-manager/server.ts';
import { type Notification, startSns } from '../../../local/aws/sns.ts';
import { manualClock } from '../../../local/clock.ts';
import { lambdaApi, openGateway } from '../../../local/gateway.ts';
import type { ZoomFaults } from '../../../local/zoom/faults.ts';
import { startZoom } from '../../../local/zoom/server.ts';
import { freePort } from './machine.ts';
import { createWatch, watchTokenEndpoint } from './watch.ts';

const TABLE_NAME = 'connections';
const RESCUE_BUCKET = 'rescue';
const ROTATE = 'zoom-token-refresher-rotate';
const LINK_KEY = 'zoom-token-refresher/link-key';
const SEALING_KEY = 'zoom-token-refresher/sealing-key';
const N8N = 'zoom-token-refresher/n8n';
export const APP_PREFIX = 'zoom-token-refresher/app/';
/** The deployed apps. Only the first two have a secret from the beginning. */
const APPS = [
  'default',
  'reports',
  'used',
  'wrong',
  'later',
  'broken',
  'replaced',
  'old',
  'deleted',
  'other',
];

/** Returns the environment variable with the secrets of these apps. */
export const appSecrets = (apps: string[]) =>
  JSON.stringify(Object.fromEntries(apps.map((app) => [app, `${APP_PREFIX}${app}`])));

/** Addresses of a deployed API and of a local one. */
export const DEPLOYED_URL = 'https://tokens.example.com';
export const LOOPBACK_URL = 'http://localhost:8787';

/** Returns a random value, as a secret is. */
const randomSecret = () => randomBytes(24).toString('base64url');

/** Starts Zoom, DynamoDB, Secrets Manager, SNS and S3 on loopback, on one clock that only `clock.advance` moves. */
export async function startServices({ accessTokenOutlivesRefresh = true } = {}) {
  const clock = manualClock();
  const user = { clientId: 'user_app-id', clientSecret: randomSecret() };
  const server = { clientId: 'server_app-id', clientSecret: randomSecret(), accountId: 'the-account-id' };
  const redirectUris = [DEPLOYED_URL, LOOPBACK_URL].map((url) => `${url}/callback`);
  const watch = createWatch();
  const stopWatching = watchTokenEndpoint(watch.note);
  for (const app of [user, server]) watch.note('a client secret', app.clientSecret);
  /** Operations that are refused, as IAM would: `<operation> <secret's name>`. */
  const denied = new Set<string>();
  const switches: { kmsKey: KmsKeyState } = { kmsKey: 'usable' };
  const zoomFaults: ZoomFaults = {};
  const zoom = await startZoom({
    now: clock.now,
    apps: [{ ...user, redirectUris }, server],
    accessTokenOutlivesRefresh,
    faults: zoomFaults,
  });
  const secrets = await startSecretsManager({
    now: clock.now,
    denied: (name, operation) => denied.has(`${operation} ${name}`),
    kmsKey: () => switches.kmsKey,
  });
  const dynamodb = await startDynamoDB({ tableName: TABLE_NAME });
  const notifications: Notification[] = [];
  const subscribers = { confirmed: 1, pending: 0 };
  const sns = await startSns({ deliver: (notification) => notifications.push(notification), subscribers });
  const linkKey = randomSecret();
  const seed = randomSecret();
  // As the first sweep after the deployment does.
  const publicKey = Buffer.from(JSON.stringify((await deriveSealingPair(seed)).publicKey));
  const s3 = await startS3({ bucket: RESCUE_BUCKET, from: new Map([[SEALING_KEY_OBJECT, publicKey]]) });
  /** The events with which the rotate function was started. `runStarted` of the functions delivers them. */
  const started: unknown[] = [];
  const lambda = await openGateway(0);
  const rotate = { name: ROTATE, handler: async () => {}, timeoutSeconds: TIMEOUT_SECONDS.rotate };
  lambda.serve([lambdaApi([rotate], 1, (_, event) => started.push(event))]);
  process.env.AWS_ENDPOINT_URL_LAMBDA = lambda.url;
  process.env.AWS_ENDPOINT_URL_SNS = sns.url;
  process.env.AWS_ENDPOINT_URL_S3 = s3.url;
  process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = secrets.url;
  process.env.AWS_ENDPOINT_URL_DYNAMODB = dynamodb.url;
  const secretsManager = directSecretsManager(secrets);
  const table = directDynamoDB(dynamodb);

  /** Creates the secret, or changes its value. */
  const writeSecret = async (Name: string, SecretString: string) => {
    await secretsManager
      .send(new PutSecretValueCommand({ SecretId: Name, SecretString }))
      .catch(() => secretsManager.send(new CreateSecretCommand({ Name, SecretString })));
  };
  const userApp = { client_id: user.clientId, client_secret: user.clientSecret };
  const serverApp = {
    client_id: server.clientId,
    client_secret: server.clientSecret,
    account_id: server.accountId,
  };
  watch.note('the link key', linkKey);
  watch.note('the seed of the sealing key', seed);
  await writeSecret(LINK_KEY, linkKey);
  await writeSecret(SEALING_KEY, seed);
  await writeSecret(N8N, '{"instances":{}}');
  await writeSecret(`${APP_PREFIX}default`, JSON.stringify(userApp));
  await writeSecret(`${APP_PREFIX}reports`, JSON.stringify(serverApp));

  return {
    clock,
    /** Finds every secret in use. */
    watch,
    denied,
    /** How Zoom misbehaves; a test may change it. */
    zoomFaults,
    /** Faults that can be turned on. */
    switches,
    /** The notifications that the topic's subscribers received. */
    notifications,
    started,
    /** How many subscribers the topic has. */
    subscribers,
    /** The address of an unreachable server. */
    nowhere: `http://127.0.0.1:${await freePort()}`,
    writeSecret,
    secretsManager,
    /** The apps' credentials as an operator writes them. */
    apps: { user: userApp, server: serverApp },
    linkKey,
    seed,
    /** The objects of the rescue bucket. */
    objects: s3.objects,
    /** The functions' environment variables. */
    environment: {
      [VARIABLES.tableName]: TABLE_NAME,
      [VARIABLES.linkKeySecretId]: LINK_KEY,
      [VARIABLES.sealingKeySecretId]: SEALING_KEY,
      [VARIABLES.appSecrets]: appSecrets(APPS),
      [VARIABLES.n8nSecretId]: N8N,
      [VARIABLES.n8nUrls]: JSON.stringify([ANY_LOOPBACK]),
      [VARIABLES.rescueBucket]: RESCUE_BUCKET,
      [VARIABLES.rotateFunctionName]: ROTATE,
      [VARIABLES.publicUrl]: DEPLOYED_URL,
      [VARIABLES.alertTopicArn]: 'arn:aws:sns:us-east-1:000000000000:zoom-token-refresher-alarms',
      [VARIABLES.monitoring]: 'full',
      [VARIABLES.zoomOauthUrl]: zoom.url,
      [VARIABLES.zoomApiUrl]: zoom.url,
    },

    /** Returns every item of the table and every secret with its versions and their labels. */
    async contents() {
      const { Items = [] } = await table.send(
        new ScanCommand({ TableName: TABLE_NAME, ConsistentRead: true }),
      );
      const { SecretList = [] } = await secretsManager.send(new ListSecretsCommand({ MaxResults: 100 }));
      const described = await Promise.all(
        SecretList.map(async ({ Name }) => {
          const { VersionIdsToStages } = await secretsManager.send(
            new DescribeSecretCommand({ SecretId: Name }),
          );
          return { Name, VersionIdsToStages };
        }),
      );
      return { Items, secrets: described };
    },

    /** Returns the stored n8n instances. */
    async n8nInstances(): Promise<Record<string, { url: string; api_key: string }>> {
      const { SecretString = '' } = await secretsManager.send(new GetSecretValueCommand({ SecretId: N8N }));
      return JSON.parse(SecretString).instances;
    },

    /** Returns the published token, which n8n reads. */
    async published(connection: string): Promise<string | undefined> {
      const { SecretString } = await secretsManager.send(
        new GetSecretValueCommand({ SecretId: `n8n_zoom_${connection}` }),
      );
      return SecretString;
    },

    /** Removes the app from the user's account at Zoom, which revokes this refresh token. */
    async removeApp(refreshToken: string): Promise<void> {
      const basic = Buffer.from(`${user.clientId}:${user.clientSecret}`).toString('base64');
      const response = await fetch(`${zoom.url}/oauth/revoke`, {
        method: 'POST',
        headers: { authorization: `Basic ${basic}` },
        body: new URLSearchParams({ token: refreshToken }),
      });
      if (!response.ok) throw new Error(`Zoom did not revoke the token: ${response.status}`);
    },

    /** Returns the status with which Zoom's API responds to a token: 200, or 401 for a dead one. */
    async zoomStatus(token: string | undefined) {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${zoom.url}/v2/users/me`, { headers })).status;
    },

    async close() {
      stopWatching();
      await Promise.all([zoom, secrets, dynamodb, sns, s3, lambda].map((service) => service.close()));
    },
  };
}

export type Services = Awaited<ReturnType<typeof startServices>>;
