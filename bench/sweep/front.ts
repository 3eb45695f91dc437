import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';

/** What a server says to one request. */
export interface Answer {
  status: number;
  body: Buffer | string;
  type?: string;
}

export type Respond = (request: {
  headers: IncomingMessage['headers'];
  body: Buffer;
}) => Promise<Answer> | Answer;

/** A server on loopback that answers `latency` milliseconds after it was asked, at the earliest. */
export async function openFront(latency: number, respond: Respond): Promise<string> {
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const early = setTimeout(latency);
    const body = await buffer(request);
    const {
      status,
      body: text,
      type,
    } = await Promise.resolve(respond({ headers: request.headers, body })).catch(failed);
    await early;
    response.writeHead(status, {
      'Content-Type': type ?? 'application/x-amz-json-1.0',
      'Content-Length': Buffer.byteLength(text),
    });
    response.end(text);
  });
  // Not shorter than the run: a connection that is closed in between would be the server's doing.
  server.keepAliveTimeout = 120_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const failed = (): Answer => ({ status: 500, body: '{"__type":"InternalServerError"}' });

/** Lets go of an idle connection before the service does. */
const agent = new Agent({ keepAlive: true, timeout: 2000 });

/** Asks the service itself. */
export async function forward(url: string, { headers, body }: Parameters<Respond>[0]): Promise<Answer> {
  const outgoing = request(url, { method: 'POST', agent, headers: { ...headers, host: new URL(url).host } });
  outgoing.end(body);
  const [incoming]: [IncomingMessage] = (await once(outgoing, 'response')) as [IncomingMessage];
  return {
    status: incoming.statusCode ?? 500,
    body: await buffer(incoming),
    type: String(incoming.headers['content-type']),
  };
}
