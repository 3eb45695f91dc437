import { createZoom } from '../../lambdas/tokens/apis/zoom.ts';
import type { Connection } from '../../lambdas/tokens/connection.ts';
import { CONSENT_SECONDS, LINK_SECONDS } from '../../lambdas/tokens/consent/link-life.ts';
import type { SweepDependencies } from '../../lambdas/tokens/dependencies.ts';
import { DEFAULT_MARGINS } from '../../lambdas/tokens/schedule.ts';
import { seal } from '../../lambdas/tokens/sealing/seal.ts';
import type { ConnectionStore } from '../../lambdas/tokens/store/connection-store.ts';
import { createKeys } from '../../test/support/world/keys.ts';

/** The vault's write rate limit; see lambdas/aws/secrets-vault.ts. */
const WRITES_A_SECOND = 48;
/** Returns a token as long as Zoom's, which are JWTs. */
const token = (connection: string, kind: string) => `${kind}.${connection}.`.padEnd(650, 'x');

const HOUR = 3600;

export interface World {
  /** Epoch seconds. Each publication advances it as the write rate limit does. */
  time: number;
  readonly published: number;
  readonly deps: SweepDependencies;
}

/** Returns an installation whose only state is the store: its Zoom and its vault keep nothing. */
export function createWorld(store: ConnectionStore, onPublish: () => void = () => {}): World {
  const world = { time: Date.UTC(2030, 0, 1) / 1000, published: 0 };
  const now = () => Math.floor(world.time);
  const vault: SweepDependencies['vault'] = {
    app: async () => ({ clientId: 'id', clientSecret: 'secret' }),
    appThat: async () => undefined,
    linkKey: async () => 'a link key, for a benchmark',
    sealingSeed: async () => 'a seed, for a benchmark',
    replaceKey: async () => {},
    published: async () => undefined,
    unpublish: async () => undefined,
    async publish() {
      world.published += 1;
      world.time += 1 / WRITES_A_SECOND;
      onPublish();
    },
  };
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const deps: SweepDependencies = {
    now,
    elapsed: () => world.time * 1000,
    random: () => 0.5,
    wait: async () => {},
    store,
    vault,
    alerts: {
      reconnectNeeded: async () => {},
      tokensExpired: async () => {},
      recovered: async () => {},
      incidentAssumed: async () => {},
    },
    zoom: createZoom({
      oauthUrl: 'https://zoom.us',
      apiUrl: 'https://api.zoom.us',
      redirectUri: 'https://api.example/callback',
      fetch: async (_, init) => {
        const connection =
          String(new URLSearchParams(String(init?.body)).get('refresh_token')).split('.')[1] ?? '';
        return Response.json({
          access_token: token(connection, 'access'),
          refresh_token: token(connection, 'refresh'),
          token_type: 'bearer',
          expires_in: HOUR,
        });
      },
      now,
    }),
    ...createKeys(vault, now),
    margins: DEFAULT_MARGINS,
    linkSeconds: LINK_SECONDS,
    consentSeconds: CONSENT_SECONDS,
    log,
  };
  return Object.assign(world, { deps });
}

export const nameOf = (index: number) => `c${index}`;

/** Returns what a consent at `consentedAt` (epoch seconds) stores. */
export async function consentOf(connection: string, consentedAt: number, { sealingKey }: SweepDependencies) {
  const expiresAt = consentedAt + HOUR;
  const tokens = {
    accessToken: token(connection, 'access'),
    refreshToken: token(connection, 'refresh'),
    expiresAt,
  };
  return {
    connection,
    app: 'default',
    grantType: 'authorization_code' as const,
    sealedTokens: await seal(tokens, connection, await sealingKey()),
    expiresAt,
    consentedAt,
    consentId: connection,
    overlap: 'no' as const,
  };
}

/** Returns the connection's item after a consent and its publication, with its next step at `dueAt`. */
export function settledItem(consent: Awaited<ReturnType<typeof consentOf>>, dueAt: number): Connection {
  return {
    ...consent,
    status: 'active',
    dueAt,
    generation: 1,
    version: 1,
    publishedVersion: 1,
    validUntil: consent.expiresAt,
    rotatedAt: consent.consentedAt,
    failures: 0,
  };
}
