import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../../../local/loopback-server.ts';
import { N8nModel } from '../world/n8n-model.ts';

/** Instead of what n8n would answer. */
export type Misbehaviour =
  | { status: number; headers?: Record<string, string>; body?: string }
  | 'hangs'
  | 'resets';

/** An n8n on loopback, and whatever may stand in front of it. */
export async function startN8n() {
  const n8n = new N8nModel();
  const control: { misbehaves: Misbehaviour | undefined } = { misbehaves: undefined };
  const server = createServer(async (request, response) => {
    const { misbehaves } = control;
    const body = await text(request);
    if (misbehaves === 'hangs') return;
    if (misbehaves === 'resets') {
      request.socket.destroy();
      return;
    }
    if (misbehaves) {
      // A proxy that quotes what it was sent.
      const quoted = `${JSON.stringify(request.headers)} ${body}`;
      response.writeHead(misbehaves.status, misbehaves.headers).end(misbehaves.body ?? quoted);
      return;
    }
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
    const answer = await n8n.fetch(`http://n8n${request.url}`, {
      method: request.method ?? 'GET',
      headers: Object.fromEntries(headers),
      body,
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  const { url, close } = await listenOnLoopback(server);
  return { n8n, control, url, close };
}
