import { createServer, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../../local/loopback-server.ts';
import { clock, holdAnswers } from './answers.ts';

/** What Zoom knows in the end. */
export interface ZoomHappenings {
  /** When each connection's latest answer was sent, milliseconds. */
  answered: Record<string, number>;
  /** Each connection's refresh token that would be taken next; its first one where it is missing. */
  refreshTokens: Record<string, string>;
  /** Refresh tokens that came twice. */
  spentTwice: number;
}

/** As long as Zoom's, which are JWTs. */
const token = (kind: string, connection: string, index: number) =>
  `${kind}.${connection}.${index}.`.padEnd(650, 'x');

export const firstRefreshToken = (connection: string) => token('refresh', connection, 0);

/** Zoom's token endpoint: takes each refresh token once, answers after `latency` milliseconds. */
export async function startZoom(latency: number) {
  const happened: ZoomHappenings = { answered: {}, refreshTokens: {}, spentTwice: 0 };
  holdAnswers(latency);
  const server = createServer(async (request, response) => {
    const presented = new URLSearchParams(await text(request)).get('refresh_token') ?? '';
    const [, connection = '', index] = presented.split('.');
    if (presented !== (happened.refreshTokens[connection] ?? firstRefreshToken(connection))) {
      happened.spentTwice += 1;
      answer(response, 400, { error: 'invalid_grant', reason: 'Invalid Token!' });
      return;
    }
    const next = Number(index) + 1;
    const refreshToken = token('refresh', connection, next);
    happened.refreshTokens[connection] = refreshToken;
    response.once('finish', () => {
      happened.answered[connection] = clock();
    });
    answer(response, 200, {
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

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
