import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { fetchThroughProxy } from '../../../cli/network/fetch.ts';
import { requestFailure } from '../../../lambdas/operator-protocol.ts';
import { createAuthority } from '../../support/network/certificates.ts';
import { listen } from '../../support/network/listen.ts';
import { type ProxyOptions, startProxy } from '../../support/network/proxy.ts';

const authority = createAuthority();
const pair = authority.issue('zoom', 'DNS:zoom.test');
const trusted = getCACertificates('default');
const open: { close(): Promise<void> }[] = [];
const NAMES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];
const saved = NAMES.map((name) => [name, process.env[name]] as const);

beforeEach(() => {
  for (const name of NAMES) delete process.env[name];
  setDefaultCACertificates([...trusted, readFileSync(authority.path, 'utf8')]);
});
afterEach(async () => {
  setDefaultCACertificates(trusted);
  for (const each of open.splice(0)) await each.close();
});
afterAll(() => {
  for (const [name, value] of saved) if (value !== undefined) process.env[name] = value;
  authority.close();
});

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

async function start(scheme: 'http' | 'https', respond: Respond, options: Partial<ProxyOptions> = {}) {
  const server = scheme === 'https' ? createHttpsServer(pair, respond) : createServer(respond);
  const { port, close } = await listen(server);
  const proxy = await startProxy({ port: () => port, ...options });
  open.push({ close }, proxy);
  process.env[`${scheme.toUpperCase()}_PROXY`] = proxy.url;
  return proxy;
}

const GET = () => ({ redirect: 'manual' as const, signal: AbortSignal.timeout(10_000) });

test.each(['http', 'https'] as const)('a POST over %s arrives whole through the proxy', async (scheme) => {
  const proxy = await start(scheme, async (request, response) => {
    const { method, url, headers } = request;
    response.writeHead(201, { 'set-cookie': ['a=1', 'b=2'] });
    response.end(JSON.stringify({ method, url, type: headers['content-type'], body: await text(request) }));
  });
  const response = await fetchThroughProxy(`${scheme}://zoom.test/oauth/token?a=b%20c&a=d`, {
    ...GET(),
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: 'grant=ä',
  });
  expect({ status: response.status, ok: response.ok }).toEqual({ status: 201, ok: true });
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(await response.json()).toEqual({
    ...{ method: 'POST', url: '/oauth/token?a=b%20c&a=d', type: 'text/plain', body: 'grant=ä' },
  });
  expect(proxy.tunnels).toEqual(scheme === 'https' ? ['zoom.test:443'] : []);
});

test.each([
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
  ['deflate', deflateSync],
])('a response in the coding %s is read, although identity was asked for', async (coding, compress) => {
  await start('https', (_, response) => {
    response.writeHead(200, { 'content-encoding': coding }).end(compress('{"ok":true}'));
  });
  const response = await fetchThroughProxy('https://zoom.test/', GET());
  expect(await response.json()).toEqual({ ok: true });
});

test('a redirect is returned and not followed', async () => {
  await start('https', (_, response) => {
    response.writeHead(302, { location: 'https://other.test/' }).end();
  });
  const response = await fetchThroughProxy('https://zoom.test/', GET());
  expect(response.status).toBe(302);
  expect(response.headers.get('location')).toBe('https://other.test/');
});

test('a response without a body is read', async () => {
  await start('https', (_, response) => {
    response.writeHead(204).end();
  });
  const response = await fetchThroughProxy('https://zoom.test/', GET());
  expect({ status: response.status, text: await response.text() }).toEqual({ status: 204, text: '' });
});

test('a refusal of the proxy is a failure that names the proxy', async () => {
  await start('https', () => {}, { credentials: 'ann:secret' });
  await expect(fetchThroughProxy('https://zoom.test/', GET())).rejects.toMatchObject({
    class: 'misconfigured',
    code: 'proxy_failed',
    message: expect.stringMatching(/\(407\)\.$/),
  });
});

test('a certificate that is not trusted is an error with its code as the cause', async () => {
  await start('https', () => {});
  setDefaultCACertificates(trusted);
  const error: unknown = await fetchThroughProxy('https://zoom.test/', GET()).catch((thrown) => thrown);
  expect(requestFailure(error)).toEqual({ kind: 'tls', code: 'SELF_SIGNED_CERT_IN_CHAIN' });
});

test('a compressed body that ends early is an error', async () => {
  await start('https', (_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(1000)).subarray(0, 15));
  });
  await expect(fetchThroughProxy('https://zoom.test/', GET())).rejects.toThrow('fetch failed');
});

test('an abort ends a request whose response never arrives', async () => {
  const controller = new AbortController();
  await start('https', () => controller.abort(new Error('enough')));
  const sent = fetchThroughProxy('https://zoom.test/', { redirect: 'manual', signal: controller.signal });
  await expect(sent).rejects.toThrow('enough');
});

test('an abort ends a response that never ends', async () => {
  const controller = new AbortController();
  await start('https', (_, response) => {
    response.write('begin', () => controller.abort(new Error('enough')));
  });
  const sent = fetchThroughProxy('https://zoom.test/', { redirect: 'manual', signal: controller.signal });
  await expect(sent).rejects.toThrow('enough');
});
