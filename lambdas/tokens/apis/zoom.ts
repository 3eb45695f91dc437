import { type AuthorizationServer, calculatePKCECodeChallenge } from 'oauth4webapi';
import type { Clock } from '../clock.ts';
import type { Tokens } from '../connection.ts';
import { USER_TIMEOUT_SECONDS, ZOOM_TIMEOUT_SECONDS } from '../time-budget.ts';
import type { ZoomApp } from '../vault.ts';
import type { Fetch, HttpResponse } from './http.ts';
import type { ZoomRequest } from './zoom-errors.ts';
import {
  parseRevocationResponse,
  parseTokenResponse,
  parseUserResponse,
  sendFailure,
  type TokenRequest,
  type ZoomUser,
} from './zoom-responses.ts';
import { NO_RESPONSE, parseTokenCheck, type TokenCheck } from './zoom-token-check.ts';

/** Zoom's OAuth and API endpoints. Each request is sent once: what it spends is single-use. */
export interface Zoom {
  /** Returns the address to which a browser goes to consent. */
  authorizationUrl(app: ZoomApp, consent: { state: string; codeVerifier: string }): Promise<URL>;
  /**
   * Exchanges an authorization code for tokens (RFC 6749 section 4.1.3 with PKCE, RFC 7636).
   * @throws {Failure} `retry` only when the code is certainly not spent
   */
  exchangeCode(app: ZoomApp, code: string, codeVerifier: string): Promise<Tokens>;
  /** Spends a refresh token for new tokens (RFC 6749 section 6). */
  refresh(app: ZoomApp, refreshToken: string): Promise<Tokens>;
  /** Requests a token by Zoom's Server-to-Server grant. */
  accountCredentials(app: ZoomApp): Promise<Tokens>;
  /** Revokes a token (RFC 7009). A token that Zoom does not know counts as revoked. */
  revoke(app: ZoomApp, token: string): Promise<void>;
  /**
   * Returns who consented; `undefined` where the app's scopes do not allow it.
   * @throws {Failure} `retry` when Zoom does not respond
   */
  user(accessToken: string): Promise<ZoomUser | undefined>;
  /** Checks whether the API accepts a token. Never throws. */
  accepts(accessToken: string): Promise<TokenCheck>;
  /** Returns Zoom's time, epoch seconds; `undefined` where it does not respond. */
  time(): Promise<number | undefined>;
  /** The metadata against which `validateAuthResponse` checks a response. */
  readonly server: AuthorizationServer;
}

export interface ZoomOptions {
  /** Origin of `/oauth/authorize`, `/oauth/token` and `/oauth/revoke`. */
  oauthUrl: string;
  /** Origin of `/v2`. */
  apiUrl: string;
  redirectUri: string;
  fetch: Fetch;
  now: Clock;
  /** Logs what is odd about a response from which no token was lost. */
  warn?: (message: string) => void;
}

export function createZoom({
  oauthUrl,
  apiUrl,
  redirectUri,
  fetch,
  now,
  warn = () => {},
}: ZoomOptions): Zoom {
  const server: AuthorizationServer = {
    issuer: oauthUrl,
    authorization_endpoint: `${oauthUrl}/oauth/authorize`,
    token_endpoint: `${oauthUrl}/oauth/token`,
    revocation_endpoint: `${oauthUrl}/oauth/revoke`,
  };
  const post = (
    app: ZoomApp,
    request: ZoomRequest,
    parameters: Record<string, string>,
  ): Promise<HttpResponse> =>
    fetch(`${oauthUrl}${request === 'revocation' ? '/oauth/revoke' : '/oauth/token'}`, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        authorization: basic(app),
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams(parameters).toString(),
      redirect: 'manual',
      signal: AbortSignal.timeout(ZOOM_TIMEOUT_SECONDS * 1000),
    }).catch((error) => sendFailure(error, oauthUrl, request));

  /** Expiry counts from before the request: never later than Zoom's own. */
  const requestTokens = async (
    app: ZoomApp,
    grant: TokenRequest['grant'],
    parameters: Record<string, string>,
  ): Promise<Tokens> => {
    const sentAt = now();
    const response = await post(app, grant, { grant_type: grant, ...parameters });
    return parseTokenResponse(response, { grant, sentAt, warn });
  };

  const me = (accessToken?: string) =>
    fetch(`${apiUrl}/v2/users/me`, {
      method: 'GET',
      headers: {
        accept: 'application/json',
        ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }),
      },
      redirect: 'manual',
      signal: AbortSignal.timeout(USER_TIMEOUT_SECONDS * 1000),
    });

  return {
    server,
    async authorizationUrl(app, { state, codeVerifier }) {
      const url = new URL(`${oauthUrl}/oauth/authorize`);
      url.search = new URLSearchParams({
        response_type: 'code',
        client_id: app.clientId,
        redirect_uri: redirectUri,
        state,
        code_challenge: await calculatePKCECodeChallenge(codeVerifier),
        // Zoom's default is `plain`.
        code_challenge_method: 'S256',
      }).toString();
      return url;
    },
    exchangeCode: (app, code, codeVerifier) =>
      requestTokens(app, 'authorization_code', {
        code,
        redirect_uri: redirectUri,
        code_verifier: codeVerifier,
      }),
    refresh: (app, refreshToken) => requestTokens(app, 'refresh_token', { refresh_token: refreshToken }),
    accountCredentials: (app) =>
      requestTokens(app, 'account_credentials', { account_id: app.accountId ?? '' }),
    revoke: async (app, token) => parseRevocationResponse(await post(app, 'revocation', { token })),
    user: async (accessToken) =>
      parseUserResponse(await me(accessToken).catch((error) => sendFailure(error, apiUrl))),
    accepts: (accessToken) =>
      me(accessToken)
        .then(parseTokenCheck)
        .catch(() => NO_RESPONSE),
    time: () =>
      me()
        .then(readDate)
        .catch(() => undefined),
  };
}

/** Reads the header `Date` (RFC 9110 section 6.6.1), which a response of any status has. */
function readDate({ headers }: HttpResponse): number | undefined {
  const date = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(date) ? undefined : date / 1000;
}

/**
 * Returns HTTP Basic over the plain id and secret, as Zoom documents it. RFC 6749 section 2.3.1 percent-encodes both first;
 * Zoom's ids hold `_` and `-`, and nothing says that Zoom decodes them.
 */
const basic = ({ clientId, clientSecret }: ZoomApp): string =>
  `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
