import type { IncomingMessage } from 'node:http';

/** A page elsewhere whose name was made to point here must not read what is here. */
export function isLoopback(request: IncomingMessage): boolean {
  return /^(localhost|127\.0\.0\.1)(:\d+)?$/.test(request.headers.host ?? '');
}
