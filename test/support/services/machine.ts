import { createServer } from 'node:net';
import { listenOnLoopback } from '../../../local/loopback-server.ts';

/** Error for a program that this machine lacks: nothing was tested, and nothing failed. */
export class Missing extends Error {}

/** Returns a free port of this machine. */
export async function freePort(): Promise<number> {
  const { port, close } = await listenOnLoopback(createServer());
  await close();
  return port;
}
