import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { errors, interactionPolicy, Provider } from 'oidc-provider';
import { N8N_OPERATIONS } from '../../lambdas/tokens/n8n-scopes.ts';
import type { MarketplaceApp } from './app.ts';
import { errorPage } from './pages.ts';
import type { Store } from './store.ts';
import { users } from './users.ts';

export const AUTHORIZE_PATH = '/oauth/authorize';
export const CONSENT_PATH = '/oauth/consent';
export const TOKEN_PATH = '/oauth/token';
export const REVOKE_PATH = '/oauth/revoke';

/** Zoom takes an app's scopes from its registration, not from the request. */
export const USER_SCOPE = N8N_OPERATIONS.map(({ scope }) => scope).join(' ');
const ACCOUNT_SCOPE = N8N_OPERATIONS.map(({ scope }) => `${scope}:admin`).join(' ');

/** Returns the same id at each consent, so that all tokens of a user and an app belong to one grant. */
export const grantIdOf = (clientId: string, userId: string) => `${clientId} ${userId}`;

/** Lifetime of an authorization code at Zoom, in seconds. */
export const CODE_SECONDS = 300;

const HOUR = 3600;
const DAY = 24 * HOUR;

/** Creates the authorization server: clients, grants and token lifetimes. Its wire format is not Zoom's. */
export function createProvider(
  url: string,
  apps: MarketplaceApp[],
  store: Store,
  codeSeconds: number,
): Provider {
  const provider = new Provider(url, {
    adapter: store.adapter,
    clients: apps.map(client),
    clientAuthMethods: ['client_secret_basic'],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      // Cookies ignore ports. The path keeps them away from other programs on localhost.
      long: { path: '/oauth', httpOnly: true, sameSite: 'lax', signed: true },
    },
    features: {
      // Without it, the revocation endpoint does not find a Server-to-Server token. No client may use the grant itself.
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
    },
    findAccount: (_ctx, id) =>
      users.some((user) => user.id === id) ? { accountId: id, claims: () => ({ sub: id }) } : undefined,
    interactions: {
      policy: [askEveryTime()],
      url: (_ctx, interaction) => `${CONSENT_PATH}/${interaction.uid}`,
    },
    issueRefreshToken: () => true,
    expiresWithSession: () => false,
    jwks: { keys: [generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })] },
    pkce: { required: () => false },
    renderError: (ctx, out) => errorPage(ctx, zoomPageText(out.error, out.error_description, ctx.query)),
    revokeGrantPolicy: () => false,
    rotateRefreshToken: () => true,
    routes: { authorization: AUTHORIZE_PATH, token: TOKEN_PATH, revocation: REVOKE_PATH },
    scopes: USER_SCOPE.split(' '),
    // Seconds, counted by the injected clock. Interaction and Session are counted in real time.
    ttl: {
      AccessToken: HOUR,
      AuthorizationCode: codeSeconds,
      ClientCredentials: HOUR,
      RefreshToken: 90 * DAY,
      Grant: 90 * DAY,
      Interaction: HOUR,
      Session: HOUR,
    },
  });

  provider.registerGrantType<{ account_id?: string }>(
    'account_credentials',
    async (ctx) => {
      const { client, params } = ctx.oidc;
      if (params.account_id !== apps.find((app) => app.clientId === client.clientId)?.accountId) {
        throw new errors.CustomOIDCProviderError('invalid_request', 'Invalid Account Id.');
      }
      const token = new provider.ClientCredentials({ client, scope: ACCOUNT_SCOPE });
      ctx.body = {
        access_token: await token.save(),
        expires_in: token.expiration,
        scope: token.scope,
      };
    },
    ['account_id'],
  );
  return provider;
}

function client(app: MarketplaceApp) {
  const credentials = { client_id: app.clientId, client_secret: app.clientSecret };
  return app.accountId
    ? { ...credentials, grant_types: ['account_credentials'], redirect_uris: [], response_types: [] }
    : {
        ...credentials,
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: app.redirectUris ?? [],
        response_types: ['code' as const],
      };
}

function askEveryTime() {
  const { Check, Prompt } = interactionPolicy;
  return new Prompt(
    { name: 'consent', requestable: true },
    new Check('always', 'Zoom asks at every authorization', (ctx) => !ctx.oidc.result?.consent),
  );
}

function zoomPageText(error: string, description = '', query: NodeJS.Dict<string | string[]>): string {
  if (error === 'invalid_redirect_uri') return `Invalid redirect: ${query.redirect_uri} (4,700)`;
  if (error === 'invalid_client') return `Invalid client_id: ${query.client_id} (4,702)`;
  return `${description || error}. Start again at the app that sent you here.`;
}
