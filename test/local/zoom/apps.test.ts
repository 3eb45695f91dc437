import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startZoom, type Zoom } from '../../../local/zoom/server.ts';

const HOUR = 3600;
const USER_APP = { clientId: 'user_app-1', clientSecret: 'a+b%2F_c' };
const SERVER_APP = { clientId: 'server_app', clientSecret: 'secret', accountId: 'account-1' };

let now = 1_800_000_000;
let zoom: Zoom;

beforeAll(async () => {
  const userApp = { ...USER_APP, redirectUris: ['http://localhost:1/callback'] };
  zoom = await startZoom({ now: () => now, apps: [userApp, SERVER_APP] });
});

afterAll(() => zoom.close());

const basic = ({ clientId, clientSecret } = USER_APP) =>
  `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;

async function token(form: Record<string, string>, authorization = basic()) {
  const response = await fetch(`${zoom.url}/oauth/token`, {
    method: 'POST',
    headers: authorization ? { authorization } : {},
    body: new URLSearchParams(form),
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

const serverToken = () =>
  token({ grant_type: 'account_credentials', account_id: SERVER_APP.accountId }, basic(SERVER_APP));

async function me(accessToken = '') {
  const response = await fetch(`${zoom.url}/v2/users/me`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  return { status: response.status, body: await response.json() };
}

describe('a Server-to-Server app', () => {
  test('gets tokens that are valid side by side, without a refresh token', async () => {
    const [first, second] = [await serverToken(), await serverToken()];
    expect(first.body).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer',
      expires_in: HOUR,
      scope: expect.stringMatching(/^user:read:user:admin (meeting:\w+:\w+:admin ?){5}$/),
      api_url: zoom.url,
    });
    for (const { body } of [first, second]) {
      expect(await me(body.access_token)).toMatchObject({ status: 200, body: { account_id: 'account-1' } });
    }
  });

  test('gets tokens that are valid for one hour', async () => {
    const { body } = await serverToken();
    now += HOUR - 1;
    expect(await me(body.access_token)).toMatchObject({ status: 200 });
    now += 1;
    expect(await me(body.access_token)).toMatchObject({ status: 401, body: { code: 124 } });
  });

  test('is refused with the ID of another account', async () => {
    const form = { grant_type: 'account_credentials', account_id: 'account-2' };
    expect(await token(form, basic(SERVER_APP))).toEqual({
      status: 400,
      body: { reason: 'Invalid Account Id.', error: 'invalid_request' },
    });
  });
});

test.each([
  ['missing', '', 401],
  ['wrong', basic({ ...USER_APP, clientSecret: 'wrong' }), 400],
  ['unknown', basic({ ...USER_APP, clientId: 'nobody' }), 400],
  ['form-encoded', basic({ ...USER_APP, clientId: 'user%5Fapp%2D1' }), 400],
])('a token request with %s credentials is refused', async (_kind, authorization, status) => {
  const invalidClient = { reason: 'Invalid client_id or client_secret', error: 'invalid_client' };
  const form = { client_id: USER_APP.clientId, client_secret: USER_APP.clientSecret };
  expect(await token({ ...form, grant_type: 'refresh_token' }, authorization)).toEqual({
    status,
    body: invalidClient,
  });
});

test.each([
  ['unknown', { grant_type: 'password' }],
  ['missing', {}],
  ['one of another kind of app', { grant_type: 'account_credentials', account_id: 'account-1' }],
])('a token request is refused when its grant type is %s', async (_kind, form: Record<string, string>) => {
  expect(await token(form)).toEqual({
    status: 400,
    body: { reason: 'unsupported grant type', error: 'unsupported_grant_type' },
  });
});

test('a revocation request without a token is refused', async () => {
  const headers = { authorization: basic() };
  const response = await fetch(`${zoom.url}/oauth/revoke`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(),
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: 'invalid_request' });
});

test('the API responds 404 to an endpoint that it does not have', async () => {
  const unknown = await fetch(`${zoom.url}/v2/meetings`);
  expect(unknown.status).toBe(404);
  expect(await unknown.json()).toEqual({ code: 2300, message: 'This API endpoint is not recognized.' });
});
