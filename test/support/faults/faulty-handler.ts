import { Readable } from 'node:stream';
import type { HttpRequest } from '@smithy/types';
import { ask } from '../../../local/aws/ask.ts';
import type { LoopbackServer } from '../../../local/loopback-server.ts';
import type { FaultInjector, Outcome, Reply } from './faults.ts';

export type AwsService = 'dynamodb' | 's3' | 'secretsmanager' | 'logs';

const NOT_DONE: Reply = { status: 200, headers: {}, body: '' };

/**
 * Creates an HTTP handler of the AWS SDK that asks a local service without a socket, behind a fault injector where there is
 * one. The SDK still serializes, retries and parses. It calls `onRequest` before and after each request.
 */
export function createFaultyHandler(
  service: AwsService,
  { server }: Pick<LoopbackServer, 'server'>,
  faults: FaultInjector | undefined,
  onRequest: (operation: string) => void,
) {
  const responseOf = ({
    status,
    headers,
    body,
  }: {
    status: number;
    headers: object;
    body: string | Uint8Array;
  }) => ({
    response: {
      statusCode: status,
      headers,
      // Only of S3 a caller may read the body as a stream.
      body: service === 's3' ? Readable.from([Buffer.from(body as string)]) : Buffer.from(body as string),
    },
  });

  const handle = async (request: HttpRequest) => {
    const operation = request.headers['x-amz-target']?.split('.').at(-1) ?? request.method;
    const perform = async (): Promise<Reply> => {
      onRequest(operation);
      const { method, path, query, headers, body } = request;
      const search = new URLSearchParams(query as Record<string, string>).toString();
      const answer = await ask(server, { method, url: search ? `${path}?${search}` : path, headers, body });
      onRequest(operation);
      return { ...answer, body: answer.body.toString() };
    };
    if (!faults) return responseOf(await perform());
    return faults.call(`${service}.${operation}`, {
      service,
      perform: async () => responseOf(await perform()),
      end: async (outcome, takesEffect) => {
        const own = takesEffect ? await perform() : NOT_DONE;
        if (typeof outcome !== 'function') throw sdkError(outcome);
        return responseOf(outcome(own, service));
      },
    });
  };
  return { handle, updateHttpClientConfig() {}, httpHandlerConfigs: () => ({}), destroy() {} };
}

/** Returns the error that the SDK's own handler has where no whole response arrives. */
function sdkError(outcome: Exclude<Outcome, (own: Reply) => unknown>): Error {
  if (outcome === 'hangs' || outcome === 'drips')
    return new DOMException('The operation was aborted due to timeout', 'TimeoutError');
  const code = outcome === 'refused' ? 'ECONNREFUSED' : 'ECONNRESET';
  return Object.assign(new Error(code), { code });
}
