import { createHmac, randomBytes } from 'node:crypto';
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { createConnectionsTable } from '../../lambdas/aws/table/connections.ts';
import type { OperatorResults } from '../../lambdas/operator-protocol.ts';
import type { LocalStack } from '../../local/local-stack.ts';
import { startLocalStack } from '../../local/stack.ts';

const TOKEN_SECRET = 'rivet/token';
const WEBHOOK_SECRET_TOKEN = randomBytes(16).toString('base64url');
const TABLE_NAME = 'zoom-token-refresher-connections';

/** What first invocations talk to, all on loopback: the local stack with one Server-to-Server connection. */
export interface Services {
  environment: Record<string, string>;
  zoomUrl: string;
  /** The only connection is due, and its token about to end; the fleet has just been looked at. */
  makeDue(): Promise<void>;
  /** Nothing is due for an hour; the fleet has just been looked at. */
  makeIdle(): Promise<void>;
  /** Nothing is due for an hour; the next sweep looks at the fleet. */
  makeUnseen(): Promise<void>;
  /** A request with a one-time link, as API Gateway hands it over. */
  connectRequest(): Promise<object>;
  /** A webhook as Zoom signs it. */
  webhook(): object;
  /** Rivet's store holds a token that has ended. */
  expireRivetsToken(): Promise<void>;
  close(): Promise<void>;
}

export async function startServices(): Promise<Services> {
  const stack = await startLocalStack({ now: () => Math.floor(Date.now() / 1000), speed: 1, port: 0 });
  const answer = await stack.operate({ action: 'connect', connection: 'main', app: 'reports' });
  if (!answer.ok) throw new Error(`The local stack did not connect: ${answer.error.message}`);
  await stack.secretsManager.send(new CreateSecretCommand({ Name: TOKEN_SECRET, SecretString: 'null' }));
  const table = new DynamoDBClient();
  const store = createConnectionsTable(table, TABLE_NAME);
  const set = async (dueAt: number, expiresAt: number, checkedAt = stack.now()) => {
    await table.send(
      new UpdateItemCommand({
        TableName: TABLE_NAME,
        Key: { connection: { S: 'main' } },
        UpdateExpression: 'SET dueAt = :dueAt, expiresAt = :expiresAt',
        ExpressionAttributeValues: { ':dueAt': { N: String(dueAt) }, ':expiresAt': { N: String(expiresAt) } },
      }),
    );
    await store.recordHealthCheck(checkedAt, {
      checkedAt,
      leastValidUntil: expiresAt,
      reconnect: 0,
      misconfigured: 0,
    });
  };
  return {
    environment: functionEnvironment(stack),
    zoomUrl: stack.zoomUrl,
    async makeDue() {
      await set(0, stack.now() + 60);
    },
    async makeIdle() {
      await set(stack.now() + 3600, stack.now() + 7200);
    },
    async makeUnseen() {
      await set(stack.now() + 3600, stack.now() + 7200, 0);
    },
    connectRequest: async () => {
      const linked = await stack.operate({ action: 'link', connection: 'browser', app: 'default' });
      if (!linked.ok) throw new Error(`The local stack made no link: ${linked.error.message}`);
      const { link } = linked.result as OperatorResults['link'];
      return request('GET', new URL(link));
    },
    webhook() {
      const body = JSON.stringify({ event: 'account.settings_updated', payload: {} });
      const at = String(stack.now());
      const signature = createHmac('sha256', WEBHOOK_SECRET_TOKEN).update(`v0:${at}:${body}`).digest('hex');
      return {
        ...request('POST', new URL('https://example.test/')),
        headers: { 'x-zm-signature': `v0=${signature}`, 'x-zm-request-timestamp': at },
        body,
      };
    },
    // The local Secrets Manager keeps what Rivet wrote: a token that ends in an hour.
    async expireRivetsToken() {
      await stack.secretsManager.send(
        new PutSecretValueCommand({
          SecretId: TOKEN_SECRET,
          SecretString: JSON.stringify({ accessToken: 'ended', expirationTimeIso: '2020-01-01T00:00:00Z' }),
        }),
      );
    },
    async close() {
      table.destroy();
      await stack.close();
    },
  };
}

function functionEnvironment(stack: LocalStack): Record<string, string> {
  return {
    ...stack.environment,
    TABLE_NAME,
    KEY_SECRET_ID: 'zoom-token-refresher/key',
    APP_SECRET_PREFIX: 'zoom-token-refresher/app/',
    PUBLIC_URL: stack.publicUrl,
    ZOOM_OAUTH_URL: stack.zoomUrl,
    ZOOM_API_URL: stack.zoomUrl,
    INSTALLATION_NAME: 'bench',
    POWERTOOLS_SERVICE_NAME: 'bench',
    POWERTOOLS_METRICS_NAMESPACE: 'bench',
    TOKEN_SECRET,
    APP_SECRET: 'zoom-token-refresher/app/reports',
    WEBHOOK_SECRET_TOKEN,
  };
}

/** Payload format 2.0 of an HTTP API. */
function request(method: string, { pathname, search, searchParams }: URL): object {
  return {
    version: '2.0',
    routeKey: `${method} ${pathname}`,
    rawPath: pathname,
    rawQueryString: search.slice(1),
    queryStringParameters: Object.fromEntries(searchParams),
    headers: {},
    requestContext: { http: { method, path: pathname } },
    isBase64Encoded: false,
  };
}
