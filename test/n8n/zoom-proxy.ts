import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';

/** What reached Zoom through the proxy. */
interface ZoomCall {
  path: string;
  bearer: string;
  status: number;
}

export interface ZoomProxy {
  url: string;
  authority: string;
  calls: ZoomCall[];
  close(): void;
}

/**
 * An HTTPS proxy on loopback that answers as `api.zoom.us`, with the certificate of a throw-away authority, and hands
 * over to the local Zoom. Any other host is refused: nothing leaves the machine.
 */
export async function startZoomProxy(folder: string, zoomUrl: string): Promise<ZoomProxy> {
  const { authority, certificate, key } = certify(folder);
  const calls: ZoomCall[] = [];
  const zoom = createTlsServer(
    { cert: readFileSync(certificate), key: readFileSync(key) },
    async (request, response) => {
      const authorization = request.headers.authorization ?? '';
      const answer = await fetch(`${zoomUrl}${request.url}`, {
        method: request.method ?? 'GET',
        headers: { authorization },
      });
      const path = new URL(`${zoomUrl}${request.url}`).pathname;
      calls.push({ path, bearer: authorization.replace(/^Bearer /, ''), status: answer.status });
      response.writeHead(answer.status, {
        'content-type': answer.headers.get('content-type') ?? 'text/plain',
      });
      response.end(await answer.text());
    },
  );
  const sockets = new Set<Socket>();
  const proxy = createServer((_request, response) => response.writeHead(405).end());
  proxy.on('connect', (request, socket: Socket) => {
    if (request.url !== 'api.zoom.us:443') {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    sockets.add(socket.once('close', () => sockets.delete(socket)));
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    zoom.emit('connection', socket);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    authority,
    calls,
    close() {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function certify(folder: string): { authority: string; certificate: string; key: string } {
  const file = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    ...['req', '-x509', ...newKey, '-days', '2', '-subj', '/CN=throw-away authority'],
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
