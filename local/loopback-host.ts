import type { IncomingMessage } from 'node:http';

/**
 * Returns whether the request's Host header names this machine. It guards against DNS rebinding: a web page whose own
 * host name was made to resolve to 127.0.0.1 must not read what is served here.
 */
export function hasLoopbackHost(request: IncomingMessage): boolean {
  return /^(localhost|127\.0\.0\.1)(:\d+)?$/.test(request.headers.host ?? '');
}
