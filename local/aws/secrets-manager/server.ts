import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { hasLoopbackHost } from '../../loopback-host.ts';
import { listenOnLoopback } from '../../loopback-server.ts';
import { ServiceError } from './errors.ts';
import { type OperationName, type Operations, requests } from './model.ts';
import { operations } from './operations.ts';
import { Secrets, type SecretsOptions } from './secrets.ts';
import { validated } from './validation.ts';

const TARGET_PREFIX = 'secretsmanager.';

/**
 * Starts a Secrets Manager in memory that speaks AWS JSON 1.1 (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).
 * Listens on loopback only. Signatures are not checked. Of a resource policy only an explicit Deny
 * is evaluated.
 * @param options `port` 0 takes any free one; `latencyMs` delays each response
 */
export async function startSecretsManager({
  port = 0,
  latencyMs = () => 0,
  ...options
}: SecretsOptions & { port?: number; latencyMs?: () => number }) {
  const secrets = new Secrets(options);
  const service = operations(secrets, options.now);
  const server = createServer(async (request, response) => {
    if (!hasLoopbackHost(request)) {
      response.writeHead(403).end();
      return;
    }
    const { status, body } = await respond(service, request);
    if (latencyMs() > 0) await setTimeout(latencyMs());
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-RequestId': randomUUID(),
    });
    response.end(JSON.stringify(body, wireForm));
  });
  const listening = await listenOnLoopback(server, port);
  return { ...listening, secrets };
}

async function respond(service: Operations, request: IncomingMessage) {
  try {
    const operation = operationOf(request);
    return { status: 200, body: call(service, operation, parsed(await text(request))) };
  } catch (error) {
    if (error instanceof ServiceError) {
      return { status: 400, body: { __type: error.type, message: error.message } };
    }
    return {
      status: 500,
      body: { __type: 'InternalServiceError', message: 'An error occurred on the server side.' },
    };
  }
}

function operationOf({ method, headers }: IncomingMessage): OperationName {
  const target = headers['x-amz-target'];
  const name =
    typeof target === 'string' && target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : '';
  if (method === 'POST' && isOperation(name)) return name;
  throw new ServiceError(
    'UnknownOperationException',
    `No operation at ${method} with X-Amz-Target ${target ?? '(missing)'}. Known operations: ${Object.keys(requests).join(', ')}.`,
  );
}

function isOperation(name: string): name is OperationName {
  return Object.hasOwn(requests, name);
}

function call<Name extends OperationName>(service: Operations, operation: Name, body: unknown) {
  return service[operation](validated(operation, body));
}

/** Parses the body. A member that is null counts as missing. */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body, (_key, value) => value ?? undefined);
  } catch {
    throw new ServiceError('SerializationException', 'The request body is not valid JSON.');
  }
}

/** Serializes dates as epoch seconds and binary values as base64. */
function wireForm(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const original = this[key]; // `value` has been through toJSON already.
  if (original instanceof Date) return original.getTime() / 1000;
  if (original instanceof Uint8Array) return Buffer.from(original).toString('base64');
  return value;
}
