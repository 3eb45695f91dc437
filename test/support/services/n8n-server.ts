import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../../../local/loopback-server.ts';
import { N8nModel } from '../world/n8n-model.ts';

/** A response that n8n did not give. */
export interface ProxyResponse {
  status: number;
  headers?: Record<string, string>;
  /** Without it, the request is quoted, with its key and its token. */
  body?: string;
}

/** Response that is sent instead of n8n's own once n8n has acted, each time or `when` that is wanted. */
interface LateMisbehaviour {
  after: ProxyResponse | 'resets';
  when?: () => boolean;
}

/** The response of what stands before n8n, or no response. */
export type Misbehaviour = ProxyResponse | 'hangs' | 'resets' | LateMisbehaviour;

const HTML = { 'content-type': 'text/html; charset=utf-8' };

/** Responses of what people put before n8n, as reported: none of them is n8n's. */
export const PROXIES = {
  "Traefik's 404": {
    status: 404,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: '404 page not found\n',
  },
  "Express's 404 while n8n starts": {
    status: 404,
    headers: HTML,
    body: '<pre>Cannot PATCH /api/v1/credentials/1</pre>',
  },
  "Kong's 404": {
    status: 404,
    headers: { 'content-type': 'application/json' },
    body: '{"message":"no Route matched with those values"}',
  },
  "Cloudflare Access's 403": {
    status: 403,
    headers: HTML,
    body: '<!DOCTYPE html><title>Forbidden</title>',
  },
  "basic auth's 401": {
    status: 401,
    headers: { ...HTML, 'www-authenticate': 'Basic realm="n8n"' },
    body: '<html><h1>401 Authorization Required</h1></html>',
  },
  'a 401 in JSON with another field': {
    status: 401,
    headers: { 'content-type': 'application/json' },
    body: '{"error":"unauthorized"}',
  },
  'a 403 in JSON with a detail': {
    status: 403,
    headers: { 'content-type': 'application/problem+json' },
    body: '{"detail":"Forbidden"}',
  },
  "a 405 of the proxy's own": { status: 405, headers: HTML, body: '<h1>405 Not Allowed</h1>' },
  'a login page with 200': { status: 200, headers: HTML, body: '<html>Log in</html>' },
  'an empty 404': { status: 404, body: '' },
  'a 404 that quotes the request': { status: 404 },
} satisfies Record<string, ProxyResponse>;

/** Responses of a proxy while n8n restarts. */
export const RESTARTS = {
  "nginx's 502": { status: 502, headers: HTML, body: '<html><h1>502 Bad Gateway</h1></html>' },
  "a load balancer's 503": { status: 503, headers: HTML, body: '<html>Service Unavailable</html>' },
} satisfies Record<string, ProxyResponse>;

/**
 * n8n's own response to every request while it migrates its database (`packages/cli/src/abstract-server.ts` of n8n), as
 * after an upgrade.
 */
export const STARTING_UP: ProxyResponse = {
  status: 200,
  headers: HTML,
  body: 'n8n is starting up. Please wait',
};

/** Starts n8n on loopback, behind a proxy that can misbehave. */
export async function startN8n() {
  const n8n = new N8nModel();
  const control: { misbehaves: Misbehaviour | undefined } = { misbehaves: undefined };
  const server = createServer(async (request, reply) => {
    const { misbehaves } = control;
    const body = await text(request);
    const sendInstead = (instead: ProxyResponse | 'resets') => {
      if (instead === 'resets') {
        request.socket.destroy();
        return;
      }
      // Some proxies quote the request in their response.
      const quoted = `${JSON.stringify(request.headers)} ${body}`;
      reply.writeHead(instead.status, instead.headers).end(instead.body ?? quoted);
    };
    if (misbehaves === 'hangs') return;
    if (misbehaves && !(typeof misbehaves === 'object' && 'after' in misbehaves)) {
      sendInstead(misbehaves);
      return;
    }
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
    const response = await n8n.fetch(`http://n8n${request.url}`, {
      method: request.method ?? 'GET',
      headers: Object.fromEntries(headers),
      body,
    });
    if (misbehaves && (misbehaves.when?.() ?? true)) {
      await response.text();
      sendInstead(misbehaves.after);
      return;
    }
    reply
      .writeHead(response.status, { 'content-type': response.headers.get('content-type') ?? '' })
      .end(await response.text());
  });
  const { url, close } = await listenOnLoopback(server);
  return { n8n, control, url, close };
}
