import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createHandler as createCallback } from '../lambdas/callback.ts';
import { createHandler as createOperator } from '../lambdas/operator.ts';
import type { OperatorResponse } from '../lambdas/operator-protocol.ts';
import { createHandler as createRotate, withAlerts } from '../lambdas/rotate.ts';
import { createRuntime } from '../lambdas/runtime.ts';
import type { Clock } from '../lambdas/tokens/clock.ts';
import { LINK_SECONDS } from '../lambdas/tokens/consent/link-ticket.ts';
import { startDynamoDB } from './aws/dynamodb.ts';
import { useLocalAws } from './aws/environment.ts';
import { invoke } from './aws/lambda.ts';
import { startS3 } from './aws/s3.ts';
import type { SecretsOptions } from './aws/secrets-manager/secrets.ts';
import { startSecretsManager } from './aws/secrets-manager/server.ts';
import { startSns } from './aws/sns.ts';
import { type Breakage, noBreakage } from './breakage.ts';
import { httpApi, lambdaApi, openGateway } from './gateway.ts';
import { createJournal, type Journal } from './journal.ts';
import { actions } from './page/actions.ts';
import { page } from './page/page.ts';
import { CODE_SECONDS } from './zoom/provider.ts';
import { startZoom } from './zoom/server.ts';

const NAME = 'zoom-token-refresher';
const { version: VERSION } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const TABLE_NAME = `${NAME}-connections`;
const RESCUE_BUCKET = `${NAME}-rescue`;
const PUBLISHED_PREFIX = 'n8n_zoom_';

/** A Zoom app whose credentials go into the app secret of that name. */
interface AppCredentials {
  client_id: string;
  client_secret: string;
  account_id?: string;
  webhook_secret_token?: string;
}

export interface LocalStackOptions {
  now: Clock;
  /** How many times as fast as real time `now` runs, for the functions' timeouts. */
  speed: number;
  /** The page and the API take this port, Zoom and the AWS services the five after it; 0 takes any free ones. */
  port: number;
  /** Which operation is refused on which secret; none unless given. */
  denied?: SecretsOptions['denied'];
  /** A real Zoom instead of the local one. */
  zoom?: { oauthUrl: string; apiUrl: string; apps: Record<string, AppCredentials> };
}

interface BreakableZoom {
  /** Each switch acts at once. */
  trouble: Breakage;
  /** Makes Zoom forget the refresh token of a user's connection. Answers whether there was one. */
  forgetRefreshToken(connection: string): Promise<boolean>;
}

/** Everything that `cdk deploy` makes, on one machine. */
export interface LocalStack {
  publicUrl: string;
  zoomUrl: string;
  /** What can be broken, where Zoom is the local one. */
  zoom: BreakableZoom | undefined;
  /** What another program needs in its environment to use the same AWS services. */
  environment: Record<string, string>;
  /** Names of the Zoom apps that have credentials. */
  apps: string[];
  speed: number;
  now: Clock;
  journal: Journal;
  secretsManager: SecretsManagerClient;
  /** What the scheduler does every minute. */
  sweep(): Promise<unknown>;
  /** What the command line does. */
  operate(request: object): Promise<OperatorResponse>;
  close(): Promise<void>;
}

/** The apps of the local Zoom: `default` is a user app, `reports` a Server-to-Server one. Made up anew at each start. */
function localApps(): Record<string, AppCredentials> {
  const secret = () => randomBytes(24).toString('base64url');
  return {
    default: { client_id: 'local_user-app', client_secret: secret(), webhook_secret_token: secret() },
    reports: { client_id: 'local_server-app', client_secret: secret(), account_id: 'local-account' },
  };
}

interface Service {
  close(): Promise<void>;
}

/**
 * Starts the services, writes the secrets that an operator and `cdk deploy` write, and wires the functions.
 * Rejects with `EADDRINUSE` when a port is taken, and then leaves nothing running.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const services: Service[] = [];
  try {
    return await start(options, services);
  } catch (error) {
    await closeAll(services);
    throw error;
  }
}

/** Closes each once, however often it is called. */
const closeAll = (services: Service[]) => Promise.all(services.splice(0).map((service) => service.close()));

async function start(
  { now, speed, port, denied, zoom: realZoom }: LocalStackOptions,
  services: Service[],
): Promise<LocalStack> {
  const started = <S extends Service>(service: S): S => {
    services.push(service);
    return service;
  };
  const portAfter = (offset: number) => (port === 0 ? 0 : port + offset);
  useLocalAws();
  const gateway = started(await openGateway(port));
  const publicUrl = gateway.url;
  const apps = realZoom?.apps ?? localApps();
  const trouble = noBreakage();
  const zoomApps = Object.values(apps).map(toZoomApp(publicUrl));
  const zoom = realZoom
    ? undefined
    : started(
        await startZoom({
          port: portAfter(1),
          now,
          apps: zoomApps,
          // A person reloads the page after an outage in real time.
          codeSeconds: CODE_SECONDS * speed,
          trouble,
        }),
      );
  const refused = (name: string, operation: string) =>
    (trouble.publishingIsDenied && name.startsWith(PUBLISHED_PREFIX) && /^(Create|Put)/.test(operation)) ||
    (denied?.(name, operation) ?? false);
  const secrets = started(await startSecretsManager({ port: portAfter(2), now, denied: refused }));
  const dynamodb = started(await startDynamoDB({ port: portAfter(3), tableName: TABLE_NAME }));
  const s3 = started(await startS3({ port: portAfter(5), bucket: RESCUE_BUCKET }));
  const journal = createJournal(now);
  // Its one subscriber is the journal, so that the terminal and the page show what a person would be sent.
  const sns = started(
    await startSns({
      port: portAfter(4),
      deliver: ({ subject, message }) => journal.log.info('alert', { message: subject, text: message }),
    }),
  );
  const environment = {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    AWS_ENDPOINT_URL_SNS: sns.url,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_LAMBDA: publicUrl,
    AWS_REGION: 'us-east-1',
    // The AWS CLI 1 and boto3 know this name only.
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  Object.assign(process.env, environment);
  const secretsManager = new SecretsManagerClient();
  await writeSecrets(secretsManager, apps);

  const runtime = createRuntime(
    {
      TABLE_NAME,
      KEY_SECRET_ID: `${NAME}/key`,
      APP_SECRET_PREFIX: `${NAME}/app/`,
      N8N_SECRET_ID: `${NAME}/n8n`,
      RESCUE_BUCKET,
      PUBLIC_URL: publicUrl,
      ALERT_TOPIC_ARN: `arn:aws:sns:us-east-1:000000000000:${NAME}-alarms`,
      ZOOM_OAUTH_URL: realZoom?.oauthUrl ?? zoom?.url,
      ZOOM_API_URL: realZoom?.apiUrl ?? zoom?.url,
      VERSION,
    },
    // A person reads and clicks in real time.
    { now, log: journal.log, linkSeconds: LINK_SECONDS * speed },
  );
  const load = () => runtime;
  const sweeping = withAlerts(runtime);
  const callback = { name: `${NAME}-callback`, handler: createCallback(load), timeoutSeconds: 25 };
  const rotate = { name: `${NAME}-rotate`, handler: createRotate(() => sweeping), timeoutSeconds: 60 };
  const operator = { name: `${NAME}-operator`, handler: createOperator(load), timeoutSeconds: 60 };
  const functions = [callback, rotate, operator];
  const stack: LocalStack = {
    publicUrl,
    zoomUrl: realZoom?.oauthUrl ?? zoom?.url ?? '',
    zoom: zoom && {
      trouble,
      async forgetRefreshToken(connection) {
        const item = await runtime.store.get(connection);
        const clientId = apps[item?.app ?? '']?.client_id;
        if (!clientId || !item?.zoomUserId) return false;
        return zoom.endRefreshToken(clientId, item.zoomUserId);
      },
    },
    environment,
    apps: Object.keys(apps),
    journal,
    now,
    speed,
    secretsManager,
    sweep: () => invoke(rotate, {}, speed),
    operate: (request) => invoke(operator, request, speed) as Promise<OperatorResponse>,
    async close() {
      secretsManager.destroy();
      await closeAll(services);
    },
  };
  gateway.serve([lambdaApi(functions, speed), page(stack), actions(stack), httpApi(callback, speed)]);
  return stack;
}

const toZoomApp =
  (publicUrl: string) =>
  ({ client_id, client_secret, account_id }: AppCredentials) => ({
    clientId: client_id,
    clientSecret: client_secret,
    ...(account_id === undefined ? { redirectUris: [`${publicUrl}/callback`] } : { accountId: account_id }),
  });

async function writeSecrets(
  client: SecretsManagerClient,
  apps: Record<string, AppCredentials>,
): Promise<void> {
  const secrets = {
    [`${NAME}/key`]: randomBytes(48).toString('base64url'),
    [`${NAME}/n8n`]: '{"instances":{}}',
    ...Object.fromEntries(
      Object.entries(apps).map(([app, credentials]) => [`${NAME}/app/${app}`, JSON.stringify(credentials)]),
    ),
  };
  for (const [Name, SecretString] of Object.entries(secrets)) {
    await client.send(new CreateSecretCommand({ Name, SecretString }));
  }
}
