import { type AuthorizationServer, calculatePKCECodeChallenge } from 'oauth4webapi';
import type { Clock } from '../clock.ts';
import type { Tokens } from '../connection.ts';
import { Failure } from '../errors.ts';
import { USER_TIMEOUT_SECONDS, ZOOM_TIMEOUT_SECONDS } from '../time-budget.ts';
import type { ZoomApp } from '../vault.ts';
import type { Fetch, HttpResponse } from './http.ts';
import {
  codeRefused,
  parseRevocationResponse,
  parseTokenResponse,
  parseUserResponse,
  sendFailure,
  type ZoomUser,
} from './zoom-responses.ts';
import { NO_RESPONSE, parseTokenCheck, type TokenCheck } from './zoom-token-check.ts';

/** Zoom's OAuth and API endpoints. Each request is sent once: what it spends is single-use. */
export interface Zoom {
  /** Where a browser goes to consent. */
  authorizationUrl(app: ZoomApp, consent: { state: string; codeVerifier: string }): Promise<URL>;
  /** RFC 6749 section 4.1.3 with PKCE (RFC 7636). */
  exchangeCode(app: ZoomApp, code: string, codeVerifier: string): Promise<Tokens>;
  /** RFC 6749 section 6; the refresh token is spent by it. */
  refresh(app: ZoomApp, refreshToken: string): Promise<Tokens>;
  /** Zoom's Server-to-Server grant. */
  accountCredentials(app: ZoomApp): Promise<Tokens>;
  /** RFC 7009. A token that Zoom does not know is as good as revoked. */
  revoke(app: ZoomApp, token: string): Promise<void>;
  /**
   * Who consented; `undefined` where the app's scopes do not tell.
   * @throws {Failure} `retry` when Zoom does not answer
   */
  user(accessToken: string): Promise<ZoomUser | undefined>;
  /** Does the API take this token? */
  accepts(accessToken: string): Promise<TokenCheck>;
  /** Zoom's clock, epoch seconds; `undefined` where it does not answer. */
  time(): Promise<number | undefined>;
  /** What `validateAuthResponse` checks an answer against. */
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
}

export function createZoom({ oauthUrl, apiUrl, redirectUri, fetch, now }: ZoomOptions): Zoom {
  const server: AuthorizationServer = {
    issuer: oauthUrl,
    authorization_endpoint: `${oauthUrl}/oauth/authorize`,
    token_endpoint: `${oauthUrl}/oauth/token`,
    revocation_endpoint: `${oauthUrl}/oauth/revoke`,
  };
  const post = (app: ZoomApp, path: string, parameters: Record<string, string>): Promise<HttpResponse> =>
    fetch(`${oauthUrl}${path}`, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        authorization: basic(app),
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams(parameters).toString(),
      redirect: 'manual',
      signal: AbortSignal.timeout(ZOOM_TIMEOUT_SECONDS * 1000),
    }).catch((error) => sendFailure(error, oauthUrl));

  /** Expiry counts from before the request: never later than Zoom's own. */
  const requestTokens = async (app: ZoomApp, parameters: Record<string, string>): Promise<Tokens> => {
    const sentAt = now();
    return parseTokenResponse(await post(app, '/oauth/token', parameters), sentAt);
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
      requestTokens(app, {
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        code_verifier: codeVerifier,
      }).catch((error) => {
        // `invalid_grant` means the code here; there is no refresh token yet.
        throw error instanceof Failure && error.class === 'reconnect' ? codeRefused() : error;
      }),
    refresh: (app, refreshToken) =>
      requestTokens(app, { grant_type: 'refresh_token', refresh_token: refreshToken }),
    accountCredentials: (app) =>
      requestTokens(app, { grant_type: 'account_credentials', account_id: app.accountId ?? '' }),
    revoke: async (app, token) => parseRevocationResponse(await post(app, '/oauth/revoke', { token })),
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

/** RFC 9110 section 6.6.1; whoever answers, with whatever status, dates the answer. */
function readDate({ headers }: HttpResponse): number | undefined {
  const date = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(date) ? undefined : date / 1000;
}

/**
 * HTTP Basic over the plain id and secret, as Zoom documents it. RFC 6749 section 2.3.1 percent-encodes both first;
 * Zoom's ids hold `_` and `-`, and nothing says that Zoom decodes them.
 */
const basic = ({ clientId, clientSecret }: ZoomApp): string =>
  `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
