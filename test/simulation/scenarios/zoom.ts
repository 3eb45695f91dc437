import type { HttpRequest, HttpResponse } from '../../../lambdas/tokens/apis/http.ts';

const HOUR = 3600;

interface User {
  /** The one living refresh token. */
  refresh: string;
  clientId: string;
  /** Access tokens, and when each ends. */
  access: Map<string, number>;
  /** How many pairs were issued. */
  pairs: number;
}

/** A response that Zoom gives instead of its own. */
export type Override = (request: {
  user: string;
  at: number;
}) => Response | undefined | Promise<Response | undefined>;

/** Zoom at its wire for a fleet of thousands: the tokens name their user, so that nothing is searched. */
export class FleetZoom {
  readonly users = new Map<string, User>();
  /** The apps that Zoom knows, by their client ids, with their secrets. */
  readonly apps = new Map([['client', 'secret']]);
  /** Requests to the token endpoint: whose, when, and with which status. */
  readonly requests: { user: string; at: number; status: number }[] = [];
  /** How long an earlier access token lives after a refresh; seconds. */
  overlapSeconds = Infinity;
  override: Override = () => undefined;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Issues a first pair to a user, as a consent does. */
  connect(user: string, clientId = 'client') {
    const state = this.users.get(user) ?? { refresh: '', clientId, access: new Map(), pairs: 0 };
    this.users.set(user, state);
    return this.#issue(user, state);
  }

  /** The user, or an administrator, removes the app. */
  remove(user: string): void {
    const state = this.users.get(user);
    if (!state) return;
    state.refresh = '';
    for (const token of state.access.keys())
      state.access.set(token, Math.min(this.endOf(token), this.#now()));
  }

  /** When Zoom stops accepting the access token, epoch seconds; 0 where it never did. */
  endOf(accessToken: string | undefined): number {
    const user = userOf(accessToken);
    return this.users.get(user)?.access.get(accessToken ?? '') ?? 0;
  }

  readonly fetch = async (url: string, { body = '', headers }: HttpRequest): Promise<HttpResponse> => {
    if (new URL(url).pathname === '/v2/users/me') return this.#me(headers.authorization ?? '');
    const parameters = new URLSearchParams(body);
    const user = userOf(parameters.get('refresh_token')) || 'server';
    const at = this.#now();
    const response =
      (await this.override({ user, at })) ?? this.#token(parameters, headers.authorization ?? '');
    this.requests.push({ user, at, status: response.status });
    return response;
  };

  #me(authorization: string): Response {
    const token = authorization.replace('Bearer ', '');
    if (this.endOf(token) > this.#now()) return Response.json({ id: userOf(token), account_id: 'account' });
    return Response.json({ code: 124, message: 'Invalid access token.' }, { status: 401 });
  }

  #token(parameters: URLSearchParams, authorization: string): Response {
    const basic = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString();
    const [clientId = '', secret = ''] = basic.split(':');
    if (this.apps.get(clientId) !== secret)
      return refuse('invalid_client', 'Invalid client_id or client_secret');
    if (parameters.get('grant_type') === 'account_credentials') {
      const state = this.users.get('server') ?? { refresh: '', clientId, access: new Map(), pairs: 0 };
      this.users.set('server', state);
      const { refresh_token: _, ...tokens } = this.#issue('server', state);
      return Response.json(tokens);
    }
    const spent = parameters.get('refresh_token') ?? '';
    const user = userOf(spent);
    const state = this.users.get(user);
    if (!state || state.refresh === '' || state.refresh !== spent || state.clientId !== clientId) {
      return refuse('invalid_grant', 'Invalid Token!');
    }
    const end = this.#now() + this.overlapSeconds;
    for (const [token, until] of state.access) state.access.set(token, Math.min(until, end));
    return Response.json(this.#issue(user, state));
  }

  #issue(user: string, state: User) {
    state.pairs += 1;
    const access_token = `access.${user}.${state.pairs}`;
    const refresh_token = `refresh.${user}.${state.pairs}`;
    state.refresh = refresh_token;
    state.access.set(access_token, this.#now() + HOUR);
    return { access_token, refresh_token, token_type: 'bearer', expires_in: HOUR };
  }
}

const userOf = (token: string | null | undefined) => (token ?? '').split('.')[1] ?? '';

export const refuse = (error: string, reason: string) =>
  Response.json({ reason, error }, { status: 400 }) as Response;
