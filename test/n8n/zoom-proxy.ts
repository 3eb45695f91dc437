import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { listenOnLoopback } from '../../local/loopback-server.ts';

/** A request that reached Zoom through the proxy. */
interface ZoomCall {
  path: string;
  bearer: string;
  status: number;
}

export interface ZoomProxy {
  url: string;
  authority: string;
  calls: ZoomCall[];
  close(): Promise<void>;
}

/**
 * Starts an HTTPS proxy on loopback. It poses as `api.zoom.us`, with the certificate of a temporary authority, and
 * forwards to the local Zoom. It refuses any other host: no request leaves the machine.
 */
export async function startZoomProxy(folder: string, zoomUrl: string): Promise<ZoomProxy> {
  const { authority, certificate, key } = certify(folder);
  const calls: ZoomCall[] = [];
  const zoom = createTlsServer(
    { cert: readFileSync(certificate), key: readFileSync(key) },
    async (request, response) => {
      const authorization = request.headers.authorization ?? '';
      const forwarded = await fetch(`${zoomUrl}${request.url}`, {
        method: request.method ?? 'GET',
        headers: { authorization },
      });
      const path = new URL(`${zoomUrl}${request.url}`).pathname;
      calls.push({ path, bearer: authorization.replace(/^Bearer /, ''), status: forwarded.status });
      response.writeHead(forwarded.status, {
        'content-type': forwarded.headers.get('content-type') ?? 'text/plain',
      });
      response.end(await forwarded.text());
    },
  );
  const proxy = createServer((_request, response) => response.writeHead(405).end());
  proxy.on('connect', (request, socket: Socket) => {
    if (request.url !== 'api.zoom.us:443') {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    zoom.emit('connection', socket);
  });
  const { url, close } = await listenOnLoopback(proxy);
  return { url, authority, calls, close };
}

function certify(folder: string): { authority: string; certificate: string; key: string } {
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    ...['req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=temporary authority'],
    ...['-keyout', file('authority.key'), '-out', file('authority.pem')],
  );
  openssl(
    ...['req', ...newKey, '-subj', '/CN=api.zoom.us', '-keyout', file('zoom.key'), '-out', file('zoom.csr')],
  );
  writeFileSync(file('zoom.ext'), 'subjectAltName=DNS:api.zoom.us\n');
  openssl(
    ...[
      'x509',
      '-req',
      '-in',
      file('zoom.csr'),
      '-CA',
      file('authority.pem'),
      '-CAkey',
      file('authority.key'),
    ],
    ...['-days', '2', '-extfile', file('zoom.ext'), '-out', file('zoom.pem')],
  );
  return { authority: file('authority.pem'), certificate: file('zoom.pem'), key: file('zoom.key') };
}
