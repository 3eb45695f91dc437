import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fetchByNode } from '../../lambdas/http-client.ts';
import type { Fetch, HttpRequest } from '../../lambdas/tokens/apis/http.ts';
import { type LoopbackServer, listenOnLoopback } from '../../local/loopback-server.ts';
import { freePort } from '../support/services/machine.ts';

// What the functions ask Zoom and n8n with, beside the global `fetch`: the domain must not see a difference.

let listening: LoopbackServer;
let url: string;
/** The requests that the server got, and on how many connections. */
const asked: { method?: string | undefined; headers: IncomingHttpHeaders; body: string }[] = [];
let connections = 0;
/** The connection that the server has closed by itself. */
let closed: Promise<unknown>;

beforeAll(async () => {
  const server = createServer(async (request, response) => {
    asked.push({ method: request.method, headers: request.headers, body: await text(request) });
    switch (request.url) {
      case '/redirect':
        response.writeHead(302, { location: `${url}/elsewhere` }).end();
        break;
      case '/cut':
        response.writeHead(200, { 'content-length': 100 }).write('{"access_token"');
        response.destroy();
        break;
      case '/never':
        break;
      case '/begun':
        response.writeHead(200, { 'content-length': 100 }).write('{"access_token"');
        break;
      case '/once':
        closed = once(request.socket, 'close');
        response.end('once');
        request.socket.destroySoon();
        break;
      case '/garbage':
        response.socket?.end(
          'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{"access_token":"a secret of Zoom"}',
        );
        break;
      case '/pieces':
        // The euro sign's three bytes arrive in two pieces.
        response.write(Buffer.from([0xe2]));
        response.end(Buffer.from([0x82, 0xac]));
        break;
      default:
        response.writeHead(429, { 'Retry-After': '7' }).end('{"reason":"slow down"}');
    }
  });
  server.on('connection', () => {
    connections += 1;
  });
  listening = await listenOnLoopback(server);
  url = listening.url;
});
afterAll(() => listening.close());

const post = (signal = AbortSignal.timeout(60_000)): HttpRequest => ({
  method: 'POST',
  headers: { authorization: 'Basic x', 'content-type': 'application/x-www-form-urlencoded' },
  body: 'grant_type=refresh_token&name=%C3%A9é',
  redirect: 'manual',
  signal,
});

describe.each<[string, Fetch]>([
  ['the global fetch', fetch],
  ["Node's client", fetchByNode],
])('%s', (_, send) => {
  test('sends the method, the headers and the body', async () => {
    await send(`${url}/`, post());
    expect(asked.at(-1)).toMatchObject({
      method: 'POST',
      headers: {
        authorization: 'Basic x',
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': '38',
        'user-agent': expect.stringMatching(/./),
      },
      body: 'grant_type=refresh_token&name=%C3%A9é',
    });
    const get: HttpRequest = { method: 'GET', headers: {}, redirect: 'manual', signal: post().signal };
    await send(`${url}/?a=b`, get);
    expect(asked.at(-1)).toMatchObject({ method: 'GET', body: '' });
  });

  test('answers the status, a header in any case, none that is not there, and the text', async () => {
    const answer = await send(`${url}/`, post());
    expect(answer).toMatchObject({ status: 429, ok: false });
    expect([answer.headers.get('retry-after'), answer.headers.get('Retry-After')]).toEqual(['7', '7']);
    expect(answer.headers.get('date-of-birth')).toBeNull();
    expect(await answer.text()).toBe('{"reason":"slow down"}');
  });

  test('puts characters together that arrive in pieces', async () => {
    const answer = await send(`${url}/pieces`, post());
    expect(answer.ok).toBe(true);
    expect(await answer.text()).toBe('€');
  });

  test('follows no redirect', async () => {
    expect((await send(`${url}/redirect`, post())).status).toBe(302);
  });

  test('names the system’s code where nobody listens', async () => {
    await expect(send(`http://127.0.0.1:${await freePort()}/`, post())).rejects.toMatchObject({
      name: 'TypeError',
      cause: { code: 'ECONNREFUSED' },
    });
  });

  test('rejects when the answer is cut', async () => {
    const read = async () => (await send(`${url}/cut`, post())).text();
    await expect(read()).rejects.toMatchObject({ name: 'TypeError' });
  });

  test('rejects with the reason of its signal when no answer comes in time', async () => {
    await expect(send(`${url}/never`, post(AbortSignal.timeout(20)))).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    await expect(send(`${url}/`, post(AbortSignal.abort(new Error('given up'))))).rejects.toThrow('given up');
  });

  test('rejects with that reason as well when the answer stops in the middle', async () => {
    const read = async () => (await send(`${url}/begun`, post(AbortSignal.timeout(50)))).text();
    await expect(read()).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('takes another connection when the server has closed the one before', async () => {
    for (let time = 0; time < 2; time += 1) {
      expect(await (await send(`${url}/once`, post())).text()).toBe('once');
      await closed;
      // The news of it is read between two turns.
      for (let turn = 0; turn < 2; turn += 1) await setImmediate();
    }
  });

  test('speaks TLS to an https address', async () => {
    await expect(send(url.replace('http:', 'https:'), post())).rejects.toMatchObject({
      name: 'TypeError',
      cause: { code: expect.stringMatching(/SSL|EPROTO/) },
    });
  });
});

test('an answer that cannot be read is in no part of the error', async () => {
  const error: unknown = await fetchByNode(`${url}/garbage`, post()).catch((failure) => failure);
  expect(error).toMatchObject({ cause: { code: expect.stringMatching(/^HPE_/) } });
  expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('a secret');
});

test('asks for an answer that is not compressed', async () => {
  await fetchByNode(`${url}/`, post());
  expect(asked.at(-1)?.headers['accept-encoding']).toBe('identity');
});

test('one request after the other takes one connection', async () => {
  await fetchByNode(`${url}/`, post());
  const before = connections;
  for (let i = 0; i < 3; i += 1) await fetchByNode(`${url}/`, post());
  expect(connections).toBe(before);
});
