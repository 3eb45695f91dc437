import { createServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { fetchByNode } from '../../../lambdas/http-client.ts';
import { createZoom } from '../../../lambdas/tokens/apis/zoom.ts';
import { CLASSES, ZOOM_ERRORS } from '../../../lambdas/tokens/apis/zoom-errors.ts';
import { type LoopbackServer, listenOnLoopback } from '../../../local/loopback-server.ts';
import { consentAsBrowser } from '../../../local/zoom/consent.ts';
import { refusalsOf, type ZoomFaults } from '../../../local/zoom/faults.ts';
import { startZoom, type Zoom } from '../../../local/zoom/server.ts';

const NOW = 1_800_000_000;
const APP = { clientId: 'server_app', clientSecret: 'secret', accountId: 'account-1' };
const USER_APP = { clientId: 'user_app', clientSecret: 'secret' };
const faults: ZoomFaults = {};
const warnings: string[] = [];
let zoom: Zoom;
let callback: LoopbackServer;
let client: ReturnType<typeof createZoom>;

beforeAll(async () => {
  callback = await listenOnLoopback(createServer((_request, response) => response.end('connected')));
  const redirectUri = `${callback.url}/callback`;
  zoom = await startZoom({
    now: () => NOW,
    apps: [APP, { ...USER_APP, redirectUris: [redirectUri] }],
    faults,
  });
  client = createZoom({
    oauthUrl: zoom.url,
    apiUrl: zoom.url,
    redirectUri,
    fetch: fetchByNode,
    now: () => NOW,
    warn: (message) => void warnings.push(message),
  });
});
afterAll(() => Promise.all([zoom.close(), callback.close()]));
beforeEach(() => {
  for (const fault of Object.keys(faults)) delete faults[fault as keyof ZoomFaults];
  warnings.length = 0;
});

test('a local Zoom without faults grants a token that its API accepts', async () => {
  const { accessToken, expiresAt } = await client.accountCredentials(APP);
  expect(expiresAt).toBe(NOW + 3600);
  expect(await client.accepts(accessToken)).toEqual({ accepted: 'yes' });
});

test.each<[string, ZoomFaults]>([
  ['a byte order mark', { byteOrderMark: true }],
  ['gzip', { contentEncoding: 'gzip' }],
  ['br', { contentEncoding: 'br' }],
  ['deflate with a byte order mark', { contentEncoding: 'deflate', byteOrderMark: true }],
])('a local Zoom that sends %s loses no token of the functions’ client', async (_, fault) => {
  Object.assign(faults, fault);
  const { accessToken } = await client.accountCredentials(APP);
  expect(await client.accepts(accessToken)).toEqual({ accepted: 'yes' });
});

test.each(
  ZOOM_ERRORS.flatMap(({ codes, texts, refuses }) =>
    codes.flatMap((code) => texts.map((text) => ({ code, text, refuses }))),
  ),
)('a local Zoom refuses a refresh with $code "$text" in every body that was seen', async (error) => {
  for (const refusal of refusalsOf(error.code, error.text)) {
    faults.tokenRefusal = refusal;
    await expect(client.refresh(APP, 'a token')).rejects.toMatchObject({
      class: CLASSES[error.refuses].refresh_token,
    });
  }
});

test('a local Zoom may grant a consent without a refresh token', async () => {
  const codeVerifier = 'v'.repeat(43);
  const exchange = async () => {
    const link = await client.authorizationUrl(USER_APP, { state: 'state', codeVerifier });
    const { url } = await consentAsBrowser(link.href);
    return client.exchangeCode(USER_APP, new URL(url).searchParams.get('code') ?? '', codeVerifier);
  };
  expect((await exchange()).refreshToken).toEqual(expect.any(String));
  faults.tokenFields = { refresh_token: undefined };
  expect((await exchange()).refreshToken).toBeUndefined();
});

test.each<[string, ZoomFaults]>([
  ['a byte order mark', { byteOrderMark: true }],
  ['gzip', { contentEncoding: 'gzip' }],
])('a local Zoom that sends %s is understood when its API refuses a token', async (_, fault) => {
  Object.assign(faults, fault);
  expect(await client.accepts('another token')).toMatchObject({ accepted: 'no' });
});

test('a local Zoom with an odd expires_in grants a token for an hour, with a warning', async () => {
  faults.tokenFields = { expires_in: 3_600_000 };
  expect(await client.accountCredentials(APP)).toMatchObject({ expiresAt: NOW + 3600 });
  expect(warnings).toHaveLength(1);
});

test('a local Zoom refuses as it is told, compressed or not', async () => {
  faults.tokenRefusal = {
    status: 400,
    body: { status: false, errorCode: 4741, errorMessage: 'The token has been revoked.', result: null },
  };
  for (const contentEncoding of [undefined, 'gzip'] as const) {
    faults.contentEncoding = contentEncoding;
    await expect(client.refresh(APP, 'a token')).rejects.toMatchObject({ class: 'reconnect' });
  }
});

test('a local Zoom limits the rate of its token endpoint and of its API', async () => {
  const limited = {
    status: 429,
    headers: { 'retry-after': '7' },
    body: { code: 429, message: 'Slow down.' },
  };
  faults.userRefusal = limited;
  const { accessToken } = await client.accountCredentials(APP);
  await expect(client.user(accessToken)).rejects.toMatchObject({ class: 'retry', code: 'user_unanswered' });
  faults.tokenRefusal = limited;
  await expect(client.accountCredentials(APP)).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 7 });
});
