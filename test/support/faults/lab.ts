import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import type { RetryStrategyV2 } from '@smithy/types';
import type { MakeS3Client } from '../../../lambdas/aws/bucket.ts';
import { createKeyObject } from '../../../lambdas/aws/key-object.ts';
import { createN8nSecret } from '../../../lambdas/aws/n8n-secret.ts';
import { createRescueBucket } from '../../../lambdas/aws/rescue-bucket.ts';
import { createSecretsVault } from '../../../lambdas/aws/secrets-vault.ts';
import { createConnectionsTable } from '../../../lambdas/aws/table/connections.ts';
import { createHistory } from '../../../lambdas/aws/table/history.ts';
import { ANY_LOOPBACK } from '../../../lambdas/contract.ts';
import type { Runtime } from '../../../lambdas/runtime.ts';
import type { Fetch } from '../../../lambdas/tokens/apis/http.ts';
import { createN8n } from '../../../lambdas/tokens/apis/n8n.ts';
import { createZoom } from '../../../lambdas/tokens/apis/zoom.ts';
import { CONSENT_SECONDS, LINK_SECONDS } from '../../../lambdas/tokens/consent/link-life.ts';
import type { Alerts, Log } from '../../../lambdas/tokens/dependencies.ts';
import { withHistory } from '../../../lambdas/tokens/history/with-history.ts';
import { createResealer } from '../../../lambdas/tokens/key-rotation/reseal.ts';
import { createInstanceShare } from '../../../lambdas/tokens/push/instance-share.ts';
import { DEFAULT_MARGINS } from '../../../lambdas/tokens/schedule.ts';
import type { PublishedKey } from '../../../lambdas/tokens/sealing/published-key.ts';
import type { StartRequest } from '../../../lambdas/tokens/start/start-request.ts';
import { directDynamoDB, directSecretsManager } from '../../../local/aws/direct-client.ts';
import { createKeys } from '../world/keys.ts';
import { callName, SERVER_APP, type ZoomModel } from '../world/zoom-model.ts';
import { directS3 } from './direct-s3.ts';
import type { FaultInjector } from './faults.ts';
import { createFaultyHandler } from './faulty-handler.ts';
import { createReader } from './lab-reader.ts';
import { AWS, BUCKET, type LabState, NAME, openServices, TABLE } from './lab-services.ts';
import { directUntilStruck } from './until-struck.ts';

const APP_SECRETS = new Map(['default', SERVER_APP].map((app) => [app, `${NAME}/app/${app}`]));
/** The address that is stored for n8n. The client finds the server whatever its port is. */
const N8N_URL = 'http://127.0.0.1:5678';

/** A link whose person is at Zoom, and the way back: the address to which Zoom sends the browser, and its cookies. */
interface AtZoom {
  id: string;
  back: { url: URL; cookies: string[] };
}

/** A function's runtime, and what its calls pass through, which further clients of it need. */
type LabRuntime = Runtime & {
  alerts: Alerts;
  publishedKey: PublishedKey;
  faults: FaultInjector | undefined;
};

/** The state of a closed installation. */
export type SavedLab = LabState & { alerted: ReadonlySet<string>; atZoom: AtZoom | undefined };

/**
 * Starts one installation with the real AWS SDK, against services that lose all their data at `close`. Only `pass` moves its clock. Each `runtime` is a new execution environment whose calls pass through a fault injector.
 */
export async function openLab(log: Log, state?: SavedLab) {
  const services = await openServices(state);
  const { now, zoom, n8n } = services;
  const reader = createReader(services);
  const pass = (seconds: number) => {
    services.pass(seconds);
    reader.forget();
  };
  const alerted = new Set<string>(state?.alerted);
  const clients: { destroy(): void }[] = [];
  /** The starts of the rotate function. Nothing delivers them: a start may be lost. */
  const started: StartRequest[] = [];

  /** Creates a function's runtime. Without an injector its calls have no fault. */
  const runtime = (faults?: FaultInjector): LabRuntime => {
    const configuration = (service: keyof typeof services.aws) => ({
      ...AWS,
      endpoint: services.aws[service].url,
      requestHandler: createFaultyHandler(service, services.aws[service], faults, reader.forgetAt),
      retryStrategy: new ConfiguredRetryStrategy(3, () => 0),
    });
    const dynamoDB = (options?: { retryStrategy: RetryStrategyV2 }) => {
      const direct = directDynamoDB(services.aws.dynamodb, reader.forgetAt);
      const create = () => new DynamoDBClient({ ...configuration('dynamodb'), ...options });
      return faults ? directUntilStruck('dynamodb', faults, direct, create) : direct;
    };
    const tableClient = dynamoDB();
    const directSecrets = directSecretsManager(services.aws.secretsmanager, reader.forgetAt);
    const secretsClient = faults
      ? directUntilStruck(
          'secretsmanager',
          faults,
          directSecrets,
          () => new SecretsManagerClient(configuration('secretsmanager')),
        )
      : directSecrets;
    clients.push(tableClient, secretsClient);
    const history = createHistory(TABLE, { log, invocation: () => ({ requestId: 'lab' }) }, () => {
      const client = dynamoDB({ retryStrategy: new ConfiguredRetryStrategy(1) });
      clients.push(client);
      return client;
    });
    const vault = createSecretsVault(
      secretsClient,
      {
        appSecrets: APP_SECRETS,
        linkKeySecretId: `${NAME}/link-key`,
        sealingKeySecretId: `${NAME}/sealing-key`,
        installation: NAME,
      },
      now,
    );
    const s3Client: MakeS3Client = (S3Client) => {
      const direct = directS3(services.aws.s3, reader.forgetAt);
      if (!faults) return direct;
      const client = directUntilStruck('s3', faults, direct, () => new S3Client(configuration('s3')));
      clients.push(client);
      return client;
    };
    const published = createKeyObject(BUCKET, s3Client);
    return {
      faults,
      publishedKey: published,
      now,
      elapsed: () => now() * 1000,
      random: () => 0.5,
      wait: async (milliseconds, signal) => {
        // No call is held up: what is waited for beside other work ends first, however busy the machine is.
        if (signal) await new Promise(() => {});
        pass(milliseconds / 1000);
      },
      store: withHistory(createConnectionsTable(tableClient, TABLE), { history, now }),
      history,
      rescue: createRescueBucket(BUCKET, s3Client),
      vault,
      alerts: {
        reconnectNeeded: async (items) => {
          for (const { connection } of items) alerted.add(connection);
        },
        tokensExpired: async () => {},
        recovered: async () => {},
        incidentAssumed: async () => {},
      },
      zoom: createZoom({
        oauthUrl: services.zoomWire.url,
        apiUrl: services.zoomWire.url,
        redirectUri: 'https://api.example/callback',
        fetch: counted(zoom, services.zoomWire.client(faults, callName), faults),
        now,
        warn: (message) => log.warn(message, {}),
      }),
      ...createKeys(vault, now, published),
      starter: { start: async (request) => void started.push(request) },
      push: {
        settings: createN8nSecret(secretsClient, `${NAME}/n8n`, now),
        n8n: createN8n(services.n8nWire.client(faults, (_, { method }) => `n8n.${method}`)),
        urls: [ANY_LOOPBACK],
        pauses: new Map(),
        shares: createInstanceShare(),
      },
      margins: DEFAULT_MARGINS,
      linkSeconds: LINK_SECONDS,
      consentSeconds: CONSENT_SECONDS,
      log,
      publicUrl: 'https://api.example',
      monitoring: 'full',
      asker: {},
      installation: {
        version: '1.0.0',
        name: NAME,
        publicUrl: 'https://api.example',
        zoomOauthUrl: services.zoomWire.url,
        zoomApiUrl: services.zoomWire.url,
        existing: {
          table: 'connections',
          rescueBucket: BUCKET,
          sealingKeySecretArn: `${NAME}/sealing-key`,
          appSecretArns: Object.fromEntries(APP_SECRETS),
        },
        sweepRateMinutes: 1,
        n8nPolicyArn: undefined,
      },
    };
  };

  const healthy = runtime();
  if (!state) {
    await healthy.publishKey();
    // As the first sweep notes: the key was never replaced.
    await createResealer(healthy)();
  }
  return {
    zoom,
    n8n,
    n8nUrl: N8N_URL,
    /** The objects of the rescue bucket. */
    rescued: services.rescued,
    now,
    pass,
    runtime,
    healthy,
    /** The connections that were in an alert. */
    alerted,
    tokens: (name: string) => reader.tokens(name, healthy.openingKey),
    connection: reader.connection,
    published: reader.published,
    secret: reader.secret,
    /** The value that a preparation leaves for its check. */
    atZoom: state?.atZoom,
    /** Closes the installation and returns its state, from which others open. */
    async save(): Promise<SavedLab> {
      for (const client of clients) client.destroy();
      return { ...(await services.save()), alerted, atZoom: this.atZoom };
    },
    async close() {
      for (const client of clients) client.destroy();
      await services.close();
    },
  };
}

export type Lab = Awaited<ReturnType<typeof openLab>>;

/** Counts the refresh requests that are under way at once. Those of a killed function end with it. */
function counted(zoom: ZoomModel, fetch: Fetch, faults: FaultInjector | undefined): Fetch {
  return async (url, request) => {
    const leave = zoom.enter(String(request.body));
    const ended = fetch(url, request);
    const killed = faults?.killed ?? new Promise(() => {});
    await Promise.race([ended.catch(() => {}), killed]);
    leave();
    return ended;
  };
}
