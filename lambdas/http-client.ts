import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { decodeBody, MOST_BYTES, TooLarge } from './http-body.ts';
import type { Fetch, HttpRequest, HttpResponse } from './tokens/apis/http.ts';

/**
 * A connection that is idle for longer is closed: sooner than the other side does, which could cross with a request.
 * A function that was frozen meanwhile asks DynamoDB first; by then it has heard what was closed.
 */
const IDLE_MILLISECONDS = 2000;
const KEPT = { keepAlive: true, timeout: IDLE_MILLISECONDS };
const agents = { 'http:': new http.Agent(KEPT), 'https:': new https.Agent(KEPT) };

/** Statuses whose response has no body, https://fetch.spec.whatwg.org/#null-body-status; HTTP itself allows 205 one. */
const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * HTTP over Node's own client, which the AWS SDK has loaded already: the first use of the global `fetch` costs a cold
 * function more than all else that it does; see docs/performance.md. It reads what `fetch` reads, but rejects a response
 * of more than 1 MB and a compressed body that ends early.
 */
export const fetchByNode: Fetch = async (url, request) => {
  try {
    const { response, body } = await exchange(url, request);
    const { statusCode: status = 0, headersDistinct: headers } = response;
    const text = WITHOUT_BODY.has(status) ? '' : await decodeBody(body, headers['content-encoding']);
    return toHttpResponse(status, headers, text);
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    // The code alone: an error of Node's parser holds the bytes that it could not read, and these may be tokens.
    throw new TypeError('fetch failed', { cause: { code: codeOf(error) } });
  }
};

interface Exchange {
  response: IncomingMessage;
  /** Still in its content codings. */
  body: Buffer;
}

/** Sends a request and collects its response. Every end of the connection settles the promise. */
function exchange(url: string, { method, headers, body = '', signal }: HttpRequest): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const { protocol } = new URL(url);
    const { request } = protocol === 'https:' ? https : http;
    const sent = request(url, {
      agent: protocol === 'https:' ? agents['https:'] : agents['http:'],
      method,
      headers: {
        'user-agent': 'zoom-token-refresher',
        // Without it any coding would be welcome (RFC 9110 section 12.5.3). Some servers compress nevertheless.
        'accept-encoding': 'identity',
        ...headers,
        ...(method !== 'GET' && { 'content-length': Buffer.byteLength(body) }),
      },
      signal,
    });
    let response: IncomingMessage | undefined;
    // What comes after a whole response does it no harm.
    sent.on('error', (error) => response?.complete || reject(error));
    // Node closes a connection that switches protocols (101) without an error.
    sent.on('close', () => response || reject({ code: 'ECONNRESET' }));
    sent.on('response', (started) => {
      response = started;
      const chunks: Buffer[] = [];
      let size = 0;
      started.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= MOST_BYTES) {
          chunks.push(chunk);
          return;
        }
        reject(new TooLarge());
        sent.destroy();
      });
      started.on('end', () => resolve({ response: started, body: Buffer.concat(chunks) }));
      // Also where the connection ends in the middle of the response.
      started.on('error', reject);
    });
    sent.end(body);
  });
}

function toHttpResponse(
  status: number,
  headers: IncomingMessage['headersDistinct'],
  text: string,
): HttpResponse {
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name) => headers[name.toLowerCase()]?.join(', ') ?? null },
    text: async () => text,
  };
}

/** Returns the code of an error; where that is `EPROTO`, OpenSSL's reason as Node would name it. */
function codeOf(error: unknown): string | undefined {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'EPROTO') return code;
  // "write EPROTO 00E7:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:…"
  const [, reason] = /:SSL routines:[^:]*:([\w /]+):/.exec(message) ?? [];
  return reason === undefined ? code : `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
}
