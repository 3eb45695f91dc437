import { randomBytes } from 'node:crypto';

interface Credential {
  name: string;
  type: string;
  data: Record<string, unknown>;
}

/**
 * The credentials part of n8n's public API, as a `fetch`. It does what n8n 2.41.1 does: `PATCH` without `data` keeps the
 * data, and a response holds id, name and type, never the data.
 */
export class N8nModel {
  readonly apiKey = randomBytes(24).toString('base64url');
  scopes = new Set(['credential:create', 'credential:update']);
  /** n8n 2.39.5 could not update a credential. */
  canUpdate = true;
  /** While set, n8n responds with 503 and does nothing. */
  isDown = false;
  readonly credentials = new Map<string, Credential>();
  /** `<method> <path>` of each request. */
  readonly requests: string[] = [];
  /** Each access token that a credential took, in order. */
  readonly taken: string[] = [];

  readonly fetch: typeof fetch = async (input, init) => {
    const { pathname } = new URL(String(input));
    const method = init?.method ?? 'GET';
    this.requests.push(`${method} ${pathname}`);
    if (this.isDown) return new Response('<html>Service Unavailable</html>', { status: 503 });
    const [, id] = /^\/api\/v1\/credentials(?:\/([^/]+))?$/.exec(pathname) ?? [];
    if (!pathname.startsWith('/api/v1/credentials')) return errorResponse(404, 'not found');
    if (new Headers(init?.headers).get('x-n8n-api-key') !== this.apiKey)
      return errorResponse(401, 'unauthorized');
    const body = JSON.parse(String(init?.body));
    if (method === 'POST' && id === undefined) return this.#create(body);
    if (method === 'PATCH' && id !== undefined && this.canUpdate) return this.#update(id, body);
    return errorResponse(405, `${method} method not allowed`);
  };

  /** Returns the access token of a credential, which a workflow's Zoom node sends. */
  token(id: string | undefined): unknown {
    return this.credentials.get(id ?? '')?.data.accessToken;
  }

  add(type: string, data: Record<string, unknown>): string {
    const id = randomBytes(8).toString('hex');
    this.credentials.set(id, { name: 'made by hand', type, data });
    return id;
  }

  #create({ name, type, data }: Credential): Response {
    if (!this.scopes.has('credential:create')) return errorResponse(403, 'Forbidden');
    const id = this.add(type, data);
    this.credentials.set(id, { name, type, data });
    this.#take(data);
    return Response.json({ id, name, type });
  }

  #take(data: Credential['data'] | undefined): void {
    if (data) this.taken.push(String(data.accessToken));
  }

  #update(id: string, body: Partial<Credential>): Response {
    if (!this.scopes.has('credential:update')) return errorResponse(403, 'Forbidden');
    const credential = this.credentials.get(id);
    if (!credential) return errorResponse(404, 'Credential not found');
    Object.assign(credential, body);
    this.#take(body.data);
    return Response.json({ id, name: credential.name, type: credential.type });
  }
}

const errorResponse = (status: number, message: string) => Response.json({ message }, { status });
