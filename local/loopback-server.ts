import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';

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
