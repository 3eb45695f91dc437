import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CLIENT_OPTIONS } from './aws/client-options.ts';
import { createKeyObject } from './aws/key-object.ts';
import { createN8nSecret } from './aws/n8n-secret.ts';
import { createRescueBucket } from './aws/rescue-bucket.ts';
import { createSecretsVault } from './aws/secrets-vault.ts';
import { createSignedRequest } from './aws/signed-request.ts';
import { createConnectionsTable } from './aws/table/connections.ts';
import { createHistory } from './aws/table/history.ts';
import { type Monitoring, ROUTES, VARIABLES } from './contract.ts';
import { askerFrom, parseEnvironment, type Variables } from './environment.ts';
import { fetchByNode } from './http-client.ts';
import { invocation, logger } from './observability.ts';
import { createN8n } from './tokens/apis/n8n.ts';
import { createZoom } from './tokens/apis/zoom.ts';
import { CONSENT_SECONDS, LINK_SECONDS } from './tokens/consent/link-life.ts';
import type { Dependencies } from './tokens/dependencies.ts';
import { toFailure } from './tokens/errors.ts';
import type { Fleet } from './tokens/fleet.ts';
import { itemUnreadable } from './tokens/get-connection.ts';
import type { History } from './tokens/history/history.ts';
import { withHistory } from './tokens/history/with-history.ts';
import type { Asker, ExistingResources, Installation } from './tokens/operate/installation.ts';
import { createInstanceShare } from './tokens/push/instance-share.ts';
import { createKeyring } from './tokens/sealing/keyring.ts';
import { createKeyPublisher, createSealingKeySource } from './tokens/sealing/published-key.ts';
import { createSealingKeyring } from './tokens/sealing/sealing-keyring.ts';
import type { ConnectionStore } from './tokens/store/connection-store.ts';

/** The domain's dependencies and the settings of a deployment, as the handlers use them. */
export interface Runtime extends Dependencies {
  /** Notes in the history what it changes. */
  store: ConnectionStore & Fleet;
  history: History;
  /** Origin of the HTTP API, without a trailing slash. */
  publicUrl: string;
  /** Installation and operator as the pages name them. */
  asker: Asker;
  /** SNS topic of the alerts. The rotate function publishes to it, and the operator function reads its subscribers. */
  alertTopicArn?: string;
  /** The function that the callback function starts. */
  rotateFunctionName?: string;
  /** Log group for what operators commanded. A local installation has none. */
  auditLogGroup?: string;
  /** Which metrics the rotate function records. */
  monitoring: Monitoring;
  installation: Installation;
}

/** The runtime of the function that the internet reaches. */
export type CallbackRuntime = Omit<Runtime, 'openingKey' | 'publishKey' | 'push'>;

/** Parts that may differ from the deployed function: its clock, its pauses and its log. */
export type Overrides = Partial<
  Pick<Dependencies, 'now' | 'wait' | 'log' | 'linkSeconds' | 'consentSeconds'>
>;

/**
 * Builds a function's runtime from its environment variables. The AWS clients take endpoints, Region and
 * credentials from the SDK's own variables (`AWS_ENDPOINT_URL_*`, `AWS_REGION`, …).
 * @throws {Failure} `misconfigured` (`environment`); it names every variable that is missing or wrong
 */
export function createRuntime(
  environment: NodeJS.ProcessEnv = process.env,
  overrides: Overrides = {},
): Runtime {
  const variables = parseEnvironment(environment);
  const now = overrides.now ?? (() => Math.floor(Date.now() / 1000));
  const log = overrides.log ?? logger;
  const sealingKeySecretId = variables[VARIABLES.sealingKeySecretId];
  const secretsManager = new SecretsManagerClient(CLIENT_OPTIONS);
  const vault = createSecretsVault(
    secretsManager,
    {
      appSecrets: variables[VARIABLES.appSecrets],
      linkKeySecretId: variables[VARIABLES.linkKeySecretId],
      sealingKeySecretId,
      installation: variables[VARIABLES.installationId] ?? variables[VARIABLES.installationName],
    },
    now,
  );
  const tableName = variables[VARIABLES.tableName];
  const table = createConnectionsTable(new DynamoDBClient(CLIENT_OPTIONS), tableName, (item) => {
    const { class: failureClass, code, message, action } = toFailure(itemUnreadable(item));
    log.error(`${message} ${action}`, { connection: item.connection, class: failureClass, code });
  });
  const history = createHistory(tableName, { log, invocation });
  const alertTopicArn = variables[VARIABLES.alertTopicArn];
  const n8nSecretId = variables[VARIABLES.n8nSecretId];
  const rescueBucket = variables[VARIABLES.rescueBucket];
  const rotateFunctionName = variables[VARIABLES.rotateFunctionName];
  const auditLogGroup = variables[VARIABLES.auditLogGroup];
  const readableBundles = variables[VARIABLES.readers];
  const sealingKeys = createSealingKeyring(vault, now);
  const published = createKeyObject(rescueBucket, undefined, createSignedRequest(fetchByNode));
  return {
    now,
    elapsed: () => performance.now(),
    random: Math.random,
    wait: overrides.wait ?? wait,
    store: withHistory(table, { history, now }),
    history,
    rescue: createRescueBucket(rescueBucket),
    vault,
    zoom: createZoom({
      oauthUrl: variables[VARIABLES.zoomOauthUrl],
      apiUrl: variables[VARIABLES.zoomApiUrl],
      redirectUri: `${variables[VARIABLES.publicUrl]}${ROUTES.callback}`,
      fetch: fetchByNode,
      now,
      warn: (message) => log.warn(message, {}),
    }),
    keyring: createKeyring(vault, now),
    sealingKey:
      sealingKeySecretId === undefined ? createSealingKeySource(published, now) : sealingKeys.current,
    openingKey: sealingKeys.opening,
    publishKey: createKeyPublisher(sealingKeys, published, now),
    ...(n8nSecretId !== undefined && {
      push: {
        settings: createN8nSecret(secretsManager, n8nSecretId, now),
        urls: variables[VARIABLES.n8nUrls],
        n8n: createN8n(fetchByNode),
        pauses: new Map(),
        shares: createInstanceShare(),
      },
    }),
    margins: {
      late: variables[VARIABLES.marginSeconds],
      overlapping: variables[VARIABLES.earlyMarginSeconds],
    },
    bundleBytes: variables[VARIABLES.bundleBytes],
    linkSeconds: overrides.linkSeconds ?? LINK_SECONDS,
    consentSeconds: overrides.consentSeconds ?? CONSENT_SECONDS,
    log,
    publicUrl: variables[VARIABLES.publicUrl],
    asker: askerFrom(variables),
    ...(alertTopicArn !== undefined && { alertTopicArn }),
    ...(rotateFunctionName !== undefined && { rotateFunctionName }),
    ...(auditLogGroup !== undefined && { auditLogGroup }),
    monitoring: variables[VARIABLES.monitoring],
    installation: {
      version: variables[VARIABLES.version],
      name: variables[VARIABLES.installationName],
      publicUrl: variables[VARIABLES.publicUrl],
      zoomOauthUrl: variables[VARIABLES.zoomOauthUrl],
      zoomApiUrl: variables[VARIABLES.zoomApiUrl],
      existing: existingResources(variables),
      defaultBundles: variables[VARIABLES.defaultBundles],
      sweepRateMinutes: variables[VARIABLES.sweepRateMinutes],
      n8nPolicyArn: variables[VARIABLES.n8nPolicyArn],
      ...(readableBundles && { readers: readableBundles }),
    },
  };
}

/** Waits. An aborted wait ends early without an error, which would cost each rotation an `AbortError` with its stack. */
const wait: Dependencies['wait'] = (milliseconds, signal) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  signal?.addEventListener('abort', () => {
    clearTimeout(timer);
    resolve();
  });
  return promise;
};

/** Returns what outlives the stack, in the form of the setting `existing`. */
function existingResources(variables: Variables): ExistingResources {
  const n8nSecretArn = variables[VARIABLES.n8nSecretId];
  const rescueBucket = variables[VARIABLES.rescueBucket];
  const sealingKeySecretArn = variables[VARIABLES.sealingKeySecretId];
  const linkKeySecretArn = variables[VARIABLES.linkKeySecretId];
  const kmsKeyArn = variables[VARIABLES.kmsKeyArn];
  const auditLogGroup = variables[VARIABLES.auditLogGroup];
  return {
    table: variables[VARIABLES.tableName],
    rescueBucket,
    ...(sealingKeySecretArn !== undefined && { sealingKeySecretArn }),
    ...(linkKeySecretArn !== undefined && { linkKeySecretArn }),
    appSecretArns: Object.fromEntries(variables[VARIABLES.appSecrets]),
    ...(n8nSecretArn !== undefined && { n8nSecretArn }),
    ...(kmsKeyArn !== undefined && { kmsKeyArn }),
    ...(auditLogGroup !== undefined && { auditLogGroup }),
  };
}
