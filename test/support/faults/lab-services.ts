import { randomBytes } from 'node:crypto';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { HttpRequest } from '@smithy/types';
import { directDynamoDB, directSecretsManager, SIGNATURE } from '../../../local/aws/direct-client.ts';
import { startDynamoDB } from '../../../local/aws/dynamodb.ts';
import { startS3 } from '../../../local/aws/s3.ts';
import type { Secrets } from '../../../local/aws/secrets-manager/secrets.ts';
import { startSecretsManager } from '../../../local/aws/secrets-manager/server.ts';
import { N8nModel } from '../world/n8n-model.ts';
import { SERVER_APP, ZoomModel } from '../world/zoom-model.ts';
import { WEBHOOK_SECRET } from '../zoom-event.ts';
import { openWire } from './wire.ts';

/** Every setting is given, so that no client looks for one in the environment or in files. */
export const AWS = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
  defaultsMode: 'standard',
  useDualstackEndpoint: false,
  useFipsEndpoint: false,
  maxAttempts: 3,
  retryMode: 'standard',
  userAgentAppId: async () => undefined,
  authSchemePreference: async () => [],
  // Of DynamoDB's client.
  accountIdEndpointMode: 'preferred',
  endpointDiscoveryEnabledProvider: async () => undefined,
  // Of S3's.
  useArnRegion: async () => undefined,
  disableS3ExpressSessionAuth: false,
  requestChecksumCalculation: 'WHEN_SUPPORTED',
  responseChecksumValidation: 'WHEN_SUPPORTED',
  sigv4aSigningRegionSet: async () => undefined,
  signer: {
    sign: async (request: HttpRequest) => {
      Object.assign(request.headers, SIGNATURE);
      return request;
    },
  },
} as const;
export const TABLE = 'connections';
export const BUCKET = 'rescue';
export const NAME = 'zoom-token-refresher';

/** DynamoDB writes at most so many items at once. */
const MOST_ITEMS = 25;

/** The state of closed services. Services that start from it change a copy. */
export interface LabState {
  /** Epoch seconds. */
  time: number;
  items: Record<string, AttributeValue>[];
  secrets: Secrets;
  objects: ReadonlyMap<string, Buffer>;
  zoom: ZoomModel;
  n8n: N8nModel;
}

/** Starts the services around one installation, in a state or with what an operator sets up first. */
export async function openServices(state: LabState | undefined) {
  const clock = { time: state?.time ?? Date.UTC(2030, 0, 1) / 1000 };
  const now = () => Math.floor(clock.time);
  const zoom = state?.zoom.copy(now) ?? new ZoomModel(now);
  const n8n = state?.n8n.copy() ?? new N8nModel();
  const [dynamodb, secretsManager, s3, zoomWire, n8nWire] = await Promise.all([
    startDynamoDB({ tableName: TABLE }),
    startSecretsManager({ now, from: state?.secrets }),
    startS3({ bucket: BUCKET, from: state?.objects }),
    openWire('zoom', zoom.fetch),
    openWire('n8n', n8n.fetch),
  ]);
  const table = directDynamoDB(dynamodb);
  const operator = directSecretsManager(secretsManager);
  if (state) await putItems(table, state.items);
  else await createSecrets(operator, zoom, n8n);

  return {
    now,
    pass(seconds: number) {
      clock.time += seconds;
    },
    zoom,
    n8n,
    aws: { dynamodb, secretsmanager: secretsManager, s3 },
    zoomWire,
    n8nWire,
    /** Clients with an operator's access. */
    table,
    operator,
    /** The objects of the rescue bucket. */
    rescued: s3.objects,
    /** Closes the services and returns what they hold. */
    async save(): Promise<LabState> {
      const { Items: items = [] } = await table.send(
        new ScanCommand({ TableName: TABLE, ConsistentRead: true }),
      );
      await this.close();
      return { time: clock.time, items, secrets: secretsManager.secrets, objects: s3.objects, zoom, n8n };
    },
    async close() {
      await Promise.all([dynamodb, secretsManager, s3, zoomWire, n8nWire].map((service) => service.close()));
    },
  };
}

export type LabServices = Awaited<ReturnType<typeof openServices>>;

async function putItems(table: DynamoDBClient, items: LabState['items']): Promise<void> {
  for (let at = 0; at < items.length; at += MOST_ITEMS) {
    const puts = items.slice(at, at + MOST_ITEMS).map((Item) => ({ PutRequest: { Item } }));
    await table.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: puts } }));
  }
}

async function createSecrets(operator: SecretsManagerClient, zoom: ZoomModel, n8n: N8nModel): Promise<void> {
  const create = (name: string, SecretString: string) =>
    operator.send(new CreateSecretCommand({ Name: `${NAME}/${name}`, SecretString }));
  const key = randomBytes(32).toString('hex');
  const seed = randomBytes(32).toString('hex');
  for (const secret of [key, seed, n8n.apiKey]) zoom.secrets.add(secret);
  const app = {
    client_id: zoom.clientId,
    client_secret: zoom.clientSecret,
    webhook_secret_token: WEBHOOK_SECRET,
  };
  const serverApp = { ...app, account_id: zoom.accountId };
  await create('link-key', key);
  await create('sealing-key', seed);
  await create('app/default', JSON.stringify(app));
  await create(`app/${SERVER_APP}`, JSON.stringify(serverApp));
  await create('n8n', '{"instances":{}}');
}
