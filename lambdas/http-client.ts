import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Fetch, HttpResponse } from './tokens/apis/http.ts';

/**
 * A connection that is idle for longer is closed: sooner than the other side does, which could cross with a request.
 * A function that was frozen meanwhile asks DynamoDB first; by then it has heard what was closed.
 */
const IDLE_MILLISECONDS = 2000;
const KEPT = { keepAlive: true, timeout: IDLE_MILLISECONDS };
const agents = { 'http:': new http.Agent(KEPT), 'https:': new https.Agent(KEPT) };

/**
 * HTTP over Node's own client, which the AWS SDK has loaded already: the first use of the global `fetch` costs a cold
 * function more than all else that it does; see docs/performance.md.
 */
export const fetchByNode: Fetch = (url, { method, headers, body = '', signal }) =>
  new Promise((resolve, reject) => {
    const { protocol } = new URL(url);
    // The code alone: an error of Node's parser holds the bytes that it could not read, and these may be tokens.
    const fail = ({ code }: NodeJS.ErrnoException) =>
      reject(signal.aborted ? signal.reason : new TypeError('fetch failed', { cause: { code } }));
    const { request } = protocol === 'https:' ? https : http;
    const sent = request(url, {
      agent: protocol === 'https:' ? agents['https:'] : agents['http:'],
      method,
      headers: {
        'user-agent': 'zoom-token-refresher',
        // Without it any coding would be welcome (RFC 9110 section 12.5.3).
        'accept-encoding': 'identity',
        ...headers,
        ...(method !== 'GET' && { 'content-length': Buffer.byteLength(body) }),
      },
      signal,
    });
    sent.on('error', fail);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      // Also where the connection ends in the middle of the answer.
      response.on('error', fail);
      response.on('end', () => resolve(answerOf(response, Buffer.concat(chunks).toString())));
    });
    sent.end(body);
  });

function answerOf({ statusCode = 0, headers }: IncomingMessage, text: string): HttpResponse {
  return {
    status: statusCode,
    ok: statusCode >= 200 && statusCode < 300,
    headers: { get: (name) => headers[name.toLowerCase()]?.toString() ?? null },
    text: async () => text,
  };
}
