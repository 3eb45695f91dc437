import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { ANY_LOOPBACK, DEFAULT_NAME, VARIABLES } from '../lambdas/contract.ts';
import type { OperatorResponse } from '../lambdas/operator-protocol.ts';
import { createRuntime, type Runtime } from '../lambdas/runtime.ts';
import { CONSENT_SECONDS, LINK_SECONDS } from '../lambdas/tokens/consent/link-life.ts';
import { toFailure } from '../lambdas/tokens/errors.ts';
import type { StartRequest } from '../lambdas/tokens/start/start-request.ts';
import { directSecretsManager } from './aws/direct-client.ts';
import { useLocalAws } from './aws/environment.ts';
import { createEventQueue } from './aws/event-queue.ts';
import { invoke } from './aws/lambda.ts';
import { noBreakage } from './breakage.ts';
import { callbackVariables, createLocalFunctions } from './functions.ts';
import { httpApi, lambdaApi } from './gateway.ts';
import { createJournal } from './journal.ts';
import type { Apps, LocalStack, LocalStackOptions } from './local-stack.ts';
import { actions } from './page/actions.ts';
import { page } from './page/page.ts';
import { createSampleN8n } from './sample-n8n.ts';
import { appSecretName, createSecrets, localApps, SECRETS } from './secrets.ts';
import { type LocalServices, RESCUE_BUCKET, startLocalServices, TABLE_NAME } from './services.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/**
 * Starts the services, creates the secrets that an operator and `cdk deploy` create, and connects the functions to
 * them. Rejects with `EADDRINUSE` when a port is taken, and then leaves nothing running.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { now, speed, zoom: realZoom } = options;
  useLocalAws();
  const apps = realZoom?.apps ?? localApps();
  const breakage = noBreakage();
  const journal = createJournal(now);
  const services = await startLocalServices({
    ...options,
    zoomApps: realZoom ? undefined : apps,
    breakage,
    journal,
  });
  const environment = awsEnvironment(services);
  Object.assign(process.env, environment);
  const secretsManager = directSecretsManager(services.secretsManager);
  let settled = async () => {};
  try {
    await createSecrets(secretsManager, apps);
    const variables = functionVariables(services, apps, realZoom);
    const overrides = {
      now,
      // A pause lasts as long on the fast clock as on a real one.
      wait: (milliseconds: number) => setTimeout(milliseconds / speed),
      log: journal.log,
      // A person reads and clicks in real time.
      linkSeconds: LINK_SECONDS * speed,
      consentSeconds: CONSENT_SECONDS * speed,
    };
    const runtime = createRuntime(variables, overrides);
    const callback = createRuntime(callbackVariables(variables), overrides);
    await runtime.publishKey();
    const functions = createLocalFunctions(runtime, callback);
    const started = createEventQueue({
      speed,
      onError: (error, event) => {
        const { message, code } = toFailure(error);
        journal.log.error(`The run that was started for the connection failed. ${message}`, {
          ...(event as StartRequest),
          code,
        });
      },
    });
    settled = started.settled;
    const stack: LocalStack = {
      publicUrl: services.gateway.url,
      zoomUrl: realZoom?.oauthUrl ?? services.zoom?.url ?? '',
      zoom: services.zoom && {
        breakage,
        revokeRefreshToken: (connection) => revokeRefreshToken(connection, services, runtime, apps),
      },
      environment,
      apps: Object.keys(apps),
      journal,
      now,
      speed,
      secretsManager,
      n8n: createSampleN8n({
        secretsManager,
        findConnection: (connection) => runtime.store.get(connection),
        zoomApiUrl: realZoom?.apiUrl ?? services.zoom?.url ?? '',
        now,
      }),
      sweep: () => invoke(functions.rotate, {}, speed),
      operate: (request) => invoke(functions.operator, request, speed) as Promise<OperatorResponse>,
      close,
    };
    services.gateway.serve([
      lambdaApi(Object.values(functions), speed, started.enqueue),
      page(stack),
      actions(stack),
      httpApi(functions.callback, speed),
    ]);
    return stack;
  } catch (error) {
    await close();
    throw error;
  }

  async function close(): Promise<void> {
    await settled();
    await services.close();
  }
}

/** Environment variables with which an AWS SDK, a CLI or this program itself reaches the services. */
function awsEnvironment({
  gateway,
  secretsManager,
  dynamodb,
  sns,
  s3,
}: LocalServices): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    AWS_ENDPOINT_URL_SNS: sns.url,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_LAMBDA: gateway.url,
    AWS_REGION: 'us-east-1',
    // The AWS CLI 1 and boto3 read this name only.
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}

/** The functions' environment variables, as the stack sets them. */
function functionVariables(
  { gateway, zoom }: LocalServices,
  apps: Apps,
  realZoom: LocalStackOptions['zoom'],
): NodeJS.ProcessEnv {
  return {
    [VARIABLES.tableName]: TABLE_NAME,
    [VARIABLES.linkKeySecretId]: SECRETS.linkKey,
    [VARIABLES.sealingKeySecretId]: SECRETS.sealingKey,
    [VARIABLES.appSecrets]: JSON.stringify(
      Object.fromEntries(Object.keys(apps).map((app) => [app, appSecretName(app)])),
    ),
    [VARIABLES.n8nSecretId]: SECRETS.n8n,
    [VARIABLES.n8nUrls]: JSON.stringify([ANY_LOOPBACK]),
    [VARIABLES.rescueBucket]: RESCUE_BUCKET,
    [VARIABLES.rotateFunctionName]: `${DEFAULT_NAME}-rotate`,
    [VARIABLES.publicUrl]: gateway.url,
    [VARIABLES.alertTopicArn]: `arn:aws:sns:us-east-1:000000000000:${DEFAULT_NAME}-alarms`,
    [VARIABLES.zoomOauthUrl]: realZoom?.oauthUrl ?? zoom?.url,
    [VARIABLES.zoomApiUrl]: realZoom?.apiUrl ?? zoom?.url,
    [VARIABLES.version]: version,
  };
}

async function revokeRefreshToken(
  connection: string,
  { zoom }: LocalServices,
  { store }: Runtime,
  apps: Apps,
): Promise<boolean> {
  const stored = await store.get(connection);
  const clientId = apps[stored?.app ?? '']?.client_id;
  if (!zoom || !clientId || !stored?.zoomUserId) return false;
  return zoom.revokeRefreshToken(clientId, stored.zoomUserId);
}
