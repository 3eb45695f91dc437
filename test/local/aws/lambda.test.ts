import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { createEventQueue } from '../../../local/aws/event-queue.ts';
import { type Gateway, lambdaApi, openGateway } from '../../../local/gateway.ts';

const SPEED = 60;

let gateway: Gateway;
let client: LambdaClient;
let noted: unknown[] = [];
let errors: unknown[] = [];
let deliveries = 1;
const queue = createEventQueue({
  speed: SPEED,
  deliveries: () => deliveries,
  onError: (error) => void errors.push(error),
});

beforeEach(() => {
  noted = [];
  errors = [];
  deliveries = 1;
});

beforeAll(async () => {
  gateway = await openGateway(0);
  const handlers = {
    echo: async (event: unknown, context: Context) => ({
      event,
      name: context.functionName,
      seconds: Math.round(context.getRemainingTimeInMillis() / 1000),
    }),
    silent: async () => undefined,
    noting: async (event: unknown) => void noted.push(event),
    broken: async () => {
      throw new TypeError('no such thing');
    },
  };
  const functions = Object.entries(handlers).map(([name, handler]) => ({
    name,
    handler,
    timeoutSeconds: 60,
  }));
  gateway.serve([lambdaApi(functions, SPEED, queue.enqueue)]);
  client = new LambdaClient({
    endpoint: gateway.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});

afterAll(async () => {
  client.destroy();
  await gateway.close();
});

async function invoke(FunctionName: string, event?: object) {
  const { Payload, ...response } = await client.send(
    new InvokeCommand({ FunctionName, ...(event && { Payload: JSON.stringify(event) }) }),
  );
  return { ...response, payload: JSON.parse(Payload?.transformToString() ?? '') };
}

describe('the AWS SDK starts a function asynchronously', () => {
  const start = (FunctionName: string, event: object) =>
    client.send(new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: JSON.stringify(event) }));

  test('and learns only that the event was accepted', async () => {
    const { StatusCode, Payload } = await start('noting', { at: 1 });
    expect([StatusCode, Payload?.transformToString() ?? '']).toEqual([202, '']);
    await queue.settled();
    expect(noted).toEqual([{ at: 1 }]);
  });

  test('and does not learn of its failure', async () => {
    expect((await start('broken', {})).StatusCode).toBe(202);
    await queue.settled();
    expect(errors).toEqual([new TypeError('no such thing')]);
  });

  test.each([
    [0, []],
    [2, [{ at: 1 }, { at: 1 }]],
  ])('which Lambda delivers %d times', async (times, expected) => {
    deliveries = times;
    await start('noting', { at: 1 });
    await queue.settled();
    expect(noted).toEqual(expected);
  });
});

describe('the AWS SDK invokes a function', () => {
  test('by its name, and gets the handler’s result', async () => {
    expect(await invoke('echo', { action: 'status' })).toMatchObject({
      StatusCode: 200,
      ExecutedVersion: '$LATEST',
      payload: { event: { action: 'status' }, name: 'echo' },
    });
  });

  test('by its ARN', async () => {
    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:echo';
    expect((await invoke(arn)).payload).toMatchObject({ name: 'echo', event: {} });
  });

  test('whose remaining time is counted by the fast clock', async () => {
    const { seconds } = (await invoke('echo')).payload;
    expect(seconds).toBeLessThanOrEqual(60 * SPEED);
    expect(seconds).toBeGreaterThan(50 * SPEED);
  });

  test('that returns nothing, and gets null', async () => {
    expect((await invoke('silent')).payload).toBeNull();
  });

  test('that throws, and gets a successful response with the error in it', async () => {
    expect(await invoke('broken')).toMatchObject({
      StatusCode: 200,
      FunctionError: 'Unhandled',
      payload: { errorType: 'TypeError', errorMessage: 'no such thing' },
    });
  });

  test('that does not exist, and gets a ResourceNotFoundException that names it', async () => {
    await expect(invoke('nobody')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Function not found: nobody',
    });
  });
});

const path = '/2015-03-31/functions/echo/invocations';

test('a request to invoke a function without a signature is refused, because another site’s page can send one', async () => {
  const response = await fetch(`${gateway.url}${path}`, { method: 'POST', body: '{}' });
  expect(response.status).toBe(403);
  expect(response.headers.get('x-amzn-errortype')).toBe('MissingAuthenticationTokenException');
});

test('a request to invoke a function with an event that is not JSON is refused', async () => {
  const response = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=local' },
    body: '{',
  });
  expect(response.status).toBe(400);
  expect(response.headers.get('x-amzn-errortype')).toBe('InvalidRequestContentException');
});
