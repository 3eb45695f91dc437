import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createN8n } from '../../../../lambdas/tokens/apis/n8n.ts';
import { Failure } from '../../../../lambdas/tokens/errors.ts';
import { type Misbehaviour, startN8n } from '../../../support/services/n8n-server.ts';

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
    expect(server.n8n.credentials.get(id)).toEqual({
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
        server.n8n.canUpdate = false;
        return update();
      },
    ],
    [
      'the address has no API',
      'n8n_no_api',
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
    ['a page with 200 of a proxy before n8n', { status: 200, body: '<html>Log in</html>' }, 'n8n_no_api'],
    ['another credential', { status: 200, body: '{"id":"another"}' }, 'n8n_no_api'],
    ['an empty 204', { status: 204, body: '' }, 'n8n_refused'],
    ['a 400', { status: 400 }, 'n8n_refused'],
  ])('when the response is %s', async (_, misbehaves, code) => {
    server.control.misbehaves = misbehaves;
    const before = server.n8n.requests.length;
    expect(await failureOf(update())).toMatchObject({ class: 'misconfigured', code });
    expect(server.n8n.requests).toHaveLength(before);
  });
});

describe('a request to n8n is retried', () => {
  test.each<[string, Misbehaviour, string]>([
    ['a 500', { status: 500 }, 'n8n_unavailable'],
    ['a 502 as HTML', { status: 502, body: '<html></html>' }, 'n8n_unavailable'],
    ['a 429', { status: 429, headers: { 'retry-after': '70' } }, 'n8n_rate_limited'],
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
  }, 30_000);

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
