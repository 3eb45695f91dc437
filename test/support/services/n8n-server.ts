import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../../../local/loopback-server.ts';
import { N8nModel } from '../world/n8n-model.ts';

/** What happens instead of n8n's response. */
export type Misbehaviour =
  | { status: number; headers?: Record<string, string>; body?: string }
  | 'hangs'
  | 'resets';

/** Starts n8n on loopback, behind a proxy that can misbehave. */
export async function startN8n() {
  const n8n = new N8nModel();
  const control: { misbehaves: Misbehaviour | undefined } = { misbehaves: undefined };
  const server = createServer(async (request, reply) => {
    const { misbehaves } = control;
    const body = await text(request);
    if (misbehaves === 'hangs') return;
    if (misbehaves === 'resets') {
      request.socket.destroy();
      return;
    }
    if (misbehaves) {
      // Some proxies quote the request in their response.
      const quoted = `${JSON.stringify(request.headers)} ${body}`;
      reply.writeHead(misbehaves.status, misbehaves.headers).end(misbehaves.body ?? quoted);
      return;
    }
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
    const response = await n8n.fetch(`http://n8n${request.url}`, {
      method: request.method ?? 'GET',
      headers: Object.fromEntries(headers),
      body,
    });
    reply.writeHead(response.status, { 'content-type': 'application/json' }).end(await response.text());
  });
  const { url, close } = await listenOnLoopback(server);
  return { n8n, control, url, close };
}
