import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Pair } from './certificates.ts';
import { listen } from './listen.ts';

/** The operator function's response to `status`, without connections. */
export const NO_CONNECTIONS = { ok: true, result: { now: 0, connections: [], links: [] } };

/** Environment with credentials and a Region, and without the file with profiles. */
export const AWS = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'hush-hush',
};

/**
 * Starts a server that responds as Lambda does to an invocation.
 * @param respond changes the response; by default the function returns `NO_CONNECTIONS`
 */
export async function startAws(
  pair?: Pair,
  respond = (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json', 'x-amzn-requestid': 'test' });
    response.end(JSON.stringify(NO_CONNECTIONS));
  },
) {
  const requests: string[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    requests.push(`${request.method} ${request.headers.host}${request.url}`);
    request.resume().on('end', () => respond(request, response));
  };
  const server = pair ? createHttpsServer(pair, listener) : createServer(listener);
  const { address, port, close } = await listen(server);
  return { requests, port, url: `${pair ? 'https' : 'http'}://${address}`, close };
}
