import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** End of a response: the event after the bytes that a server sends. */
type Ending = 'closes' | 'resets' | 'hangs' | 'goes on' | 'drips';

export interface Hostility {
  /** Sent at once when a request has come. */
  bytes: string | Buffer;
  ending: Ending;
  /** Sent without end where it `goes on` or `drips`. */
  more?: string | Buffer;
}

/** A server below HTTP: whatever is asked of it, it sends the bytes that it was told to. */
export async function startHostileServer(hostility: Hostility) {
  const sockets = new Set<Socket>();
  const sent = { bytes: 0 };
  const server = createServer((socket) => {
    sockets.add(socket);
    // The other side may go at any time.
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      sent.bytes += socket.bytesWritten;
    });
    socket.on('data', () => behave(socket, hostility));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Connections that are open. */
    sockets: sockets as ReadonlySet<Socket>,
    /** The bytes that were sent on connections that are closed. */
    sent: sent as Readonly<typeof sent>,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function behave(socket: Socket, { bytes, ending, more = '' }: Hostility): void {
  if (ending === 'closes') {
    socket.end(bytes);
  } else if (ending === 'resets') {
    socket.write(bytes, () => socket.resetAndDestroy());
  } else if (ending === 'hangs') {
    socket.write(bytes);
  } else if (ending === 'goes on') {
    socket.write(bytes);
    const fill = () => {
      while (!socket.destroyed && socket.write(more));
    };
    socket.on('drain', fill);
    fill();
  } else {
    socket.write(bytes);
    const drip = setInterval(() => socket.write(more), 5);
    socket.on('close', () => clearInterval(drip));
  }
}
