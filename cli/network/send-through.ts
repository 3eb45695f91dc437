import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { pipeline, Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { createAgents } from './agents.ts';
import { proxyFailure, proxyRefusal, type SystemError } from './proxy-failure.ts';

/** The part of the global `fetch` that the command line uses. Redirects are not followed. */
export interface FetchInit {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  redirect: 'manual';
  signal: AbortSignal;
}

/**
 * Sends a request through a proxy.
 * @throws as `fetchThroughProxy` does
 */
export async function sendThrough(proxy: URL, target: URL, init: FetchInit): Promise<Response> {
  const { httpAgent, httpsAgent } = createAgents(proxy);
  try {
    const response = await exchange(target, target.protocol === 'https:' ? httpsAgent : httpAgent, init);
    if (response.statusCode === 407) throw proxyRefusal(407, target, proxy);
    return await toResponse(response);
  } catch (error) {
    init.signal.throwIfAborted();
    throw (
      proxyFailure(error as SystemError, target, proxy) ?? new TypeError('fetch failed', { cause: error })
    );
  } finally {
    httpAgent.destroy();
    httpsAgent.destroy();
  }
}

function exchange(
  target: URL,
  agent: http.Agent,
  { method = 'GET', headers, body = '', signal }: FetchInit,
): Promise<IncomingMessage> {
  const { request } = target.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    request(target, {
      agent,
      method,
      signal,
      headers: {
        'accept-encoding': 'identity',
        ...headers,
        ...(method !== 'GET' && { 'content-length': Buffer.byteLength(body) }),
      },
    })
      .on('response', resolve)
      .on('error', reject)
      .end(body);
  });
}

/** Some servers compress a response although identity was asked for. */
const DECODERS: Record<string, () => NodeJS.ReadWriteStream> = {
  gzip: createGunzip,
  br: createBrotliDecompress,
  deflate: createInflate,
};

async function toResponse(message: IncomingMessage): Promise<Response> {
  const { statusCode: status = 0, headersDistinct } = message;
  const decoder = DECODERS[headersDistinct['content-encoding']?.[0]?.toLowerCase() ?? ''];
  const body = decoder ? pipeline(message, decoder(), () => {}) : message;
  const chunks = await Readable.from(body).toArray();
  const headers = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  const hasBody = chunks.length > 0 && ![204, 205, 304].includes(status);
  return new Response(hasBody ? Buffer.concat(chunks) : null, { status, headers });
}
