import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Pair } from './certificates.ts';
import { listen } from './listen.ts';

export interface ProxyOptions {
  /** `user:password` that the proxy demands. */
  credentials?: string;
  /** Status that refuses every tunnel and request. */
  refuse?: number;
  /** Makes the connection to the proxy itself TLS. */
  tls?: Pair;
  /** Port on this machine for every tunnel, whatever its target: the network behind the proxy. */
  port: () => number;
}

/** Starts a proxy on this machine that records what it is asked for. */
export async function startProxy({ credentials, refuse, tls, port }: ProxyOptions) {
  const tunnels: string[] = [];
  const requests: string[] = [];
  const refusal = ({ headers }: IncomingMessage): number | undefined => {
    const expected = `Basic ${Buffer.from(credentials ?? '').toString('base64')}`;
    if (credentials !== undefined && headers['proxy-authorization'] !== expected) return 407;
    return refuse;
  };
  const server = tls ? createHttpsServer(tls) : createServer();
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    tunnels.push(request.url ?? '');
    const status = refusal(request);
    socket.on('error', () => {});
    if (status !== undefined) {
      const challenge = status === 407 ? 'Proxy-Authenticate: Basic realm="proxy"\r\n' : '';
      socket.end(`HTTP/1.1 ${status} No\r\n${challenge}Content-Length: 0\r\n\r\n`);
      return;
    }
    const upstream = connect(port(), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
  });
  server.on('request', (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const status = refusal(request);
    if (status !== undefined)
      return response.writeHead(status, { 'content-type': 'text/html' }).end('<p>No.');
    const { method, headers, url = '' } = request;
    const { pathname, search } = new URL(url);
    const upstream = httpRequest(
      { port: port(), host: '127.0.0.1', path: `${pathname}${search}`, method, headers },
      (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers)),
    );
    upstream.on('error', () => response.writeHead(502).end());
    return request.pipe(upstream);
  });
  const { address, close } = await listen(server);
  return {
    /** `host:port` */
    address,
    url: `${tls ? 'https' : 'http'}://${address}`,
    /** `host:port` of each CONNECT. */
    tunnels,
    /** Method and absolute URL of each request without a tunnel. */
    requests,
    close,
  };
}
