import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { fetchByNode } from '../../../lambdas/http-client.ts';
import type { Fetch } from '../../../lambdas/tokens/apis/http.ts';
import { listenOnLoopback } from '../../../local/loopback-server.ts';
import type { Encoded, FaultInjector, Outcome, Reply } from './faults.ts';

/** Names the call that a request belongs to. The service does not see it. */
const CALL_HEADER = 'x-call';

/** Nothing listens on this port. */
const CLOSED_PORT = 1;

const NOT_DONE: Reply = { status: 200, headers: {}, body: '' };

interface Ending {
  outcome: Outcome;
  takesEffect: boolean;
  /** Lets the deadline of the request pass. */
  passDeadline: () => void;
}

/**
 * Serves a model on loopback, where the HTTP client of the deployed functions reaches it. Faults happen at the wire: the
 * client meets closed ports, broken connections and bytes, as it would at the real service. Only a deadline is not waited
 * for: it passes as soon as the service has the request.
 */
export async function openWire(service: 'zoom' | 'n8n', model: typeof fetch) {
  const endings = new Map<string, Ending>();
  const server = createServer(async (request, reply) => {
    const { [CALL_HEADER]: call, ...headers } = request.headers;
    const perform = async () => replyOf(await ask(model, request, headers));
    const ending = endings.get(String(call));
    if (!ending) return send(reply, await perform());
    endings.delete(String(call));
    const own = ending.takesEffect ? await perform() : NOT_DONE;
    await end(reply, own, ending, service);
  });
  const { url, close } = await listenOnLoopback(server);

  /** Stored addresses outlive the server's port, so that only the rest of the address counts. */
  const onServer = (address: string) => `${url}${new URL(address).pathname}${new URL(address).search}`;

  /** Creates the client of one function. Its calls have no fault without an injector. */
  const client =
    (faults: FaultInjector | undefined, pointOf: (...request: Parameters<Fetch>) => string): Fetch =>
    (input, request) => {
      if (!faults) return fetchByNode(onServer(input), request);
      return faults.call(pointOf(input, request), {
        service,
        perform: () => fetchByNode(onServer(input), request),
        end: (outcome, takesEffect) => {
          if (outcome === 'refused') return fetchByNode(onClosedPort(input), request);
          const deadline = new AbortController();
          const call = randomUUID();
          endings.set(call, {
            outcome,
            takesEffect,
            passDeadline: () =>
              deadline.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
          });
          const headers = { ...request.headers, [CALL_HEADER]: call };
          return fetchByNode(onServer(input), { ...request, headers, signal: deadline.signal });
        },
      });
    };
  return { url, close, client };
}

async function ask(
  model: typeof fetch,
  request: IncomingMessage,
  headers: IncomingMessage['headers'],
): Promise<Response> {
  const body = await text(request);
  return model(`http://service${request.url}`, {
    method: request.method ?? 'GET',
    headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
    ...(body !== '' && { body }),
  });
}

const replyOf = async (response: Response): Promise<Reply> => ({
  status: response.status,
  headers: Object.fromEntries(response.headers),
  body: await response.text(),
});

function send(reply: ServerResponse, { status, headers, body }: Reply | Encoded): void {
  reply.writeHead(status, headers).end(body);
}

async function end(
  reply: ServerResponse,
  own: Reply,
  { outcome, passDeadline }: Ending,
  service: 'zoom' | 'n8n',
): Promise<void> {
  if (typeof outcome === 'function') return send(reply, outcome(own, service));
  if (outcome === 'breaks off' || outcome === 'drips') await sendHalf(reply, own);
  if (outcome === 'hangs' || outcome === 'drips') passDeadline();
  else reply.destroy();
}

/** Sends the headers and half of the body that they announce. */
function sendHalf(reply: ServerResponse, { status, headers, body }: Reply): Promise<unknown> {
  reply.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  return new Promise((resolve) => reply.write(body.slice(0, body.length / 2), resolve));
}

function onClosedPort(url: string): string {
  const { pathname } = new URL(url);
  return `http://127.0.0.1:${CLOSED_PORT}${pathname}`;
}
