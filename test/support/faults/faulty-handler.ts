import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { HttpHandlerOptions } from '@smithy/types';
import type { FaultInjector, Outcome, Reply } from './faults.ts';

export type AwsService = 'dynamodb' | 's3' | 'secretsmanager';

/**
 * The SDK's own HTTP handler behind a fault injector. The SDK still retries and parses. It calls `onRequest` before and
 * after each request.
 */
export class FaultyHandler extends NodeHttpHandler {
  readonly #service: AwsService;
  readonly #faults: FaultInjector | undefined;

  readonly #onRequest: (operation: string) => void;

  constructor(
    service: AwsService,
    faults: FaultInjector | undefined,
    onRequest: (operation: string) => void,
  ) {
    super();
    this.#service = service;
    this.#faults = faults;
    this.#onRequest = onRequest;
  }

  override handle(request: Parameters<NodeHttpHandler['handle']>[0], options?: HttpHandlerOptions) {
    const service = this.#service;
    const target = request.headers['x-amz-target'];
    const operation = target?.split('.').at(-1) ?? request.method;
    const perform = async () => {
      this.#onRequest(operation);
      return super.handle(request, options).finally(() => this.#onRequest(operation));
    };
    if (!this.#faults) return perform();
    return this.#faults.call<Awaited<ReturnType<typeof perform>>>(`${service}.${operation}`, {
      service,
      perform,
      end: async (outcome, takesEffect) => {
        const own = { status: 200, headers: {}, body: '' };
        if (takesEffect) {
          // Its response is read, so that its connection is free again.
          const { response } = await perform();
          Object.assign(own, { status: response.statusCode, headers: response.headers });
          own.body = await text(response.body);
        }
        if (typeof outcome !== 'function') throw sdkError(outcome);
        const { status: statusCode, headers, body } = outcome(own, service);
        return { response: { statusCode, headers, body: Readable.from([Buffer.from(body)]) } } as never;
      },
    });
  }
}

/** Returns the error that the SDK's handler has where no whole response arrives. */
function sdkError(outcome: Exclude<Outcome, (own: Reply) => unknown>): Error {
  if (outcome === 'hangs' || outcome === 'drips')
    return new DOMException('The operation was aborted due to timeout', 'TimeoutError');
  const code = outcome === 'refused' ? 'ECONNREFUSED' : 'ECONNRESET';
  return Object.assign(new Error(code), { code });
}
