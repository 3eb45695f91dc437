import { proxyFor } from './proxy.ts';
import type { FetchInit } from './send-through.ts';

/**
 * Sends a request as the global `fetch` does, but through the proxy of the environment. The global `fetch` takes a proxy
 * only when Node is started with `--use-env-proxy`, and its rules for `NO_PROXY` are not those of the AWS CLI.
 * @throws {Failure} for an error of the proxy
 * @throws {TypeError} with Node's error as its `cause` for any other error of the network
 */
export async function fetchThroughProxy(url: string, init: FetchInit): Promise<Response> {
  const target = new URL(url);
  const proxy = proxyFor(target);
  if (proxy === undefined) return fetch(url, init);
  // Most machines have no proxy, and Node's HTTP client and decoders take a moment to load.
  const { sendThrough } = await import('./send-through.ts');
  return sendThrough(proxy, target, init);
}
