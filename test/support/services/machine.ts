import { createServer } from 'node:net';
import { listenOnLoopback } from '../../../local/loopback-server.ts';

/** A program that this machine lacks: nothing was tested, and nothing failed. */
export class Missing extends Error {}

/** Returns a port of this machine on which no program listens at the moment. */
export async function freePort(): Promise<number> {
  const { port, close } = await listenOnLoopback(createServer());
  await close();
  return port;
}
