import '../../support/services/aws-environment.ts';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createRotateStarter } from '../../../lambdas/aws/rotate-starter.ts';
import { type Gateway, lambdaApi, openGateway } from '../../../local/gateway.ts';

const REQUEST = { start: 'connection', connection: 'main' } as const;
let gateway: Gateway;
let events: unknown[] = [];
const clients: { destroy(): void }[] = [];

beforeAll(async () => {
  gateway = await openGateway(0);
  const rotate = { name: 'x-rotate', handler: async () => ({}), timeoutSeconds: 60 };
  gateway.serve([lambdaApi([rotate], 1, (_, event) => events.push(event))]);
});
beforeEach(() => {
  events = [];
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await gateway.close();
});

const starterOf = (name: string) =>
  createRotateStarter(name, (Client) => {
    const client = new Client({ endpoint: gateway.url, maxAttempts: 1 });
    clients.push(client);
    return client;
  });

test.each(['x-rotate', 'arn:aws:lambda:us-east-1:000000000000:function:x-rotate'])(
  'starts the function %s asynchronously, with the request as its event',
  async (name) => {
    await starterOf(name).start(REQUEST);
    expect(events).toEqual([REQUEST]);
  },
);

test('rejects when Lambda does not accept the invocation', async () => {
  await expect(starterOf('another').start(REQUEST)).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  expect(events).toEqual([]);
});

test('rejects when the function was run instead of started', async () => {
  const client = { send: async () => ({ StatusCode: 200 }) };
  const starter = createRotateStarter('x-rotate', () => client as never);
  await expect(starter.start(REQUEST)).rejects.toThrow('did not accept');
});
