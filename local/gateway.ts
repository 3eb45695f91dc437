import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { sendResult, toEvent } from './aws/api-gateway.ts';
import { answerInvoke, invoke, type LocalFunction } from './aws/lambda.ts';
import { isLoopback } from './loopback-request.ts';

/** Answers a request and says so, or leaves it to the next. */
export type Responder = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** The one port that a person opens: the page, the HTTP API and Lambda's Invoke API. */
export interface Gateway {
  /** `http://localhost:<port>` */
  url: string;
  serve(responders: Responder[]): void;
  close(): Promise<void>;
}

/**
 * Listens on loopback only. A request that comes before `serve` waits for it: a 503 would end for good the event stream
 * of a page that connects again while the stack starts.
 */
export async function openGateway(port: number): Promise<Gateway> {
  const { promise: ready, resolve: serve } = Promise.withResolvers<Responder[]>();
  const server = createServer(async (request, response) => {
    try {
      if (!isLoopback(request)) return sendJson(response, 403, 'Forbidden');
      for (const respond of await ready) if (await respond(request, response)) return;
      sendJson(response, 404, 'Not Found');
    } catch {
      sendJson(response, 500, 'Internal Server Error');
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    serve,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const ROUTES = [
  'GET /connect',
  'POST /connect',
  'GET /callback',
  'POST /zoom/events',
  'POST /zoom/events/{app}',
];

/** The HTTP API: every request that nobody took before is a call of the callback function. */
export function httpApi(callback: LocalFunction, speed: number): Responder {
  return async (request, response) => {
    const result = await invoke(callback, await toEvent(request, ROUTES), speed);
    sendResult(response, result as APIGatewayProxyStructuredResultV2);
    return true;
  };
}

/** Lambda's Invoke API for these functions. */
export function lambdaApi(functions: LocalFunction[], speed: number): Responder {
  return (request, response) => answerInvoke(request, response, functions, speed);
}

function sendJson(response: ServerResponse, status: number, message: string): void {
  if (!response.headersSent) response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ message }));
}
