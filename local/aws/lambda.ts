import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Context } from 'aws-lambda';

/** A function's handler, as Lambda calls it. */
// biome-ignore lint/suspicious/noExplicitAny: each handler has an event type of its own
type LambdaHandler = (event: any, context: Context) => Promise<unknown>;

/** One function. Its timeout is in seconds of the local clock, which may run `speed` times as fast as real time. */
export interface LocalFunction {
  name: string;
  handler: LambdaHandler;
  timeoutSeconds: number;
}

/** Runs a function once, with a context that counts its remaining time down. */
export function invoke(fn: LocalFunction, event: unknown, speed: number): Promise<unknown> {
  const end = performance.now() + fn.timeoutSeconds * 1000;
  const context: Context = {
    functionName: fn.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${fn.name}`,
    memoryLimitInMB: '512',
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${fn.name}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, end - performance.now()) * speed,
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
  return fn.handler(event, context);
}

const LIST_PATH = /^\/2015-03-31\/functions\/?$/;
const INVOKE_PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

/**
 * Handles a request to Lambda's Invoke API for these functions, or lists their names: they run in one process, and have
 * no variables of their own. Resolves to `false` when it is another request.
 * An asynchronous invocation (`Event`) is accepted at once, and goes to `enqueue`.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export async function handleInvoke(
  request: IncomingMessage,
  response: ServerResponse,
  functions: LocalFunction[],
  { speed, enqueue }: { speed: number; enqueue: (fn: LocalFunction, event: unknown) => void },
): Promise<boolean> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (request.method === 'GET' && LIST_PATH.test(pathname)) {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ Functions: functions.map(({ name }) => ({ FunctionName: name })) }));
    return true;
  }
  const named = INVOKE_PATH.exec(pathname)?.[1];
  if (request.method !== 'POST' || named === undefined) return false;
  // Another site's page can make a browser send a plain POST here, but not with this header.
  if (!request.headers.authorization) {
    sendError(response, 403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
    return true;
  }
  const name = decodeURIComponent(named).split(':').at(-1);
  const fn = functions.find((candidate) => candidate.name === name);
  if (!fn) {
    sendError(response, 404, 'ResourceNotFoundException', `Function not found: ${name}`);
    return true;
  }
  let event: unknown;
  try {
    event = JSON.parse((await text(request)) || '{}');
  } catch {
    sendError(response, 400, 'InvalidRequestContentException', 'Could not parse request body into json');
    return true;
  }
  if (request.headers['x-amz-invocation-type'] === 'Event') {
    enqueue(fn, event);
    response.writeHead(202).end();
    return true;
  }
  response.setHeader('content-type', 'application/json');
  response.setHeader('x-amz-executed-version', '$LATEST');
  try {
    response.end(JSON.stringify((await invoke(fn, event, speed)) ?? null));
  } catch (error) {
    response.setHeader('x-amz-function-error', 'Unhandled');
    const { name: errorType, message: errorMessage } = error as Error;
    response.end(JSON.stringify({ errorType, errorMessage }));
  }
  return true;
}

function sendError(response: ServerResponse, status: number, type: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type });
  response.end(JSON.stringify({ Type: 'User', message }));
}
