/**
 * A process of its own: Zoom, Secrets Manager and DynamoDB with the latencies of a real Region, and what happened
 * there. Told to start by its parent, and asked by it.
 */
import { startDynamoDB } from '../../local/dynamodb.ts';
import { startSecretsManager } from '../../local/secrets-manager/server.ts';
import { forward, openFront } from './front.ts';

const LATENCY = { zoom: 150, aws: 15 };
export const WRITES_A_SECOND = 50;
export const TABLE_NAME = 'connections';

/** One rotation as the servers saw it, milliseconds; what did not happen is missing. */
interface Rotation {
  leased?: number;
  answered?: number;
  stored?: number;
  settled?: number;
}

export interface Addresses {
  zoom: string;
  secretsManager: string;
  dynamodb: string;
  /** The same services without latency and quota, for whoever prepares and inspects them. */
  direct: { secretsManager: string; dynamodb: string };
}

export interface Happenings {
  rotations: Record<string, Rotation>;
  /** Requests that were refused with AWS's throttling error. */
  throttled: number;
  /** Refresh tokens that came twice. */
  spentTwice: number;
  /** Each connection's refresh token that Zoom would take next. */
  refreshTokens: Record<string, string>;
}

export const firstRefreshToken = (connection: string) => `refresh.${connection}.0`;

const happened: Happenings = { rotations: {}, throttled: 0, spentTwice: 0, refreshTokens: {} };
const rotation = (connection: string): Rotation => (happened.rotations[connection] ??= {});

/** Single-use refresh tokens named after their connection, `refresh.<connection>.<n>`. */
const zoom = () =>
  openFront(LATENCY.zoom, ({ body }) => {
    const token = new URLSearchParams(body.toString()).get('refresh_token') ?? '';
    const [, connection = '', used = ''] = token.split('.');
    const valid = happened.refreshTokens[connection] ?? firstRefreshToken(connection);
    if (token !== valid) {
      happened.spentTwice += 1;
      return {
        status: 400,
        type: 'application/json',
        body: '{"error":"invalid_grant","reason":"Invalid Token!"}',
      };
    }
    const next = `refresh.${connection}.${Number(used) + 1}`;
    happened.refreshTokens[connection] = next;
    // When the answer is sent, which is the latency after now.
    rotation(connection).answered = performance.now() + LATENCY.zoom;
    return {
      status: 200,
      type: 'application/json',
      body: JSON.stringify({
        access_token: `access.${next}`,
        token_type: 'bearer',
        refresh_token: next,
        expires_in: 3600,
        scope: 'meeting:write',
      }),
    };
  });

/** Writes beyond the quota are refused, by a token bucket that the first write finds empty, as amid a backlog. */
function secretsManager(url: string) {
  let tokens = 1;
  let filledAt = Number.POSITIVE_INFINITY;
  return openFront(LATENCY.aws, (request) => {
    if (String(request.headers['x-amz-target']).endsWith('.PutSecretValue')) {
      const now = performance.now();
      const filled = (Math.max(0, now - filledAt) / 1000) * WRITES_A_SECOND;
      tokens = Math.min(WRITES_A_SECOND, tokens + filled);
      filledAt = now;
      if (tokens < 1) {
        happened.throttled += 1;
        return { status: 400, body: '{"__type":"ThrottlingException","message":"Rate exceeded"}' };
      }
      tokens -= 1;
    }
    return forward(url, request);
  });
}

function dynamodb(url: string) {
  return openFront(LATENCY.aws, async (request) => {
    const at = performance.now();
    const answer = await forward(url, request);
    if (!String(request.headers['x-amz-target']).endsWith('.UpdateItem') || answer.status !== 200)
      return answer;
    const { Key, UpdateExpression: update } = JSON.parse(request.body.toString());
    const seen = rotation(Key.connection.S);
    const sentAt = Math.max(performance.now(), at + LATENCY.aws);
    if (update.includes('#leaseUntil = :until')) seen.leased = at;
    if (update.includes('#sealedTokens')) seen.stored = sentAt;
    if (update.includes('#publishedVersion = :version')) seen.settled = sentAt;
    return answer;
  });
}

if (process.send) {
  const now = () => Math.floor(Date.now() / 1000);
  const direct = {
    secretsManager: (await startSecretsManager({ now })).url,
    dynamodb: (await startDynamoDB({ tableName: TABLE_NAME })).url,
  };
  const addresses: Addresses = {
    direct,
    zoom: await zoom(),
    secretsManager: await secretsManager(direct.secretsManager),
    dynamodb: await dynamodb(direct.dynamodb),
  };
  process.on('message', () => process.send?.(happened));
  process.once('disconnect', () => process.exit());
  process.send(addresses);
}
