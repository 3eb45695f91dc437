import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { listenOnLoopback } from '../../../local/loopback-server.ts';

/** Error for a program that this machine lacks: nothing was tested, and nothing failed. */
export class Missing extends Error {}

/** Below the ports that the system gives away, 32768 and above on Linux, 49152 and above elsewhere. */
const [FIRST_PORT, LAST_PORT] = [20_000, 23_999];

/**
 * Returns a free port of this machine for a program that listens on it later. Until then no other program is given it: the
 * system takes the ports of outgoing connections, and those of servers on any free port, from a higher range.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    const listener = await listenOnLoopback(createServer(), port).catch(ifTaken);
    if (!listener) continue;
    await listener.close();
    return port;
  }
}

function ifTaken(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'EADDRINUSE') throw error;
}
