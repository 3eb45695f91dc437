import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { HttpHandlerOptions, HttpRequest } from '@smithy/types';
import { Failure } from '../../lambdas/operator-protocol.ts';
import { createAgents } from '../network/agents.ts';
import { proxyFor } from '../network/proxy.ts';
import { proxyRefusal } from '../network/proxy-failure.ts';
import { endpointInvalid } from './endpoint.ts';
import { interceptedResponse, networkFailure } from './network-failure.ts';

/** Milliseconds. Longer than the operator function's own timeout of 60 seconds. */
const REQUEST_TIMEOUT_MS = 70_000;
const CONNECTION_TIMEOUT_MS = 10_000;

/** Request handler of the AWS SDK that takes the proxy of the environment and reports network errors as `Failure`. */
export class RequestHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' };
  /** Credential providers of the SDK replace a failure by an error with its text alone. */
  lastFailure: Failure | undefined;
  /** By the URL of their proxy; empty without one. */
  readonly #handlers = new Map<string, NodeHttpHandler>();
  readonly #certificates: () => Promise<string[] | undefined>;

  /** @param certificates returns the trusted CAs in PEM; `undefined` for Node's own */
  constructor(certificates: () => Promise<string[] | undefined>) {
    this.#certificates = certificates;
  }

  async handle(request: HttpRequest, options?: HttpHandlerOptions) {
    if (!/^https?:$/.test(request.protocol)) throw endpointInvalid();
    const target = urlOf(request);
    let proxy: URL | undefined;
    try {
      proxy = proxyFor(target);
      const handler = await this.#handler(proxy);
      const exchange = await handler.handle(request as Parameters<NodeHttpHandler['handle']>[0], options);
      const { response } = exchange;
      const failure =
        proxy && response.statusCode === 407
          ? proxyRefusal(407, target, proxy)
          : interceptedResponse(response, target);
      if (failure === undefined) {
        this.lastFailure = undefined;
        return exchange;
      }
      // A body that is not read keeps its connection and the process.
      response.body.destroy();
      throw failure;
    } catch (error) {
      const failure = networkFailure(error, target, proxy);
      if (failure instanceof Failure) this.lastFailure = failure;
      throw failure;
    }
  }

  destroy(): void {
    for (const handler of this.#handlers.values()) handler.destroy();
  }

  async #handler(proxy: URL | undefined): Promise<NodeHttpHandler> {
    const key = proxy?.href ?? '';
    const existing = this.#handlers.get(key);
    if (existing) return existing;
    const created = new NodeHttpHandler({
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      ...createAgents(proxy, await this.#certificates()),
    });
    this.#handlers.set(key, created);
    return created;
  }
}

function urlOf({ protocol, hostname, port, path }: HttpRequest): URL {
  const host = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
  return new URL(`${protocol}//${host}${port === undefined ? '' : `:${port}`}${path}`);
}
