import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../lambdas/tokens/clock.ts';

const HOUR = 3600;

interface Issued {
  user: string;
  expiresAt: number;
}

/** The name of the Server-to-Server app. Every other one is a user app. */
export const SERVER_APP = 'reports';

/**
 * Zoom's OAuth and user endpoints as a `fetch`, so that the real client builds the requests and parses the responses.
 * Refresh tokens are single-use, a user has one valid pair, and clients authenticate with Basic credentials. It is for
 * faults and interleavings that a server cannot be brought to.
 */
export class ZoomModel {
  readonly clientId = 'client_id';
  clientSecret = 'client-secret';
  readonly accountId = 'account';
  /** Another app of Zoom. Its credentials are valid, and every code and refresh token here is another app's. */
  readonly otherApp = { clientId: 'other_client_id', clientSecret: 'other-client-secret' };
  /** Whether an earlier access token outlives a refresh. */
  overlap = true;
  /** Lifetime of new access tokens, seconds. */
  lifetime = HOUR;
  /** While set, Zoom responds with 503 and does nothing. */
  isDown = false;
  /** The scopes that Zoom names beside the tokens; it may name none. */
  scope: string | undefined = 'user:read';
  /** Value that Zoom writes as `expires_in`. The tokens live an hour all the same. */
  expiresIn: unknown = HOUR;
  /** While set, Zoom grants access tokens without refresh tokens. */
  omitsRefreshToken = false;
  /** While set, the token endpoint responds so and does nothing. */
  tokenRefusal: (() => Response) | undefined;
  /** While set, `/users/me` responds so. */
  userRefusal: (() => Response) | undefined;
  /** While set, the responses of the token endpoint are lost on their way, where the player of a model heeds it. */
  areResponsesLost = false;
  /** How many refresh tokens were refused so far. */
  refusals = 0;
  /** The most refresh requests for one user that were under way at once. */
  mostInFlight = 0;
  /** The user whose refresh token came with the last request for tokens; `undefined` for another grant. */
  lastRefreshed: string | undefined;
  /** Every token, code and secret that went over the wire. */
  readonly secrets = new Set<string>();

  readonly #now: Clock;
  readonly #access = new Map<string, Issued>();
  /** The valid refresh token of each user. */
  readonly #refresh = new Map<string, string>();
  readonly #codes = new Map<string, string>();
  readonly #inFlight = new Map<string, number>();

  constructor(now: Clock) {
    this.#now = now;
    this.secrets.add(this.clientSecret);
  }

  /** Returns a model in the same state, by another clock. */
  copy(now: Clock): ZoomModel {
    const copy = new ZoomModel(now);
    Object.assign(copy, { ...this, fetch: copy.fetch, secrets: new Set(this.secrets) });
    copyMap(this.#access, copy.#access);
    copyMap(this.#refresh, copy.#refresh);
    copyMap(this.#codes, copy.#codes);
    copyMap(this.#inFlight, copy.#inFlight);
    return copy;
  }

  /** Returns an authorization code, as when the user presses Allow. */
  consent(user: string): string {
    const code = this.#make('code');
    this.#codes.set(code, user);
    return code;
  }

  /** Revokes all tokens of the user, as when the user removes the app. */
  deauthorize(user: string): void {
    this.#refresh.delete(user);
    for (const [token, issued] of this.#access) if (issued.user === user) this.#access.delete(token);
  }

  /** Ends an access token before its time. */
  expire(accessToken: string): void {
    this.#access.delete(accessToken);
  }

  /** Returns whether Zoom's API would accept the access token now. */
  accepts(accessToken: string | undefined): boolean {
    return (this.#access.get(accessToken ?? '')?.expiresAt ?? 0) > this.#now();
  }

  /** Returns whether it is the user's valid refresh token. */
  isLiving(user: string, refreshToken: string | undefined): boolean {
    return refreshToken !== undefined && this.#refresh.get(user) === refreshToken;
  }

  /** Returns whether the app still has a valid token of the user. */
  hasLiving(user: string): boolean {
    const tokens = [...this.#access].some(([token, issued]) => issued.user === user && this.accepts(token));
    return tokens || this.#refresh.has(user);
  }

  /** Counts a request that spends a user's refresh token. Returns a function to call when the request has ended. */
  enter(body: string): () => void {
    const user = userOf(new URLSearchParams(body).get('refresh_token'));
    if (!user) return () => {};
    const count = (this.#inFlight.get(user) ?? 0) + 1;
    this.#inFlight.set(user, count);
    this.mostInFlight = Math.max(this.mostInFlight, count);
    return () => this.#inFlight.set(user, (this.#inFlight.get(user) ?? 1) - 1);
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const { pathname } = new URL(String(input));
    const parameters = new URLSearchParams(String(init?.body));
    if (pathname === '/oauth/token') this.lastRefreshed = userOf(parameters.get('refresh_token'));
    if (this.isDown) return new Response('<html>Service Unavailable</html>', { status: 503 });
    const headers = new Headers(init?.headers);
    if (pathname === '/v2/users/me' && this.userRefusal) return this.userRefusal();
    if (pathname === '/oauth/token' && this.tokenRefusal) return this.tokenRefusal();
    if (pathname === '/v2/users/me') return this.#me(headers.get('authorization') ?? '');
    if (isFrom(headers, this.otherApp)) return this.#refuseOther(parameters);
    if (!isFrom(headers, this)) return errorResponse('invalid_client', 'Invalid client_id or client_secret');
    return pathname === '/oauth/revoke' ? this.#revoke(parameters) : this.#token(parameters);
  };

  /** A code or a refresh token is refused as one that does not exist, which spends neither. */
  #refuseOther(parameters: URLSearchParams): Response {
    if (parameters.get('grant_type') === 'authorization_code')
      return errorResponse('invalid_request', 'Invalid authorization code');
    this.refusals += 1;
    return errorResponse('invalid_grant', 'Invalid Token!');
  }

  /** Revoking a user's valid token revokes all tokens of the user; a Server-to-Server token only itself. */
  #revoke(parameters: URLSearchParams): Response {
    const token = parameters.get('token') ?? '';
    const owner = userOf(token);
    const user = owner && this.isLiving(owner, token) ? owner : this.#access.get(token)?.user;
    if (!user) return errorResponse('invalid_request', 'Invalid Token!');
    if (user === 'server') this.#access.delete(token);
    else this.deauthorize(user);
    return Response.json({ status: 'success' });
  }

  #me(authorization: string): Response {
    const token = authorization.replace('Bearer ', '');
    const issued = this.#access.get(token);
    if (!issued || !this.accepts(token)) {
      return Response.json({ code: 124, message: 'Invalid access token.' }, { status: 401 });
    }
    return Response.json({ id: issued.user, account_id: this.accountId, display_name: issued.user });
  }

  #token(parameters: URLSearchParams): Response {
    const grant = parameters.get('grant_type');
    if (grant === 'account_credentials') {
      if (parameters.get('account_id') !== this.accountId)
        return errorResponse('invalid_request', 'Invalid Account Id.');
      return Response.json(this.#issue('server'));
    }
    if (grant === 'authorization_code') {
      const user = this.#take(this.#codes, parameters.get('code'));
      if (!user) return errorResponse('invalid_request', 'Invalid authorization code');
      // Only the last pair that was issued is valid.
      this.deauthorize(user);
      return Response.json(this.#issuePair(user));
    }
    const spent = parameters.get('refresh_token');
    const user = userOf(spent);
    if (!user || !this.isLiving(user, spent ?? undefined)) {
      this.refusals += 1;
      return errorResponse('invalid_grant', 'Invalid Token!');
    }
    if (!this.overlap) this.deauthorize(user);
    return Response.json(this.#issuePair(user));
  }

  #issuePair(user: string) {
    if (this.omitsRefreshToken) return this.#issue(user);
    const refresh_token = this.#make(`refresh-${user}`);
    this.#refresh.set(user, refresh_token);
    return { ...this.#issue(user), refresh_token };
  }

  #issue(user: string) {
    for (const [token, { expiresAt }] of this.#access)
      if (expiresAt <= this.#now()) this.#access.delete(token);
    const access_token = this.#make(`access-${user}`);
    this.#access.set(access_token, { user, expiresAt: this.#now() + this.lifetime });
    return {
      access_token,
      token_type: 'bearer',
      expires_in: this.expiresIn,
      ...(this.scope !== undefined && { scope: this.scope }),
      api_url: 'https://api.zoom.us',
    };
  }

  #take(from: Map<string, string>, key: string | null): string | undefined {
    const found = from.get(key ?? '');
    from.delete(key ?? '');
    return found;
  }

  #make(kind: string): string {
    const secret = `${kind}-${randomBytes(12).toString('base64url')}`;
    this.secrets.add(secret);
    return secret;
  }
}

/** Returns the name of a call by its address: `zoom.token`, `zoom.revoke` or `zoom.user`. */
export function callName(input: Parameters<typeof fetch>[0]): string {
  const { pathname } = new URL(String(input));
  return pathname === '/v2/users/me' ? 'zoom.user' : pathname.replace('/oauth/', 'zoom.');
}

function copyMap<Key, Value>(from: ReadonlyMap<Key, Value>, to: Map<Key, Value>): void {
  for (const [key, value] of from) to.set(key, value);
}

const userOf = (refreshToken: string | null) => /^refresh-([^-]+)-/.exec(refreshToken ?? '')?.[1];

function errorResponse(error: string, reason: string): Response {
  return Response.json({ reason, error }, { status: 400 });
}

const isFrom = (headers: Headers, { clientId, clientSecret }: { clientId: string; clientSecret: string }) =>
  headers.get('authorization') === `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
