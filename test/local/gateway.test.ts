import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { json, text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type Gateway, httpApi, openGateway } from '../../local/gateway.ts';
import { localhostUrl } from '../../local/loopback-server.ts';

/** The events that the function was invoked with, and the result that it returns or throws. */
let events: APIGatewayProxyEventV2[];
let result: APIGatewayProxyStructuredResultV2 | Error;
let gateway: Gateway;

beforeAll(async () => {
  gateway = await openGateway(0);
  const callback = {
    name: 'callback',
    timeoutSeconds: 25,
    handler: async (event: APIGatewayProxyEventV2) => {
      events.push(event);
      if (result instanceof Error) throw result;
      return result;
    },
  };
  gateway.serve([httpApi(callback, 1)]);
});

afterAll(() => gateway.close());

/** Sends headers unchanged, repeated headers and `Host` included. `fetch` does not. */
async function send(path: string, headers: OutgoingHttpHeaders = {}, method = 'GET', body?: string) {
  events = [];
  const request = httpRequest(`${gateway.url}${path}`, { method, headers }).end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

describe('the gateway converts a request to an event of API Gateway, payload format 2.0,', () => {
  test('with its path, query, headers and request context', async () => {
    result = { statusCode: 204 };
    const { port } = new URL(gateway.url);
    const response = await send('/callback?code=a%26b&state=s', {
      'User-Agent': 'a browser',
      'X-Twice': ['one', 'two'],
      Cookie: 'first=1; second=2=2',
    });
    response.resume();

    expect(events).toEqual([
      {
        version: '2.0',
        routeKey: 'GET /callback',
        rawPath: '/callback',
        rawQueryString: 'code=a%26b&state=s',
        cookies: ['first=1', 'second=2=2'],
        headers: {
          host: `localhost:${port}`,
          'user-agent': 'a browser',
          'x-twice': 'one,two',
          connection: 'keep-alive',
        },
        queryStringParameters: { code: 'a&b', state: 's' },
        requestContext: {
          accountId: '000000000000',
          apiId: 'local',
          domainName: `localhost:${port}`,
          domainPrefix: 'local',
          http: {
            method: 'GET',
            path: '/callback',
            protocol: 'HTTP/1.1',
            sourceIp: '127.0.0.1',
            userAgent: 'a browser',
          },
          requestId: expect.any(String),
          routeKey: 'GET /callback',
          stage: '$default',
          time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
          timeEpoch: expect.any(Number),
        },
        isBase64Encoded: false,
      },
    ]);
  });

  test('with the values of repeated parameters joined by commas', async () => {
    result = { statusCode: 204 };
    (await send('/connect?ticket=1&ticket=2')).resume();
    expect(events[0]).toMatchObject({
      rawQueryString: 'ticket=1&ticket=2',
      queryStringParameters: { ticket: '1,2' },
    });
  });

  test("with the unchanged body of Zoom's webhook, and the app in its path", async () => {
    result = { statusCode: 200 };
    const body = '{ "event": "größer" }';
    (await send('/zoom/events', { 'X-Zm-Signature': 'v0=1' }, 'POST', body)).resume();
    expect(events[0]).toMatchObject({ body, isBase64Encoded: false, headers: { 'x-zm-signature': 'v0=1' } });
    (await send('/zoom/events/reports', {}, 'POST', body)).resume();
    expect(events[0]).toMatchObject({ rawPath: '/zoom/events/reports', body });
  });

  test('without cookies, parameters and body when the request has none', async () => {
    result = { statusCode: 204 };
    (await send('/connect')).resume();
    expect(events[0]).not.toHaveProperty('cookies');
    expect(events[0]).not.toHaveProperty('queryStringParameters');
    expect(events[0]).not.toHaveProperty('body');
  });
});

describe('the gateway converts the result of the function to a response', () => {
  test('with a header for each cookie', async () => {
    result = {
      statusCode: 302,
      headers: { Location: '/there' },
      cookies: ['a=1; HttpOnly', 'b=2'],
      body: '{}',
    };
    const response = await send('/connect');
    expect(response.statusCode).toBe(302);
    expect(response.headers).toMatchObject({ location: '/there', 'set-cookie': ['a=1; HttpOnly', 'b=2'] });
    expect(await json(response)).toEqual({});
  });

  test('that is an Internal Server Error without the reason when the function throws', async () => {
    result = new Error('the reason');
    const response = await send('/connect');
    expect(response.statusCode).toBe(500);
    expect(await json(response)).toEqual({ message: 'Internal Server Error' });
  });
});

test.each([
  ['GET', '/connect', 'GET /connect'],
  ['POST', '/connect', 'POST /connect'],
  ['GET', '/callback', 'GET /callback'],
  ['POST', '/zoom/events', 'POST /zoom/events'],
  ['POST', '/zoom/events/reports', 'POST /zoom/events/{app}'],
  ['GET', '/zoom/events', '$default'],
  ['POST', '/zoom/events/', '$default'],
  ['POST', '/zoom/events/reports/more', '$default'],
  ['GET', '/elsewhere', '$default'],
  ['GET', '/connect/', '$default'],
  ['POST', '/callback', '$default'],
  ['HEAD', '/connect', '$default'],
])('a request %s %s invokes the function by the route %s', async (method, path, routeKey) => {
  result = { statusCode: 204 };
  (await send(path, {}, method)).resume();
  expect(events).toMatchObject([{ routeKey, requestContext: { routeKey, http: { method, path } } }]);
});

describe('a request that arrives before the gateway is ready', () => {
  let early: Gateway;

  beforeEach(async () => {
    early = await openGateway(0);
  });

  afterEach(() => early.close());

  /** Sends a request. Resolves once the gateway has accepted it and requests its body. */
  async function arrive() {
    const request = httpRequest(early.url, { method: 'POST', headers: { expect: '100-continue' } });
    request.flushHeaders();
    await once(request, 'continue');
    return request;
  }

  test('gets its response, with its body read, once the gateway is ready', async () => {
    const request = await arrive();
    early.serve([
      async (received, response) => {
        response.end(`received: ${await text(received)}`);
        return true;
      },
    ]);
    const [response] = (await once(request.end('the body'), 'response')) as [IncomingMessage];
    expect(await text(response)).toBe('received: the body');
  });

  test('fails at once when the gateway closes before it is ready', async () => {
    const failed = once(await arrive(), 'response');
    await early.close();
    await expect(failed).rejects.toThrow('socket hang up');
  });
});

test.each(['evil.example', 'localhost.evil.example', 'localhost:8787@evil.example'])(
  'a request with the Host header %s is refused, as a guard against DNS rebinding',
  async (host) => {
    const response = await send('/connect', { host });
    response.resume();
    expect(response.statusCode).toBe(403);
    expect(events).toEqual([]);
  },
);

test.each([
  [80, 'http://localhost'],
  [8787, 'http://localhost:8787'],
])('the address of port %d is the one that a browser sends, so that a redirect URL matches', (port, url) => {
  expect(localhostUrl(port)).toBe(url);
});
