import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { BatchWriteItemCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import pMap from 'p-map';
import { createConnectionsTable } from '../../lambdas/aws/table/connections.ts';
import { deriveKeys } from '../../lambdas/tokens/sealing/keyring.ts';
import { open, seal } from '../../lambdas/tokens/sealing/seal.ts';
import { type DynamoDBHappenings, TABLE_NAME } from './dynamodb.ts';
import type { SecretsManagerHappenings } from './secrets-manager.ts';
import { firstRefreshToken, type ZoomHappenings } from './zoom.ts';

const KEY = 'a key for one run';
const keys = deriveKeys(KEY);
const AWS = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
/** BatchWriteItem takes this many. */
const BATCH = 25;

/** One connection's step as the servers saw it, milliseconds; what did not happen is missing. */
export interface Step {
  leased?: number;
  answered?: number;
  stored?: number;
  settled?: number;
}

interface Happenings {
  steps: Step[];
  /** Requests that were refused with AWS's throttling error. */
  throttled: number;
  /** Connections whose refresh token is nowhere but at Zoom, and refresh tokens that came twice. */
  lost: number;
}

/** Servers, each a process of its own, with connections whose tokens are about to end. */
export interface Backlog {
  /** Of the function. */
  environment: Record<string, string>;
  /** That many more, due at once; a sweep begins. */
  add(connections: number): Promise<void>;
  happened(): Promise<Happenings>;
  close(): Promise<void>;
}

export async function openBacklog(): Promise<Backlog> {
  const services = await Promise.all([
    startService<ZoomHappenings>('zoom'),
    startService<SecretsManagerHappenings>('secrets-manager'),
    startService<DynamoDBHappenings>('dynamodb'),
  ]);
  const [zoom, secretsManager, dynamodb] = services;
  const secrets = new SecretsManagerClient({ ...AWS, endpoint: secretsManager.url });
  const table = new DynamoDBClient({ ...AWS, endpoint: dynamodb.url });
  const store = createConnectionsTable(table, TABLE_NAME);
  await writeSecrets(secrets, {
    key: KEY,
    'app/default': JSON.stringify({ client_id: 'id', client_secret: 'secret' }),
  });
  const names: string[] = [];
  return {
    environment: {
      AWS_REGION: AWS.region,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
      TABLE_NAME,
      KEY_SECRET_ID: 'key',
      APP_SECRET_PREFIX: 'app/',
      PUBLIC_URL: 'https://example.test',
      ZOOM_OAUTH_URL: zoom.url,
      ZOOM_API_URL: zoom.url,
      INSTALLATION_NAME: 'bench',
      POWERTOOLS_SERVICE_NAME: 'bench',
      POWERTOOLS_METRICS_NAMESPACE: 'bench',
    },
    async add(connections) {
      const more = Array.from({ length: connections }, (_, index) => `c${names.length + index}`);
      await writeSecrets(secrets, Object.fromEntries(more.map((name) => [`n8n_zoom_${name}`, 'old'])));
      await writeConnections(table, more);
      names.push(...more);
      secretsManager.begin();
    },
    async happened() {
      const { answered, refreshTokens, spentTwice } = await zoom.happened();
      const { throttled } = await secretsManager.happened();
      const writes = await dynamodb.happened();
      const isLost = await pMap(await store.list(), async ({ connection, sealedTokens }) => {
        const { refreshToken } = await open(sealedTokens, connection, async () => keys);
        return refreshToken !== (refreshTokens[connection] ?? firstRefreshToken(connection));
      });
      return {
        steps: names.map((name) => ({
          ...writes[name],
          ...(answered[name] && { answered: answered[name] }),
        })),
        throttled,
        lost: isLost.filter(Boolean).length + spentTwice,
      };
    },
    async close() {
      for (const each of [table, secrets]) each.destroy();
      await Promise.all(services.map((service) => service.stop()));
    },
  };
}

async function writeSecrets(client: SecretsManagerClient, values: Record<string, string>): Promise<void> {
  const write = ([Name, SecretString]: [string, string]) =>
    client.send(new CreateSecretCommand({ Name, SecretString }));
  await pMap(Object.entries(values), write, { concurrency: 40 });
}

/** Every connection is as the store writes one after a consent. */
async function writeConnections(client: DynamoDBClient, connections: string[]): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  const sealed = (connection: string) =>
    seal(
      {
        accessToken: 'old'.padEnd(650, 'x'),
        refreshToken: firstRefreshToken(connection),
        expiresAt: now + 60,
      },
      connection,
      keys,
    );
  const [first = ''] = connections;
  await createConnectionsTable(client, TABLE_NAME).commitConsent(
    {
      app: 'default',
      grantType: 'authorization_code',
      overlap: 'unknown',
      connection: first,
      sealedTokens: await sealed(first),
      expiresAt: now + 60,
      consentedAt: now,
      consentId: 'a consent',
    },
    0,
  );
  const key = { connection: { S: first } };
  const { Item } = await client.send(new GetItemCommand({ TableName: TABLE_NAME, Key: key }));
  const batches = Array.from({ length: Math.ceil(connections.length / BATCH) }, (_, index) =>
    connections.slice(index * BATCH, (index + 1) * BATCH),
  );
  await pMap(
    batches,
    async (batch) => {
      const items = batch.map(async (name) => ({
        ...Item,
        connection: { S: name },
        sealedTokens: { S: await sealed(name) },
      }));
      const requests = (await Promise.all(items)).map((each) => ({ PutRequest: { Item: each } }));
      await client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE_NAME]: requests } }));
    },
    { concurrency: 4 },
  );
}

async function startService<Happened>(name: string) {
  const service = fork(join(import.meta.dirname, 'service.ts'), [name], { execArgv: [] });
  const url = await heard<string>(service);
  return {
    url,
    begin() {
      service.send('begin');
    },
    happened() {
      service.send('happened?');
      return heard<Happened>(service);
    },
    async stop() {
      service.kill();
      await once(service, 'exit');
    },
  };
}

async function heard<Message>(service: ChildProcess): Promise<Message> {
  const gone = once(service, 'exit').then(([code]) => {
    throw new Error(`The process of a service ended with ${code}.`);
  });
  const [message] = (await Promise.race([once(service, 'message'), gone])) as [Message];
  gone.catch(() => {});
  return message;
}
