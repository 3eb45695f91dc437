import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { BatchWriteItemCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import pMap from 'p-map';
import { createConnectionsTable } from '../../lambdas/aws/table/connections.ts';
import { packTokens } from '../../lambdas/aws/table/packed-tokens.ts';
import { pairKey } from '../../lambdas/aws/table/token-pairs.ts';
import { PUBLISHED_SECRET_PREFIX, VARIABLES } from '../../lambdas/contract.ts';
import { placeOf } from '../../lambdas/tokens/publication/place.ts';
import { open, seal } from '../../lambdas/tokens/sealing/seal.ts';
import { deriveSealingPair } from '../../lambdas/tokens/sealing/sealing-pair.ts';
import { startS3 } from '../../local/aws/s3.ts';
import { type DynamoDBHappenings, TABLE_NAME } from './dynamodb.ts';
import type { SecretsManagerHappenings } from './secrets-manager.ts';
import { firstRefreshToken, type ZoomHappenings } from './zoom.ts';

const KEY = 'a key for one run';
const pair = deriveSealingPair(KEY);
const AWS = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
/** Connections for each BatchWriteItem, which takes 25 items. */
const BATCH = 12;
/** Tokens of 650 characters that fit into a bundle. */
const MEMBERS = 70;
const HOUR = 3600;

/** Times of one connection's step as its servers recorded them, milliseconds. A missing time did not happen. */
export interface Step {
  leased?: number;
  responded?: number;
  stored?: number;
  settled?: number;
}

interface Happenings {
  steps: Step[];
  /** Requests that failed with AWS's throttling error. */
  throttled: number;
  /** Connections whose valid refresh token only Zoom has, and refresh tokens that were used twice. */
  lost: number;
}

/** The services, each in a process of its own, with connections whose tokens are about to expire. */
export interface Backlog {
  /** Environment variables of the function. */
  environment: Record<string, string>;
  /**
   * Adds that many connections, all due, before a sweep.
   * @param areBundled they are members of bundles, as many in each as fit
   */
  add(connections: number, areBundled: boolean): Promise<void>;
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
  // The function publishes the public half of its key.
  const s3 = await startS3({ bucket: 'rescue' });
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
      AWS_ENDPOINT_URL_S3: s3.url,
      [VARIABLES.tableName]: TABLE_NAME,
      [VARIABLES.sealingKeySecretId]: 'key',
      [VARIABLES.rescueBucket]: 'rescue',
      [VARIABLES.appSecrets]: JSON.stringify({ default: 'app/default' }),
      [VARIABLES.publicUrl]: 'https://example.test',
      [VARIABLES.zoomOauthUrl]: zoom.url,
      [VARIABLES.zoomApiUrl]: zoom.url,
      [VARIABLES.installationName]: 'bench',
      POWERTOOLS_SERVICE_NAME: 'bench',
      POWERTOOLS_METRICS_NAMESPACE: 'bench',
    },
    async add(connections, areBundled) {
      const more = Array.from({ length: connections }, (_, index) => `c${names.length + index}`);
      const published = areBundled ? [] : more;
      await writeSecrets(
        secrets,
        Object.fromEntries(published.map((name) => [PUBLISHED_SECRET_PREFIX + name, 'old'])),
      );
      await writeConnections(table, more, areBundled);
      names.push(...more);
      secretsManager.begin();
    },
    async happened() {
      const { responded, refreshTokens, spentTwice } = await zoom.happened();
      const { throttled } = await secretsManager.happened();
      const writes = await dynamodb.happened();
      const isLost = await pMap(await store.list(), async ({ connection, sealedTokens }) => {
        const { refreshToken } = await open(sealedTokens, connection, async () => (await pair).opening);
        return refreshToken !== (refreshTokens[connection] ?? firstRefreshToken(connection));
      });
      return {
        steps: names.map((name) => ({
          ...writes[name],
          ...(responded[name] && { responded: responded[name] }),
        })),
        throttled,
        lost: isLost.filter(Boolean).length + spentTwice,
      };
    },
    async close() {
      for (const each of [table, secrets]) each.destroy();
      await Promise.all([...services.map((service) => service.stop()), s3.close()]);
    },
  };
}

async function writeSecrets(client: SecretsManagerClient, values: Record<string, string>): Promise<void> {
  const write = ([Name, SecretString]: [string, string]) =>
    client.send(new CreateSecretCommand({ Name, SecretString }));
  await pMap(Object.entries(values), write, { concurrency: 40 });
}

/** Writes connections as the store has them after a step: each with its tokens in an item of their own. */
async function writeConnections(
  client: DynamoDBClient,
  connections: string[],
  areBundled: boolean,
): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  // The members of a bundle are due in its slot, and the slots of bundles differ.
  const placed = (connection: string) => {
    const bundle = Math.floor(Number(connection.slice(1)) / MEMBERS);
    return areBundled
      ? { place: { S: placeOf(`b${bundle}`) }, dueAt: { N: String(now - HOUR / 4 + bundle) } }
      : {};
  };
  const sealingKey = await pair;
  const sealed = (connection: string) =>
    seal(
      {
        accessToken: 'old'.padEnd(650, 'x'),
        refreshToken: firstRefreshToken(connection),
        expiresAt: now + 60,
      },
      connection,
      sealingKey,
    );
  const [first = ''] = connections;
  const store = createConnectionsTable(client, TABLE_NAME);
  await store.commitConsent(
    {
      app: 'default',
      grantType: 'authorization_code',
      overlap: 'unknown',
      connection: first,
      sealedTokens: await sealed(first),
      expiresAt: now + 60,
      // A member's token was made before the slot in which it is due.
      consentedAt: now - HOUR,
      consentId: 'a consent',
    },
    0,
  );
  const lease = { owner: 'backlog', now, until: now + 1, early: true };
  const leased = await store.lease(first, lease);
  if (leased) await store.settle(leased, { validUntil: now + 60, dueAt: now });
  const stored = async (key: string) =>
    (await client.send(new GetItemCommand({ TableName: TABLE_NAME, Key: { connection: { S: key } } }))).Item;
  const [item, tokens] = await Promise.all([stored(first), stored(pairKey(first))]);
  const batches = Array.from({ length: Math.ceil(connections.length / BATCH) }, (_, index) =>
    connections.slice(index * BATCH, (index + 1) * BATCH),
  );
  await pMap(
    batches,
    async (batch) => {
      const items = batch.map(async (name) => [
        { ...item, connection: { S: name }, ...placed(name) },
        {
          ...tokens,
          connection: { S: pairKey(name) },
          sealedTokens: { B: packTokens(await sealed(name)) as Uint8Array },
        },
      ]);
      const requests = (await Promise.all(items)).flat().map((each) => ({ PutRequest: { Item: each } }));
      await client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE_NAME]: requests } }));
    },
    { concurrency: 4 },
  );
}

async function startService<Happened>(name: string) {
  const service = fork(join(import.meta.dirname, 'service.ts'), [name], { execArgv: [] });
  const url = await received<string>(service);
  return {
    url,
    begin() {
      service.send('begin');
    },
    happened() {
      service.send('happened?');
      return received<Happened>(service);
    },
    async stop() {
      service.kill();
      await once(service, 'exit');
    },
  };
}

async function received<Message>(service: ChildProcess): Promise<Message> {
  const gone = once(service, 'exit').then(([code]) => {
    throw new Error(`The process of a service exited with ${code}.`);
  });
  const [message] = (await Promise.race([once(service, 'message'), gone])) as [Message];
  gone.catch(() => {});
  return message;
}
