import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { ROUTES } from '../lambdas/contract.ts';
import { sendResult, toEvent } from './aws/api-gateway.ts';
import type { Enqueue } from './aws/event-queue.ts';
import { handleInvoke, invoke, type LocalFunction } from './aws/lambda.ts';
import { hasLoopbackHost } from './loopback-host.ts';
import { listenAsLocalhost, localhostUrl } from './loopback-server.ts';

/** Handles a request and resolves to `true`, or leaves it to the next handler. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** The one port that a person opens: the page, the HTTP API and Lambda's Invoke API. */
export interface Gateway {
  /** `http://localhost:<port>`, as a browser writes it. */
  url: string;
  serve(handlers: RequestHandler[]): void;
  close(): Promise<void>;
}

/**
 * Opens the port on loopback. A request that arrives before `serve` waits for it. A 503 would end the event stream of a
 * page that reconnects while the stack starts: browsers retry a stream after a lost connection, not after an error.
 */
export async function openGateway(port: number): Promise<Gateway> {
  const { promise: ready, resolve: serve } = Promise.withResolvers<RequestHandler[]>();
  const server = createServer(async (request, response) => {
    try {
      if (!hasLoopbackHost(request)) return sendJson(response, 403, 'Forbidden');
      for (const handle of await ready) if (await handle(request, response)) return;
      sendJson(response, 404, 'Not Found');
    } catch {
      sendJson(response, 500, 'Internal Server Error');
    }
  });
  const listening = await listenAsLocalhost(server, port);
  return { url: localhostUrl(listening.port), serve, close: listening.close };
}

const ROUTE_KEYS = [
  `GET ${ROUTES.link}`,
  `POST ${ROUTES.link}`,
  `GET ${ROUTES.callback}`,
  `POST ${ROUTES.events}`,
  `POST ${ROUTES.appEvents}`,
];

/** Serves the HTTP API: invokes the callback function for every request that no earlier handler has taken. */
export function httpApi(callback: LocalFunction, speed: number): RequestHandler {
  return async (request, response) => {
    const result = await invoke(callback, await toEvent(request, ROUTE_KEYS), speed);
    sendResult(response, result as APIGatewayProxyStructuredResultV2);
    return true;
  };
}

/** Serves Lambda's Invoke API for the given functions; `enqueue` takes the asynchronous invocations. */
export function lambdaApi(
  functions: LocalFunction[],
  speed: number,
  enqueue: Enqueue = refuseEvents,
): RequestHandler {
  return (request, response) => handleInvoke(request, response, functions, { speed, enqueue });
}

function refuseEvents(): never {
  throw new Error('no function here is invoked asynchronously');
}

function sendJson(response: ServerResponse, status: number, message: string): void {
  if (!response.headersSent) response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ message }));
}
