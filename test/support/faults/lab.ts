import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as realTime } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { HttpHandlerOptions } from '@smithy/types';
import type { MakeS3Client } from '../../../lambdas/aws/bucket.ts';
import { createKeyObject } from '../../../lambdas/aws/key-object.ts';
import { createN8nSecret } from '../../../lambdas/aws/n8n-secret.ts';
import { createRescueBucket } from '../../../lambdas/aws/rescue-bucket.ts';
import { createSecretsVault } from '../../../lambdas/aws/secrets-vault.ts';
import { createConnectionsTable } from '../../../lambdas/aws/table/connections.ts';
import { createHistory } from '../../../lambdas/aws/table/history.ts';
import type { Runtime } from '../../../lambdas/runtime.ts';
import type { Fetch } from '../../../lambdas/tokens/apis/http.ts';
import { createN8n } from '../../../lambdas/tokens/apis/n8n.ts';
import { createZoom } from '../../../lambdas/tokens/apis/zoom.ts';
import { CONSENT_SECONDS, LINK_SECONDS } from '../../../lambdas/tokens/consent/link-life.ts';
import type { Alerts, Log } from '../../../lambdas/tokens/dependencies.ts';
import { withHistory } from '../../../lambdas/tokens/history/with-history.ts';
import { publishedToken } from '../../../lambdas/tokens/publication/published-token.ts';
import { createInstanceShare } from '../../../lambdas/tokens/push/instance-share.ts';
import { DEFAULT_MARGINS } from '../../../lambdas/tokens/schedule.ts';
import type { PublishedKey } from '../../../lambdas/tokens/sealing/published-key.ts';
import { open } from '../../../lambdas/tokens/sealing/seal.ts';
import type { StartRequest } from '../../../lambdas/tokens/start/start-request.ts';
import { startDynamoDB } from '../../../local/aws/dynamodb.ts';
import { startS3 } from '../../../local/aws/s3.ts';
import { startSecretsManager } from '../../../local/aws/secrets-manager/server.ts';
import { readAsN8n } from '../../../local/read-as-n8n.ts';
import { createKeys } from '../world/keys.ts';
import { N8nModel } from '../world/n8n-model.ts';
import { callName, ZoomModel } from '../world/zoom-model.ts';
import { WEBHOOK_SECRET } from '../zoom-event.ts';
import type { FaultInjector, Outcome, Reply } from './faults.ts';
import { openWire } from './wire.ts';

const AWS = { region: 'us-east-1', credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' } };
const TABLE = 'connections';
const BUCKET = 'rescue';
const NAME = 'zoom-token-refresher';
const APP_SECRETS = new Map([['default', `${NAME}/app/default`]]);
/** A call that takes this long in real time is held up. */
const HELD_UP_MS = 100;

/**
 * Starts one installation with the real AWS SDK over HTTP, against services that lose all their data at `close`. Only
 * `pass` moves its clock. Each `runtime` is a new execution environment whose calls pass through a fault injector.
 */
export async function openLab(log: Log) {
  const clock = { time: Date.UTC(2030, 0, 1) / 1000 };
  const now = () => Math.floor(clock.time);
  const pass = (seconds: number) => {
    clock.time += seconds;
  };
  const dynamodb = await startDynamoDB({ tableName: TABLE });
  const secretsManager = await startSecretsManager({ now });
  const s3 = await startS3({ bucket: BUCKET });
  const zoom = new ZoomModel(now);
  const key = randomBytes(32).toString('hex');
  const seed = randomBytes(32).toString('hex');
  for (const secret of [key, seed]) zoom.secrets.add(secret);
  const operator = new SecretsManagerClient({ ...AWS, endpoint: secretsManager.url });
  const app = {
    client_id: zoom.clientId,
    client_secret: zoom.clientSecret,
    account_id: zoom.accountId,
    webhook_secret_token: WEBHOOK_SECRET,
  };
  await operator.send(new CreateSecretCommand({ Name: `${NAME}/link-key`, SecretString: key }));
  await operator.send(new CreateSecretCommand({ Name: `${NAME}/sealing-key`, SecretString: seed }));
  await operator.send(
    new CreateSecretCommand({ Name: `${NAME}/app/default`, SecretString: JSON.stringify(app) }),
  );
  const alerted = new Set<string>();
  await operator.send(new CreateSecretCommand({ Name: `${NAME}/n8n`, SecretString: '{"instances":{}}' }));
  const n8n = new N8nModel();
  zoom.secrets.add(n8n.apiKey);
  const zoomWire = await openWire('zoom', zoom.fetch);
  const n8nWire = await openWire('n8n', n8n.fetch);
  const clients: { destroy(): void }[] = [operator];
  /** What the rotate function was started for. Nothing delivers it: a start may be lost. */
  const started: StartRequest[] = [];

  /** Creates a function's runtime. Without an injector its calls have no fault. */
  const runtime = (faults?: FaultInjector): Runtime & { alerts: Alerts; publishedKey: PublishedKey } => {
    const configuration = (service: AwsService, endpoint: string) => ({
      ...AWS,
      endpoint,
      requestHandler: new FaultyHandler(service, faults),
      retryStrategy: new ConfiguredRetryStrategy(3, () => 0),
    });
    const tableClient = new DynamoDBClient(configuration('dynamodb', dynamodb.url));
    const secretsClient = new SecretsManagerClient(configuration('secretsmanager', secretsManager.url));
    clients.push(tableClient, secretsClient);
    const history = createHistory(TABLE, { log, invocation: () => ({ requestId: 'lab' }) }, () => {
      const client = new DynamoDBClient({
        ...configuration('dynamodb', dynamodb.url),
        retryStrategy: new ConfiguredRetryStrategy(1),
      });
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
      const client = new S3Client(configuration('s3', s3.url));
      clients.push(client);
      return client;
    };
    const published = createKeyObject(BUCKET, s3Client);
    return {
      publishedKey: published,
      now,
      elapsed: () => now() * 1000,
      random: () => 0.5,
      wait: async (milliseconds, signal) => {
        // What is waited for beside other work takes time only where that work is held up.
        if (signal) await realTime(HELD_UP_MS, undefined, { signal });
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
        oauthUrl: zoomWire.url,
        apiUrl: zoomWire.url,
        redirectUri: 'https://api.example/callback',
        fetch: counted(zoom, zoomWire.client(faults, callName), faults),
        now,
        warn: (message) => log.warn(message, {}),
      }),
      ...createKeys(vault, now, published),
      starter: { start: async (request) => void started.push(request) },
      push: {
        settings: createN8nSecret(secretsClient, `${NAME}/n8n`, now),
        n8n: createN8n(n8nWire.client(faults, (_, { method }) => `n8n.${method}`)),
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
        zoomOauthUrl: zoomWire.url,
        zoomApiUrl: zoomWire.url,
        existing: {
          table: 'connections',
          sealingKeySecretArn: `${NAME}/sealing-key`,
          appSecretArns: Object.fromEntries(APP_SECRETS),
        },
        sweepRateMinutes: 1,
        n8nPolicyArn: undefined,
      },
    };
  };

  const healthy = runtime();
  await healthy.publishKey();
  return {
    zoom,
    n8n,
    n8nUrl: n8nWire.url,
    /** The objects of the rescue bucket. */
    rescued: s3.objects,
    now,
    pass,
    runtime,
    healthy,
    /** The connections that were in an alert. */
    alerted,
    /** Returns the stored tokens of a connection, opened. */
    async tokens(connection: string) {
      const item = await healthy.store.get(connection);
      return item && open(item.sealedTokens, connection, healthy.openingKey);
    },
    /** Returns the published token of a connection, read as n8n reads it. */
    async published(connection: string) {
      const secrets = await readAsN8n(operator);
      const place = (await healthy.store.get(connection))?.place ?? 'own';
      const published = async (name: string) => secrets.get(`n8n_zoom_${name}`);
      return publishedToken({ connection, place }, { published });
    },
    async close() {
      for (const client of clients) client.destroy();
      await Promise.all([dynamodb, secretsManager, s3, zoomWire, n8nWire].map((service) => service.close()));
    },
  };
}

type AwsService = 'dynamodb' | 's3' | 'secretsmanager';

export type Lab = Awaited<ReturnType<typeof openLab>>;

/** The SDK's own HTTP handler behind a fault injector. The SDK still retries and parses. */
class FaultyHandler extends NodeHttpHandler {
  readonly #service: AwsService;
  readonly #faults: FaultInjector | undefined;

  constructor(service: AwsService, faults: FaultInjector | undefined) {
    super();
    this.#service = service;
    this.#faults = faults;
  }

  override handle(request: Parameters<NodeHttpHandler['handle']>[0], options?: HttpHandlerOptions) {
    const service = this.#service;
    const perform = () => super.handle(request, options);
    if (!this.#faults) return perform();
    const target = request.headers['x-amz-target'];
    const operation = target === undefined ? request.method : target.split('.').at(-1);
    return this.#faults.call<Awaited<ReturnType<typeof perform>>>(`${service}.${operation}`, {
      service,
      perform,
      end: async (outcome, takesEffect) => {
        const own = { status: 200, headers: {}, body: '' };
        if (takesEffect) {
          // Its response is read, so that its connection is free again.
          const { response } = await perform();
          Object.assign(own, { status: response.statusCode, headers: response.headers });
          own.body = await text(response.body);
        }
        if (typeof outcome !== 'function') throw sdkError(outcome);
        const { status: statusCode, headers, body } = outcome(own, service);
        return { response: { statusCode, headers, body: Readable.from([Buffer.from(body)]) } } as never;
      },
    });
  }
}

/** Returns the error that the SDK's handler has where no whole response arrives. */
function sdkError(outcome: Exclude<Outcome, (own: Reply) => unknown>): Error {
  if (outcome === 'hangs' || outcome === 'drips')
    return new DOMException('The operation was aborted due to timeout', 'TimeoutError');
  const code = outcome === 'refused' ? 'ECONNREFUSED' : 'ECONNRESET';
  return Object.assign(new Error(code), { code });
}

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
