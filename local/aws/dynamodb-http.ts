import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { hasLoopbackHost } from '../loopback-host.ts';
import type { Body, Perform, Result } from './dynalite.ts';

const TARGET = /^DynamoDB_20120810\.(\w+)$/;
const JSON_TYPE = /^application\/(x-amz-json-1\.0|json)\s*(;|$)/;
const SIGNATURE_PARTS = ['Credential', 'SignedHeaders', 'Signature'];

/** Creates the server of a DynamoDB. It speaks AWS JSON 1.0: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html */
export function createDynamoDBServer(perform: Perform): Server {
  return createServer(async (request, response) => {
    const { status, output } = await respond(perform, request).catch((): Result => FAILURE);
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-requestid': randomUUID(),
    });
    response.end(JSON.stringify(output));
  });
}

const FAILURE: Result = {
  status: 500,
  output: {
    __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError',
    message: 'Internal server error',
  },
};

async function respond(perform: Perform, request: IncomingMessage): Promise<Result> {
  const { method, headers } = request;
  const body = await text(request);
  if (!hasLoopbackHost(request)) return { status: 403, output: {} };
  if (method !== 'POST' || !JSON_TYPE.test(headers['content-type'] ?? ''))
    return { ...refusal('UnknownOperationException'), status: 404 };
  const input = parsed(body);
  if (!input) return refusal('SerializationException');
  const [, operation] = TARGET.exec(String(headers['x-amz-target'])) ?? [];
  if (operation === undefined) return refusal('UnknownOperationException');
  return unsigned(request) ?? perform(operation, input);
}

/** Returns the refusal of a request without a signature. A signature's parts are looked for, and not checked. */
function unsigned({ headers }: IncomingMessage): Result | undefined {
  const { authorization = '' } = headers;
  if (!authorization.startsWith('AWS4-'))
    return refusal('MissingAuthenticationTokenException', 'Request is missing Authentication Token');
  const missing = SIGNATURE_PARTS.find((part) => !authorization.includes(`${part}=`));
  if (missing)
    return refusal('IncompleteSignatureException', `Authorization header requires '${missing}' parameter.`);
  if (headers['x-amz-date'] ?? headers.date) return undefined;
  return refusal(
    'IncompleteSignatureException',
    "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
  );
}

const refusal = (type: string, message?: string): Result => ({
  status: 400,
  output: { __type: `com.amazon.coral.service#${type}`, ...(message && { message }) },
});

/** Parses the body; `undefined` for anything but a JSON object. */
function parsed(body: string): Body | undefined {
  try {
    const input: unknown = JSON.parse(body);
    return typeof input === 'object' && input !== null && !Array.isArray(input) ? (input as Body) : undefined;
  } catch {
    return undefined;
  }
}
