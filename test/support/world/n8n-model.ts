import { randomBytes } from 'node:crypto';

interface Credential {
  name: string;
  type: string;
  data: Record<string, unknown>;
  createdAt: string;
}

/** How n8n's public API behaves in a released version. */
export type N8nVersion =
  /** `PATCH` merges with `isPartialData`, and `POST` accepts an id. */
  | '2.41.1'
  /** `POST` refuses an id: it is read-only. */
  | '2.38.7'
  /** `PATCH` responds with 405. */
  | '2.39.5'
  /** Like an n8n that validates the body and does not know `isPartialData`. */
  | 'without isPartialData'
  /** Has no test of a credential. */
  | '2.3.2';

/**
 * The credentials of n8n at the wire of its public API, as rough as the real one: `PATCH` with `data` replaces all
 * fields unless `isPartialData` is sent, unknown properties are refused where n8n validates them, and a path outside the
 * API gets Express's page. It is a `fetch`.
 */
export class N8nModel {
  readonly apiKey = randomBytes(24).toString('base64url');
  /** n8n's keys have what their creator ticked; `credential:read` and `credential:list` are optional. */
  scopes = new Set(['credential:create', 'credential:update']);
  version: N8nVersion = '2.41.1';
  /** While set, n8n responds with its own 503 and does nothing. */
  isDown = false;
  /** Response of Zoom to n8n's test of a credential that holds this access token. */
  zoomAccepts: (accessToken: unknown) => boolean | Promise<boolean> = () => true;
  now: () => number = () => Date.now();
  readonly credentials = new Map<string, Credential>();
  /** `<method> <path>` of each request that came. */
  readonly requests: string[] = [];
  /** Each access token that a credential took, in its order. */
  readonly taken: string[] = [];

  /** Returns a model in the same state. */
  copy(): N8nModel {
    const copy = new N8nModel();
    const { credentials, fetch } = copy;
    const [requests, taken, scopes] = [[...this.requests], [...this.taken], new Set(this.scopes)];
    Object.assign(copy, { ...this, credentials, fetch, requests, taken, scopes });
    for (const [id, { data, ...credential }] of this.credentials)
      credentials.set(id, { ...credential, data: { ...data } });
    return copy;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const { pathname } = new URL(String(input));
    const method = init?.method ?? 'GET';
    this.requests.push(`${method} ${pathname}`);
    if (this.isDown) return Response.json({ code: 503, message: 'Database is not ready!' }, { status: 503 });
    const [, id, action] = /^\/api\/v1\/credentials(?:\/([^/]+)(?:\/([^/]+))?)?$/.exec(pathname) ?? [];
    if (!pathname.startsWith('/api/v1')) return cannot(method, pathname);
    if (!pathname.startsWith('/api/v1/credentials')) return refuse(404, 'not found');
    if (new Headers(init?.headers).get('x-n8n-api-key') !== this.apiKey) return refuse(401, 'Unauthorized');
    const body = init?.body ? JSON.parse(String(init.body)) : {};
    if (method === 'GET' && id === undefined) return this.#list();
    if (method === 'POST' && id === undefined) return this.#create(body);
    if (action === 'test' && this.version === '2.3.2') return refuse(404, 'not found');
    if (method === 'POST' && id !== undefined && action === 'test') return this.#test(id);
    if (method === 'PATCH' && id !== undefined && action === undefined && this.version !== '2.39.5') {
      return this.#update(id, body);
    }
    return refuse(405, `${method} method not allowed`);
  };

  /** Access token that a workflow's Zoom node would send. */
  token(id: string | undefined): unknown {
    return this.credentials.get(id ?? '')?.data.accessToken;
  }

  add(type: string, data: Record<string, unknown>): string {
    return this.#add({ name: 'made by hand', type, data });
  }

  #add(credential: Pick<Credential, 'name' | 'type' | 'data'>, id = randomBytes(8).toString('hex')): string {
    const { name, type, data } = credential;
    this.credentials.set(id, { name, type, data, createdAt: new Date(this.now()).toISOString() });
    return id;
  }

  #list(): Response {
    if (!this.scopes.has('credential:list')) return refuse(403, 'Forbidden');
    const data = [...this.credentials].map(([id, { name, type, createdAt }]) => ({
      id,
      name,
      type,
      createdAt,
    }));
    const date = new Date(this.now()).toUTCString();
    return Response.json({ data, nextCursor: null }, { headers: { date } });
  }

  #create({ id: wanted, name, type, data }: Credential & { id?: string }): Response {
    if (!this.scopes.has('credential:create')) return refuse(403, 'Forbidden');
    if (wanted !== undefined && this.version !== '2.41.1') return refuse(400, 'request/body/id is read-only');
    if (wanted !== undefined && this.credentials.has(wanted)) return refuse(409, 'Credential already exists');
    const id = this.#add({ name, type, data }, wanted);
    this.#take(data);
    return Response.json({ id, name, type });
  }

  async #test(id: string): Promise<Response> {
    if (!this.scopes.has('credential:read')) return refuse(403, 'Forbidden');
    const credential = this.credentials.get(id);
    if (!credential) return refuse(404, `Credential with ID "${id}" not found.`);
    const ok = await this.zoomAccepts(credential.data.accessToken);
    return Response.json(
      ok
        ? { status: 'OK', message: 'Connection successful!' }
        : { status: 'Error', message: 'Authorization failed - please check your credentials' },
    );
  }

  #take(data: Credential['data'] | undefined): void {
    if (data) this.taken.push(String(data.accessToken));
  }

  #update(id: string, body: Partial<Credential> & { isPartialData?: boolean }): Response {
    const { isPartialData, ...changes } = body;
    if (isPartialData !== undefined && this.version === 'without isPartialData') {
      return refuse(400, 'request/body must NOT have additional properties');
    }
    if (!this.scopes.has('credential:update')) return refuse(403, 'Forbidden');
    const credential = this.credentials.get(id);
    if (!credential) return refuse(404, 'Credential not found');
    const data = isPartialData && changes.data ? { ...credential.data, ...changes.data } : changes.data;
    Object.assign(credential, changes, data && { data });
    this.#take(changes.data);
    return Response.json({ id, name: credential.name, type: credential.type });
  }
}

const refuse = (status: number, message: string) => Response.json({ message }, { status });

/** Express's page for a path without a route, also while n8n starts. */
const cannot = (method: string, path: string) =>
  new Response(`<!DOCTYPE html><html><body><pre>Cannot ${method} ${path}</pre></body></html>`, {
    status: 404,
    headers: { 'content-type': 'text/html; charset=utf-8' },
  });
