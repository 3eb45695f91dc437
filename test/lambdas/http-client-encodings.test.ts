import { once } from 'node:events';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fetchByNode } from '../../lambdas/http-client.ts';
import type { Fetch, HttpRequest } from '../../lambdas/tokens/apis/http.ts';
import { createZoom } from '../../lambdas/tokens/apis/zoom.ts';

// Zoom, n8n and what stands in front of them may compress, label and mark a body as they like.

interface Reply {
  status?: number;
  headers?: OutgoingHttpHeaders | string[];
  /** Each piece is a chunk, unless the headers have a content length. */
  pieces: Uint8Array[];
}

let server: Server;
let url: string;
let reply: Reply;

beforeAll(async () => {
  server = createServer(async (request: IncomingMessage, response) => {
    request.resume();
    await once(request, 'end');
    // The same reply must be the same a second later.
    response.sendDate = false;
    response.writeHead(reply.status ?? 200, reply.headers);
    for (const piece of reply.pieces) response.write(piece);
    response.end();
  });
  // To compress a bomb may take so long that the server would close a connection just as it is used again.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const request = (): HttpRequest => ({
  method: 'POST',
  headers: {},
  redirect: 'manual',
  signal: AbortSignal.timeout(20_000),
});

const sendAndRead = async (send: Fetch, toReply: Reply, exposed: string[] = []) => {
  reply = toReply;
  const response = await send(`${url}/`, request());
  const headers = exposed.map((name) => response.headers.get(name));
  return { status: response.status, ok: response.ok, headers, text: await response.text() };
};
const read = (toReply: Reply) => sendAndRead(fetchByNode, toReply);

const TEXT = '{"access_token":"é€😀"}';
const encoders: Record<string, (bytes: Uint8Array) => Buffer> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  'x-gzip': (bytes) => zlib.gzipSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes),
  zstd: (bytes) => zlib.zstdCompressSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
};
const encoded = (codings: string[], bytes: Uint8Array) =>
  codings.reduce<Uint8Array>((body, coding) => encoders[coding.toLowerCase()]?.(body) ?? body, bytes);

describe('a body that is compressed although identity was requested', () => {
  test.each([...Object.keys(encoders), 'GZip', 'gzip , br', 'deflate,gzip, zstd'])(
    'is read where it is encoded with %s',
    async (coding) => {
      const pieces = [encoded(coding.split(/ *, */), Buffer.from(TEXT))];
      expect((await read({ headers: { 'content-encoding': coding }, pieces })).text).toBe(TEXT);
    },
  );

  test('is read where deflate lacks its zlib header', async () => {
    const headers = { 'content-encoding': 'deflate' };
    expect((await read({ headers, pieces: [zlib.deflateRawSync(TEXT)] })).text).toBe(TEXT);
  });

  test('is read where each coding has a header line of its own', async () => {
    const headers = ['content-encoding', 'gzip', 'content-encoding', 'br'];
    expect((await read({ headers, pieces: [encoded(['gzip', 'br'], Buffer.from(TEXT))] })).text).toBe(TEXT);
  });

  test('is empty where nothing follows the header, as some proxies respond', async () => {
    expect((await read({ headers: { 'content-encoding': 'gzip' }, pieces: [] })).text).toBe('');
  });

  test.each(['identity', 'aws-chunked', 'gzip, unheard-of'])(
    'is returned as received when its coding cannot be decoded: %s',
    async (coding) => {
      const toReply = { headers: { 'content-encoding': coding }, pieces: [Buffer.from(TEXT)] };
      expect((await read(toReply)).text).toBe(TEXT);
    },
  );
});

describe('a body that cannot be decoded rejects with the code alone', () => {
  const random = Buffer.from('{"access_token":"this was never compressed"}');
  test.each([
    ['gzip that is none', 'gzip', random, 'Z_DATA_ERROR'],
    ['br that is none', 'br', Buffer.alloc(64, 0xff), /^ERR_/],
    ['zstd that is none', 'zstd', random, /^(ZSTD_|ERR_)/],
    ['gzip that ends early', 'gzip', zlib.gzipSync(random).subarray(0, 30), 'Z_BUF_ERROR'],
    ['br that ends early', 'br', zlib.brotliCompressSync(random).subarray(0, 20), 'Z_BUF_ERROR'],
    ['deflate that ends early', 'deflate', zlib.deflateSync(random).subarray(0, 20), 'Z_BUF_ERROR'],
    ['six codings', 'gzip,gzip,gzip,gzip,gzip,gzip', random, 'TOO_MANY_CODINGS'],
  ])('%s', async (_, coding, body, code) => {
    const error = await read({ headers: { 'content-encoding': coding }, pieces: [body] }).catch(
      (failure: unknown) => failure,
    );
    expect(error).toBeInstanceOf(TypeError);
    expect(Object.keys((error as TypeError).cause as object)).toEqual(['code']);
    expect((error as TypeError & { cause: { code: string } }).cause.code).toEqual(
      typeof code === 'string' ? code : expect.stringMatching(code),
    );
  });
});

describe('a body that decompresses to more than 1 MB', () => {
  const zeros = Buffer.alloc(20_000_000);
  test.each(['gzip', 'br', 'zstd', 'deflate', 'gzip,gzip'])(
    'is not decompressed further: %s',
    async (coding) => {
      const bomb = encoded(coding.split(','), zeros);
      expect(bomb.length).toBeLessThan(100_000);
      await expect(read({ headers: { 'content-encoding': coding }, pieces: [bomb] })).rejects.toMatchObject({
        name: 'TypeError',
        cause: { code: 'RESPONSE_TOO_LARGE' },
      });
    },
  );

  test('is read up to that size', async () => {
    const largest = Buffer.alloc(1_000_000, 'a');
    const compressed = { headers: { 'content-encoding': 'gzip' }, pieces: [zlib.gzipSync(largest)] };
    for (const toReply of [{ pieces: [largest] }, compressed]) {
      expect((await read(toReply)).text).toHaveLength(1_000_000);
    }
  });
});

test('a new refresh token is read from behind a byte order mark, compression and a wrong charset label', async () => {
  const zoom = createZoom({
    oauthUrl: url,
    apiUrl: url,
    redirectUri: `${url}/callback`,
    fetch: fetchByNode,
    now: () => 1_800_000_000,
  });
  const body = '\uFEFF{"access_token":"new access","refresh_token":"new refresh","expires_in":3600}';
  reply = {
    headers: { 'content-type': 'application/json; charset=iso-8859-1', 'content-encoding': 'gzip' },
    pieces: [zlib.gzipSync(body)],
  };
  expect(await zoom.refresh({ clientId: 'id', clientSecret: 'secret' }, 'old')).toMatchObject({
    accessToken: 'new access',
    refreshToken: 'new refresh',
  });
});

test('the client reads what the global fetch reads', async () => {
  const BOM = Buffer.from('\uFEFF');
  const CHARSETS = [undefined, 'utf-8', 'UTF-16LE', 'iso-8859-1', 'windows-1252', 'nonsense', '"utf-8'];
  const EXPOSED = ['retry-after', 'date', 'location', 'content-type', 'x-odd', 'not-there', '__proto__'];
  const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
  const bytes = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text)),
    // Mostly no UTF-8, and often cut in the middle of a character.
    fc.uint8Array({ maxLength: 50 }),
    fc.constantFrom(Buffer.from([0xff, 0xfe, 0x41, 0]), Buffer.from([0xef, 0xbb]), Buffer.alloc(0)),
  );
  const coding = fc.constantFrom(...Object.keys(encoders), 'GZIP', 'Br', 'identity', 'unheard-of');
  const response = fc.record({
    // A browser's rule makes `fetch` fail on 407, which a proxy alone sends.
    status: fc.oneof(
      fc.constantFrom(200, 204, 205, 302, 304, 400, 401, 429, 503),
      fc.integer({ min: 200, max: 599 }).filter((status) => status !== 407),
    ),
    body: fc
      .tuple(fc.integer({ min: 0, max: 2 }), bytes)
      .map(([marks, body]) => Buffer.concat([...Array(marks).fill(BOM), body])),
    codings: fc.array(coding, { maxLength: 3 }),
    isRawDeflate: fc.boolean(),
    charset: fc.constantFrom(...CHARSETS),
    cuts: fc.array(fc.nat(), { maxLength: 4 }),
    isChunked: fc.boolean(),
    headers: fc.dictionary(
      fc.constantFrom('retry-after', 'location', 'x-odd', 'date'),
      fc.oneof(value, fc.array(value, { minLength: 2, maxLength: 3 })),
      { noNullPrototype: true },
    ),
  });
  await fc.assert(
    fc.asyncProperty(
      response,
      async ({ status, body, codings, isRawDeflate, charset, cuts, isChunked, headers }) => {
        const isRaw = isRawDeflate && codings.length === 1 && codings[0] === 'deflate';
        const sent = isRaw ? zlib.deflateRawSync(body) : encoded(codings, body);
        const ends = [...cuts.map((cut) => cut % (sent.length + 1)), sent.length].sort((a, b) => a - b);
        const pieces = ends
          .map((end, index) => sent.subarray(ends[index - 1] ?? 0, end))
          .filter((piece) => piece.length > 0);
        const toReply: Reply = {
          status,
          headers: {
            ...headers,
            ...(codings.length > 0 && { 'content-encoding': codings.join(', ') }),
            'content-type': charset === undefined ? 'text/plain' : `application/json; charset=${charset}`,
            ...(!isChunked && status !== 204 && status !== 304 && { 'content-length': sent.length }),
          },
          pieces: status === 204 || status === 304 ? [] : pieces,
        };
        expect(await sendAndRead(fetchByNode, toReply, EXPOSED)).toEqual(
          await sendAndRead(fetch, toReply, EXPOSED),
        );
      },
    ),
    { numRuns: 300 },
  );
});
