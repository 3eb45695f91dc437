import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createN8n } from '../../../../lambdas/tokens/apis/n8n.ts';
import { LostResponse } from '../../../../lambdas/tokens/apis/n8n-failures.ts';
import { Failure } from '../../../../lambdas/tokens/errors.ts';
import {
  type Misbehaviour,
  PROXIES,
  RESTARTS,
  STARTING_UP,
  startN8n,
} from '../../../support/services/n8n-server.ts';

const n8n = createN8n(fetch);
let server: Awaited<ReturnType<typeof startN8n>>;
beforeEach(async () => {
  server = await startN8n();
});
afterEach(() => server.close());

const TOKEN = 'the-access-token-of-zoom';
const instance = (apiKey = server.n8n.apiKey, url = server.url) => ({ url, apiKey });

/** Returns the failure of a request. */
async function failureOf(request: Promise<unknown>): Promise<Failure> {
  const error = await request.then(() => undefined).catch((reason: unknown) => reason);
  if (error instanceof Failure) return error;
  throw new Error(`expected a Failure, got ${error}`);
}

describe('an n8n credential', () => {
  test('is created with the type Zoom API', async () => {
    const id = await n8n.create(instance(), 'Zoom main', TOKEN);
    expect(server.n8n.credentials.get(id)).toMatchObject({
      name: 'Zoom main',
      type: 'zoomApi',
      data: { accessToken: TOKEN },
    });
  });

  test('gets a new token and keeps its name', async () => {
    const id = await n8n.create(instance(), 'Zoom main', TOKEN);
    await n8n.update(instance(), id, 'the next token');
    expect(server.n8n.credentials.get(id)).toMatchObject({
      name: 'Zoom main',
      data: { accessToken: 'the next token' },
    });
  });

  test('keeps all fields but the access token when it takes a new one', async () => {
    const domains = { allowedHttpRequestDomains: 'domains', allowedDomains: 'api.zoom.us' };
    const id = server.n8n.add('zoomApi', { accessToken: 'old', ...domains });
    await n8n.update(instance(), id, TOKEN);
    expect(server.n8n.credentials.get(id)?.data).toEqual({ accessToken: TOKEN, ...domains });
  });

  test('keeps all fields in an n8n that does not know isPartialData, which is reported as too old', async () => {
    server.n8n.version = 'without isPartialData';
    const fields = { accessToken: 'old', allowedDomains: 'api.zoom.us' };
    const id = server.n8n.add('zoomApi', fields);
    for (const request of [n8n.type(instance(), id), n8n.update(instance(), id, TOKEN)]) {
      const error = await failureOf(request);
      expect(error).toMatchObject({ class: 'misconfigured', code: 'n8n_too_old' });
      expect(error.action).toBe('Upgrade n8n to 2.3.2 or later.');
    }
    expect(server.n8n.credentials.get(id)?.data).toEqual(fields);
  });

  test('is created once under the same id', async () => {
    expect(await n8n.createAs(instance(), 'an-id-of-ours', 'Zoom', TOKEN)).toEqual({
      kind: 'created',
      id: 'an-id-of-ours',
    });
    expect(await n8n.createAs(instance(), 'an-id-of-ours', 'Zoom', TOKEN)).toEqual({ kind: 'exists' });
  });

  test('is not created under an id of ours by an n8n that chooses the ids', async () => {
    server.n8n.version = '2.38.7';
    const before = server.n8n.credentials.size;
    expect(await n8n.createAs(instance(), 'another-id', 'Zoom', TOKEN)).toEqual({ kind: 'id_refused' });
    expect(server.n8n.credentials.size).toBe(before);
  });

  test('is found by its name, its type and its age, with the scope credential:list', async () => {
    const id = await n8n.create(instance(), 'Zoom of today', TOKEN);
    await expect(n8n.find(instance(), 'Zoom of today', 60)).rejects.toMatchObject({
      code: 'n8n_scope_missing',
      action: expect.stringContaining('credential:list'),
    });
    server.n8n.scopes.add('credential:list');
    expect(await n8n.find(instance(), 'Zoom of today', 60)).toEqual([id]);
    expect(await n8n.find(instance(), 'Zoom of today', -60)).toEqual([]);
    expect(await n8n.find(instance(), 'Zoom', 60)).not.toContain(id);
  });

  test('is tested by n8n with the scope credential:read', async () => {
    const id = server.n8n.add('zoomApi', { accessToken: TOKEN });
    await expect(n8n.test(instance(), id)).rejects.toMatchObject({
      code: 'n8n_scope_missing',
      action: expect.stringContaining('credential:read'),
    });
    server.n8n.scopes.add('credential:read');
    expect(await n8n.test(instance(), id)).toEqual({ ok: true, message: 'Connection successful!' });
    server.n8n.zoomAccepts = () => false;
    expect(await n8n.test(instance(), id)).toMatchObject({ ok: false });
  });

  test("is tested without n8n's message carrying a token or a terminal's control characters", async () => {
    const body = JSON.stringify({ status: 'Error', message: `\u001b[31mBad ${'t'.repeat(60)}\u0007` });
    server.control.misbehaves = { status: 200, headers: { 'content-type': 'application/json' }, body };
    expect(await n8n.test(instance(), 'id')).toEqual({ ok: false, message: '[31mBad …' });
  });

  test('keeps its data when its type is read', async () => {
    const id = server.n8n.add('slackApi', { accessToken: 'of Slack' });
    expect(await n8n.type(instance(), id)).toBe('slackApi');
    expect(server.n8n.token(id)).toBe('of Slack');
  });

  test('with a path as its id is requested with that id encoded', async () => {
    await failureOf(n8n.update(instance(), '../workflows/1', TOKEN));
    expect(server.n8n.requests.at(-1)).toBe('PATCH /api/v1/credentials/..%2Fworkflows%2F1');
  });

  test('of an n8n under a path is requested under that path', async () => {
    await failureOf(n8n.update(instance(undefined, `${server.url}/n8n`), 'id', TOKEN));
    expect(server.n8n.requests.at(-1)).toBe('PATCH /n8n/api/v1/credentials/id');
  });
});

describe('n8n is misconfigured', () => {
  const update = () => n8n.update(instance(), 'an-id', TOKEN);

  test.each<[string, string, RegExp, () => Promise<unknown>]>([
    [
      'n8n does not know the API key',
      'n8n_key_refused',
      /new one/,
      () => n8n.update(instance('k'), 'i', TOKEN),
    ],
    [
      'the API key lacks the scope',
      'n8n_scope_missing',
      /credential:update/,
      () => {
        server.n8n.scopes.clear();
        return update();
      },
    ],
    ['the credential is gone', 'n8n_credential_gone', /n8n link again/, update],
    [
      'n8n’s version cannot update a credential',
      'n8n_cannot_update',
      /Upgrade/,
      () => {
        server.n8n.version = '2.39.5';
        return update();
      },
    ],
    [
      'the address has no API',
      'n8n_intercepted',
      /address/,
      () => n8n.create(instance(undefined, `${server.url}/x`), 'n', TOKEN),
    ],
  ])('when %s', async (_, code, action, request) => {
    const error = await failureOf(request());
    expect(error).toMatchObject({ class: 'misconfigured', code });
    expect(error.message).toContain(server.url);
    expect(error.action).toMatch(action);
  });

  test.each<[string, Misbehaviour, string]>([
    ['a redirect', { status: 302, headers: { location: 'https://elsewhere.example.com' } }, 'n8n_redirects'],
    ['a permanent redirect', { status: 308, headers: { location: '/elsewhere' } }, 'n8n_redirects'],
    ['another credential', { status: 200, body: '{"id":"another"}' }, 'n8n_intercepted'],
    ['an empty 204', { status: 204, body: '' }, 'n8n_intercepted'],
    ['a 400 that quotes the request', { status: 400 }, 'n8n_intercepted'],
    ["n8n's own 400", { status: 400, body: '{"message":"request.body.data is wrong"}' }, 'n8n_refused'],
  ])('when the response is %s', async (_, misbehaves, code) => {
    server.control.misbehaves = misbehaves;
    const before = server.n8n.requests.length;
    expect(await failureOf(update())).toMatchObject({ class: 'misconfigured', code });
    expect(server.n8n.requests).toHaveLength(before);
  });
});

describe('a response that n8n did not give', () => {
  const REQUESTS: [string, (id: string) => Promise<unknown>][] = [
    ['a push', (id) => n8n.update(instance(), id, TOKEN)],
    ['a question for the type', (id) => n8n.type(instance(), id)],
    ['a creation', () => n8n.create(instance(), 'Zoom', TOKEN)],
    ['a creation under an id of ours', (id) => n8n.createAs(instance(), id, 'Zoom', TOKEN)],
    ['a test', (id) => n8n.test(instance(), id)],
    ['a list', () => n8n.find(instance(), 'Zoom', 60)],
  ];
  const cases = <T extends object>(responses: T) =>
    Object.entries(responses).flatMap(([name, response]) =>
      REQUESTS.map(([what, request]) => ({ name, response: response as Misbehaviour, what, request })),
    );

  test.each(cases(PROXIES))('$name to $what is something in front of n8n', async ({ response, request }) => {
    server.control.misbehaves = response;
    const error = await failureOf(request('an-id'));
    expect(error).toMatchObject({ class: 'misconfigured', code: 'n8n_intercepted' });
    const { status } = response as { status: number };
    expect(error.message).toMatch(`Something in front of n8n at ${server.url} responded (HTTP ${status}, `);
    const told = `${error.message} ${error.action}`;
    expect(told).not.toContain(TOKEN);
    expect(told).not.toContain(server.n8n.apiKey);
  });

  test.each(cases(RESTARTS))('$name to $what passes by itself', async ({ response, request }) => {
    server.control.misbehaves = response;
    expect(await failureOf(request('an-id'))).toMatchObject({ class: 'retry', code: 'n8n_intercepted' });
  });

  test.each(REQUESTS)('%s to an n8n that is starting up passes by itself', async (_, request) => {
    server.control.misbehaves = STARTING_UP;
    expect(await failureOf(request('an-id'))).toMatchObject({
      class: 'retry',
      code: 'n8n_unavailable',
      message: `n8n at ${server.url} is starting up.`,
    });
  });

  test('names its media type, and none that is no media type', async () => {
    server.control.misbehaves = PROXIES["Traefik's 404"];
    expect((await failureOf(n8n.update(instance(), 'id', TOKEN))).message).toContain(
      '(HTTP 404, text/plain)',
    );
    server.control.misbehaves = { status: 404, headers: { 'content-type': `<b>${TOKEN}</b>` } };
    expect((await failureOf(n8n.update(instance(), 'id', TOKEN))).message).toContain(
      '(HTTP 404, no media type)',
    );
  });

  test('to a creation leaves unknown whether it was made when the gateway timed out', async () => {
    server.control.misbehaves = { status: 504, body: '' };
    expect(await failureOf(n8n.create(instance(), 'n', TOKEN))).toBeInstanceOf(LostResponse);
    server.control.misbehaves = RESTARTS["nginx's 502"];
    expect(await failureOf(n8n.create(instance(), 'n', TOKEN))).not.toBeInstanceOf(LostResponse);
  });
});

describe('a request to n8n is retried', () => {
  const own = (status: number) => ({ status, body: '{"message":"Oops"}' });
  test.each<[string, Misbehaviour, string]>([
    ["n8n's own 500", own(500), 'n8n_unavailable'],
    ["a proxy's 500", { status: 500 }, 'n8n_intercepted'],
    ["n8n's own 429", { ...own(429), headers: { 'retry-after': '70' } }, 'n8n_rate_limited'],
    ['a connection reset', 'resets', 'n8n_unreachable'],
  ])('after %s', async (_, misbehaves, code) => {
    server.control.misbehaves = misbehaves;
    const error = await failureOf(n8n.update(instance(), 'id', TOKEN));
    expect(error).toMatchObject({ class: 'retry', code });
    expect(error.retryAfter).toBe(code === 'n8n_rate_limited' ? 70 : undefined);
  });

  test('after five seconds without a response', async () => {
    server.control.misbehaves = 'hangs';
    expect(await failureOf(n8n.update(instance(), 'id', TOKEN))).toMatchObject({
      class: 'retry',
      code: 'n8n_unreachable',
      message: `n8n at ${server.url} did not respond within 5 s (TimeoutError).`,
    });
  });

  test('when nothing listens at the address', async () => {
    const nowhere = await startN8n();
    await nowhere.close();
    expect(await failureOf(n8n.update(instance('key', nowhere.url), 'id', TOKEN))).toMatchObject({
      class: 'retry',
      code: 'n8n_unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
