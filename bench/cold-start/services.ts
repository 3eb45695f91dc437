import { createHmac, randomBytes } from 'node:crypto';
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { createConnectionsTable } from '../../lambdas/aws/table/connections.ts';
import { VARIABLES } from '../../lambdas/contract.ts';
import type { OperatorResults } from '../../lambdas/operator-protocol.ts';
import type { LocalStack } from '../../local/local-stack.ts';
import { appSecretName } from '../../local/secrets.ts';
import { startLocalStack } from '../../local/stack.ts';

const TOKEN_SECRET = 'rivet/token';
const WEBHOOK_SECRET_TOKEN = randomBytes(16).toString('base64url');
const TABLE_NAME = 'zoom-token-refresher-connections';

/** The services of the first invocations, on loopback: the local stack with one Server-to-Server connection. */
export interface Services {
  environment: Record<string, string>;
  zoomUrl: string;
  /** Makes the only connection due, with a token about to expire. No health check is due. */
  makeDue(): Promise<void>;
  /** Makes nothing due for an hour, and no health check. */
  makeIdle(): Promise<void>;
  /** Makes nothing due for an hour but the fleet's health check. */
  makeHealthCheckDue(): Promise<void>;
  /** Returns API Gateway's event for a request with a new one-time link. */
  connectRequest(): Promise<object>;
  /** Returns API Gateway's event for a webhook with Zoom's signature. */
  webhook(): object;
  /** Puts an expired token into Rivet's store. */
  expireRivetsToken(): Promise<void>;
  close(): Promise<void>;
}

export async function startServices(): Promise<Services> {
  const stack = await startLocalStack({ now: () => Math.floor(Date.now() / 1000), speed: 1, port: 0 });
  const response = await stack.operate({ action: 'connect', connection: 'main', app: 'reports' });
  if (!response.ok) throw new Error(`The local stack did not connect: ${response.error.message}`);
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
    async makeHealthCheckDue() {
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
    // Otherwise the store has the token that Rivet's last run stored, which is valid for an hour.
    async expireRivetsToken() {
      await stack.secretsManager.send(
        new PutSecretValueCommand({
          SecretId: TOKEN_SECRET,
          SecretString: JSON.stringify({ accessToken: 'expired', expirationTimeIso: '2020-01-01T00:00:00Z' }),
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
    [VARIABLES.tableName]: TABLE_NAME,
    [VARIABLES.linkKeySecretId]: 'zoom-token-refresher/link-key',
    [VARIABLES.sealingKeySecretId]: 'zoom-token-refresher/sealing-key',
    [VARIABLES.rescueBucket]: 'zoom-token-refresher-rescue',
    [VARIABLES.appSecrets]: JSON.stringify({ default: appSecretName('default') }),
    [VARIABLES.publicUrl]: stack.publicUrl,
    [VARIABLES.zoomOauthUrl]: stack.zoomUrl,
    [VARIABLES.zoomApiUrl]: stack.zoomUrl,
    [VARIABLES.installationName]: 'bench',
    POWERTOOLS_SERVICE_NAME: 'bench',
    POWERTOOLS_METRICS_NAMESPACE: 'bench',
    TOKEN_SECRET,
    APP_SECRET: 'zoom-token-refresher/app/reports',
    WEBHOOK_SECRET_TOKEN,
  };
}

/** Returns an event of an HTTP API, payload format 2.0. */
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
