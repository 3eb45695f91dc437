import { createServer, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../../local/loopback-server.ts';
import { addLatency, clock } from './latency.ts';

/** Zoom's state at the end. */
export interface ZoomHappenings {
  /** Time of the latest response for each connection, milliseconds. */
  responded: Record<string, number>;
  /** Each connection's valid refresh token; without an entry, its first one is valid. */
  refreshTokens: Record<string, string>;
  /** Number of refresh tokens that were sent again after their use. */
  spentTwice: number;
}

/** Returns a token as long as Zoom's, which are JWTs. */
const token = (kind: string, connection: string, index: number) =>
  `${kind}.${connection}.${index}.`.padEnd(650, 'x');

export const firstRefreshToken = (connection: string) => token('refresh', connection, 0);

/** Starts Zoom's token endpoint, which accepts each refresh token once and responds after `latency` milliseconds. */
export async function startZoom(latency: number) {
  const happened: ZoomHappenings = { responded: {}, refreshTokens: {}, spentTwice: 0 };
  addLatency(latency);
  const server = createServer(async (request, response) => {
    const presented = new URLSearchParams(await text(request)).get('refresh_token') ?? '';
    const [, connection = '', index] = presented.split('.');
    if (presented !== (happened.refreshTokens[connection] ?? firstRefreshToken(connection))) {
      happened.spentTwice += 1;
      send(response, 400, { error: 'invalid_grant', reason: 'Invalid Token!' });
      return;
    }
    const next = Number(index) + 1;
    const refreshToken = token('refresh', connection, next);
    happened.refreshTokens[connection] = refreshToken;
    response.once('finish', () => {
      happened.responded[connection] = clock();
    });
    send(response, 200, {
      access_token: token('access', connection, next),
      token_type: 'bearer',
      refresh_token: refreshToken,
      expires_in: 3600,
      scope: 'meeting:write',
    });
  });
  const { url } = await listenOnLoopback(server);
  return { url, happened };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
