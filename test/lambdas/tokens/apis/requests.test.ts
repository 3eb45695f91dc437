import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Fetch, HttpRequest } from '../../../../lambdas/tokens/apis/http.ts';
import { createN8n } from '../../../../lambdas/tokens/apis/n8n.ts';
import { createZoom, type Zoom } from '../../../../lambdas/tokens/apis/zoom.ts';
import {
  N8N_TIMEOUT_SECONDS,
  USER_TIMEOUT_SECONDS,
  ZOOM_TIMEOUT_SECONDS,
} from '../../../../lambdas/tokens/time-budget.ts';

const APP = { clientId: 'the-id', clientSecret: 'the-secret', accountId: 'the-account' };
const TOKENS = { access_token: 'a', refresh_token: 'r', expires_in: 3600, token_type: 'bearer' };

let sent: { url: string; request: HttpRequest }[];
let timeouts: number[];
let body: object;
let zoom: Zoom;

const fetch: Fetch = async (url, request) => {
  sent.push({ url, request });
  return Response.json(body);
};

beforeEach(() => {
  sent = [];
  timeouts = [];
  body = TOKENS;
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  jest.spyOn(AbortSignal, 'timeout').mockImplementation((milliseconds) => {
    timeouts.push(milliseconds);
    return timeout(milliseconds);
  });
  zoom = createZoom({
    oauthUrl: 'https://zoom.example',
    apiUrl: 'https://api.zoom.example',
    redirectUri: 'https://tokens.example/callback',
    ...{ fetch, now: () => 1_900_000_000 },
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe("a request to Zoom's OAuth endpoints", () => {
  test.each<[string, () => Promise<unknown>, string, Record<string, string>]>([
    [
      'for the tokens of a code',
      () => zoom.exchangeCode(APP, 'the-code', 'the-verifier'),
      '/oauth/token',
      {
        ...{ grant_type: 'authorization_code', code: 'the-code', code_verifier: 'the-verifier' },
        redirect_uri: 'https://tokens.example/callback',
      },
    ],
    [
      'for a refresh',
      () => zoom.refresh(APP, 'the-token'),
      '/oauth/token',
      { grant_type: 'refresh_token', refresh_token: 'the-token' },
    ],
    [
      'for a Server-to-Server token',
      () => zoom.accountCredentials(APP),
      '/oauth/token',
      { grant_type: 'account_credentials', account_id: 'the-account' },
    ],
    [
      'for a revocation',
      () => {
        body = { status: 'success' };
        return zoom.revoke(APP, 'the-token');
      },
      '/oauth/revoke',
      { token: 'the-token' },
    ],
  ])(
    '%s is one POST with these parameters, which no redirect takes elsewhere',
    async (_, run, path, parameters) => {
      await run();
      expect(sent).toHaveLength(1);
      const [{ url, request } = { url: '', request: {} as HttpRequest }] = sent;
      expect(url).toBe(`https://zoom.example${path}`);
      expect(request).toMatchObject({
        method: 'POST',
        redirect: 'manual',
        headers: { authorization: `Basic ${Buffer.from('the-id:the-secret').toString('base64')}` },
      });
      expect(Object.fromEntries(new URLSearchParams(request.body))).toEqual(parameters);
      expect(timeouts).toEqual([ZOOM_TIMEOUT_SECONDS * 1000]);
    },
  );
});

test('the address of the consent has the challenge of the verifier by SHA-256, and never the verifier', async () => {
  const url = await zoom.authorizationUrl(APP, { state: 'the-state', codeVerifier: 'v'.repeat(43) });
  expect(url.origin + url.pathname).toBe('https://zoom.example/oauth/authorize');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    ...{ response_type: 'code', client_id: 'the-id', state: 'the-state' },
    redirect_uri: 'https://tokens.example/callback',
    code_challenge: createHash('sha256').update('v'.repeat(43)).digest('base64url'),
    code_challenge_method: 'S256',
  });
});

test("a request to Zoom's API has the token in a header, a time-out of its own, and follows no redirect", async () => {
  body = { id: 'ada' };
  expect(await zoom.user('the-token')).toMatchObject({ id: 'ada' });
  expect(sent).toMatchObject([
    {
      url: 'https://api.zoom.example/v2/users/me',
      request: { method: 'GET', redirect: 'manual', headers: { authorization: 'Bearer the-token' } },
    },
  ]);
  expect(timeouts).toEqual([USER_TIMEOUT_SECONDS * 1000]);
});

describe('the credentials that n8n lists', () => {
  const NOW = Date.UTC(2030, 0, 1);
  const credential = (id: string, age: number, changed = {}) => ({
    ...{ id, name: 'Zoom main', type: 'zoomApi', createdAt: new Date(NOW - age).toISOString() },
    ...changed,
  });
  const find = async (headers: Record<string, string>) => {
    const data = [
      credential('now', 0),
      credential('at the limit', 60_000),
      credential('too old', 60_001),
      credential('of another name', 0, { name: 'Zoom other' }),
      credential('of another type', 0, { type: 'httpBasicAuth' }),
    ];
    const n8n = createN8n(async () => Response.json({ data, nextCursor: null }, { headers }));
    return n8n.find({ url: 'https://n8n.example', apiKey: 'the-key' }, 'Zoom main', 60);
  };

  test('are those of this name and type that are young enough by its own clock', async () => {
    expect(await find({ date: new Date(NOW).toUTCString() })).toEqual(['now', 'at the limit']);
  });

  test('are not known without its clock', async () => {
    expect(await find({})).toBeUndefined();
  });
});

test('a request to n8n has its key in a header, a time-out of its own, and follows no redirect', async () => {
  body = { id: 'the-id', type: 'zoomApi' };
  const n8n = createN8n(fetch);
  await n8n.update({ url: 'https://n8n.example', apiKey: 'the-key' }, 'the-id', 'the-token');
  expect(sent).toMatchObject([
    {
      url: 'https://n8n.example/api/v1/credentials/the-id',
      request: { method: 'PATCH', redirect: 'manual', headers: { 'x-n8n-api-key': 'the-key' } },
    },
  ]);
  expect(timeouts).toEqual([N8N_TIMEOUT_SECONDS * 1000]);
});
