import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createServer as createTlsServer,
  getCACertificates,
  setDefaultCACertificates,
  type TLSSocket,
} from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { fetchByNode } from '../../lambdas/http-client.ts';
import type { HttpRequest } from '../../lambdas/tokens/apis/http.ts';
import { createN8n } from '../../lambdas/tokens/apis/n8n.ts';
import { createZoom } from '../../lambdas/tokens/apis/zoom.ts';

// No later sweep repairs a certificate. The operator must, and needs to know which one and why.

interface Pair {
  key: Buffer;
  cert: Buffer;
}

let folder: string;
let authority: string;
/** Certificates of 127.0.0.1 by the authority, and the certificates that a server should not have. */
let good: Pair;
let selfSigned: Pair;
let expired: Pair;
let otherHost: Pair;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'http-client-tls-'));
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const read = (name: string): Pair => ({
    key: readFileSync(file(`${name}.key`)),
    cert: readFileSync(file(`${name}.pem`)),
  });
  const selfSign = (name: string, ...args: string[]): Pair => {
    openssl(
      ...['req', '-x509', ...newKey, '-days', '2', '-subj', `/CN=${name}`, ...args],
      ...['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)],
    );
    return read(name);
  };
  const issue = (name: string, alternativeName: string, days: number): Pair => {
    openssl(
      ...['req', '-new', ...newKey, '-subj', `/CN=${name}`],
      ...['-keyout', file(`${name}.key`), '-out', file(`${name}.csr`)],
    );
    writeFileSync(file(`${name}.ext`), `subjectAltName=${alternativeName}\n`);
    openssl(
      ...['x509', '-req', '-in', file(`${name}.csr`), '-days', `${days}`, '-extfile', file(`${name}.ext`)],
      ...['-CA', file('authority.pem'), '-CAkey', file('authority.key'), '-CAcreateserial'],
      ...['-out', file(`${name}.pem`)],
    );
    return read(name);
  };
  authority = selfSign('authority').cert.toString();
  selfSigned = selfSign('self-signed', '-addext', 'subjectAltName=IP:127.0.0.1');
  good = issue('good', 'IP:127.0.0.1', 2);
  expired = issue('expired', 'IP:127.0.0.1', -1);
  otherHost = issue('other-host', 'DNS:n8n.example.com', 2);
});
afterAll(() => rmSync(folder, { recursive: true }));

const trusted = getCACertificates('default');
let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(() => {
  setDefaultCACertificates(trusted);
  for (const socket of sockets) socket.destroy();
  server?.close();
});

/** Returns the https address of a server on a port that no earlier request has used. */
async function start(next: Server): Promise<string> {
  server = next;
  // A client that does not trust a server leaves in the middle of the handshake.
  server.on('tlsClientError', () => {});
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const trustAuthority = () => setDefaultCACertificates([...trusted, authority]);

const request = (): HttpRequest => ({
  method: 'GET',
  headers: {},
  redirect: 'manual',
  signal: AbortSignal.timeout(20_000),
});
const failure = (sent: Promise<unknown>) =>
  sent.then(
    () => undefined,
    (error: unknown) => error,
  );
const zoomAt = (url: string) =>
  createZoom({
    oauthUrl: url,
    apiUrl: url,
    redirectUri: `${url}/callback`,
    fetch: fetchByNode,
    now: () => 0,
  });

const https = (pair: Pair) => createHttpsServer(pair, (_, response) => response.end('trusted'));

test('a certificate of a trusted authority is accepted', async () => {
  trustAuthority();
  const url = await start(https(good));
  expect(await (await fetchByNode(url, request())).text()).toBe('trusted');
});

const untrusted: [name: string, create: () => Server, code: string, problem: string][] = [
  [
    'a certificate that is self-signed',
    () => https(selfSigned),
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'the certificate of HOST is self-signed',
  ],
  [
    'a certificate whose authority is not known',
    () => https({ ...good, cert: Buffer.concat([good.cert, Buffer.from(authority)]) }),
    'SELF_SIGNED_CERT_IN_CHAIN',
    'the certificate of HOST was issued by an authority that is not trusted',
  ],
  [
    'a chain that is incomplete',
    () => https(good),
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'the certificate chain of HOST is incomplete or ends at an authority that is not trusted',
  ],
  [
    'a certificate that has expired',
    () => {
      trustAuthority();
      return https(expired);
    },
    'CERT_HAS_EXPIRED',
    'the certificate of HOST, or one of its chain, has expired',
  ],
  [
    'a certificate of another host',
    () => {
      trustAuthority();
      return https(otherHost);
    },
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'the certificate of HOST was issued for another host name',
  ],
  [
    'plain HTTP on its port',
    () => createHttpServer(),
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'the port of HOST does not speak TLS',
  ],
  [
    'TLS 1.1 alone',
    () =>
      createTlsServer({
        ...good,
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      }),
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    'the TLS handshake with HOST failed',
  ],
];

describe('a server that has', () => {
  test.each(untrusted)('%s gets no request, and the operator reads why', async (_, create, code, problem) => {
    const url = await start(create());
    expect(await failure(fetchByNode(url, request()))).toMatchObject({ name: 'TypeError', cause: { code } });

    const named = `${problem.replace('HOST', new URL(url).host)} (${code}).`;
    const app = { clientId: 'id', clientSecret: 'secret' };
    expect(await failure(zoomAt(url).refresh(app, 'a token'))).toMatchObject({
      class: 'misconfigured',
      code: 'tls_untrusted',
      message: expect.stringContaining(named),
      action: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
    expect(
      await failure(createN8n(fetchByNode).update({ url, apiKey: 'key' }, 'id', 'a token')),
    ).toMatchObject({
      class: 'misconfigured',
      code: 'n8n_tls',
      message: expect.stringContaining(named),
      action: expect.stringMatching(/^(?!Nothing to do).*NODE_EXTRA_CA_CERTS/),
    });
  });
});

describe('a TLS connection that fails without the operator’s doing', () => {
  /** An alert of TLS, fatal: RFC 8446 section 6. */
  const alert = (description: number) => Buffer.from([21, 3, 3, 0, 2, 2, description]);
  const INTERNAL_ERROR = 80;

  test.each<[string, (socket: Socket) => void, string]>([
    ['the server closes it', (socket) => socket.end(), 'ECONNRESET'],
    [
      'the server has an internal error',
      (socket) => socket.end(alert(INTERNAL_ERROR)),
      'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR',
    ],
  ])('is retried: %s during the handshake', async (_, respond, code) => {
    const url = await start(createTcpServer((socket) => socket.once('data', () => respond(socket))));
    expect(await failure(fetchByNode(url, request()))).toMatchObject({ cause: { code } });
    const rotation = zoomAt(url).refresh({ clientId: 'id', clientSecret: 'secret' }, 'a token');
    expect(await failure(rotation)).toMatchObject({ class: 'retry', code: 'no_answer' });
  });

  test('is retried where bytes of a response were damaged: Zoom may have acted', async () => {
    trustAuthority();
    const tcp: Socket[] = [];
    const tls = createTlsServer(good, (socket: TLSSocket) => {
      socket.on('error', () => {});
      socket.once('data', () =>
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n', () =>
          tcp.at(-1)?.write(Buffer.concat([Buffer.from([23, 3, 3, 0, 40]), Buffer.alloc(40)])),
        ),
      );
    });
    tls.on('connection', (socket: Socket) => tcp.push(socket));
    const url = await start(tls);
    const rotation = zoomAt(url).refresh({ clientId: 'id', clientSecret: 'secret' }, 'a token');
    expect(await failure(rotation)).toMatchObject({
      class: 'retry',
      code: 'no_answer',
      message: expect.stringContaining('BAD_RECORD_MAC'),
    });
  });
});
