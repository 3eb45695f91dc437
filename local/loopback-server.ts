import { once } from 'node:events';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';

/** A server that listens on 127.0.0.1, where no other machine reaches it. */
export interface LoopbackServer {
  port: number;
  /** `http://127.0.0.1:<port>` */
  url: string;
  server: Server;
  /** Frees the port and destroys every open connection, one that became a tunnel (HTTP CONNECT) included. */
  close(): Promise<void>;
}

/**
 * Makes a server listen on 127.0.0.1; `port` 0 takes any free one. Rejects with `EADDRINUSE` when the port is taken.
 * Takes a server of `node:http`, `node:https` or `node:net`.
 */
export async function listenOnLoopback(server: Server, port = 0): Promise<LoopbackServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    server,
    url: `http://127.0.0.1:${address.port}`,
    close() {
      const { promise: closed, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  };
}

/** Returns the origin as a browser writes it: without the port of http. */
export const localhostUrl = (port: number) => new URL(`http://localhost:${port}`).origin;

/**
 * Makes a server listen where a browser looks for `localhost`. A browser tries `::1` before 127.0.0.1, and would open
 * another program that listens there. Rejects with `EADDRINUSE` when the port of either address is taken.
 */
export async function listenAsLocalhost(server: Server, port: number): Promise<LoopbackServer> {
  if (port !== 0 && (await isTakenOnIpv6(port)))
    throw Object.assign(new Error(`listen EADDRINUSE: address already in use ::1:${port}`), {
      code: 'EADDRINUSE',
      port,
    });
  return listenOnLoopback(server, port);
}

/** Returns whether a program accepts connections there. macOS lets a second program bind a port that it denies Linux. */
function isTakenOnIpv6(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, '::1', () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}
