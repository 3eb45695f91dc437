import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import { type LoopbackServer, listenOnLoopback } from '../../../local/loopback-server.ts';
import { consentAsBrowser } from '../../../local/zoom/consent.ts';
import { startZoom, type Zoom, type ZoomOptions } from '../../../local/zoom/server.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const USER_APP = { clientId: 'user_app-1', clientSecret: 'a+b%2F_c' };
const SERVER_APP = { clientId: 'server_app', clientSecret: 'secret', accountId: 'account-1' };
const http = { [oauth.allowInsecureRequests]: true };

let now: number;
let zoom: Zoom;
let app: LoopbackServer;
let redirectUri: string;

beforeEach(async () => {
  now = 1_800_000_000;
  app = await listenOnLoopback(createServer((_request, response) => response.end('back')));
  redirectUri = `http://localhost:${app.port}/callback`;
  zoom = await start();
});

afterEach(async () => {
  await zoom.close();
  await app.close();
});

function start(options: Partial<ZoomOptions> = {}): Promise<Zoom> {
  const apps = [{ ...USER_APP, redirectUris: [redirectUri] }, SERVER_APP];
  return startZoom({ now: () => now, apps, ...options });
}

const basic = ({ clientId, clientSecret } = USER_APP) =>
  `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;

async function post(path: string, form: Record<string, string>, authorization = basic()) {
  const response = await fetch(zoom.url + path, {
    method: 'POST',
    headers: authorization ? { authorization } : {},
    body: new URLSearchParams(form),
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

const token = (form: Record<string, string>, authorization?: string) =>
  post('/oauth/token', form, authorization);
const refresh = (refreshToken = '') => token({ grant_type: 'refresh_token', refresh_token: refreshToken });

async function me(accessToken = '') {
  const response = await fetch(`${zoom.url}/v2/users/me`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  return { status: response.status, body: await response.json() };
}

const authorizeUrl = (parameters: Record<string, string> = {}) =>
  `${zoom.url}/oauth/authorize?${new URLSearchParams({
    response_type: 'code',
    client_id: USER_APP.clientId,
    redirect_uri: redirectUri,
    ...parameters,
  })}`;

/** Consents as the user. Returns the parameters that exchange the code. */
async function consent(user?: string, parameters?: Record<string, string>) {
  const { url } = await consentAsBrowser(authorizeUrl(parameters), user ? { user } : {});
  return {
    grant_type: 'authorization_code',
    code: new URL(url).searchParams.get('code') ?? '',
    redirect_uri: redirectUri,
  };
}

const connect = async (user?: string) => (await token(await consent(user))).body;

const ALIVE = { status: 200 };
const DEAD = { status: 401, body: { code: 124, message: 'Invalid access token.' } };
const INVALID_TOKEN = { status: 400, body: { reason: 'Invalid Token!', error: 'invalid_grant' } };

test('a standard OAuth client connects a user with PKCE, rotates, and revokes', async () => {
  const server = {
    issuer: zoom.url,
    token_endpoint: `${zoom.url}/oauth/token`,
    revocation_endpoint: `${zoom.url}/oauth/revoke`,
  };
  const client = { client_id: USER_APP.clientId };
  const authentication: oauth.ClientAuth = (_server, _client, _body, headers) =>
    headers.set('authorization', basic());
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const { url } = await consentAsBrowser(
    authorizeUrl({
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }),
  );

  const parameters = oauth.validateAuthResponse(server, client, new URL(url), state);
  const tokens = await oauth.processAuthorizationCodeResponse(
    server,
    client,
    await oauth.authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      parameters,
      redirectUri,
      verifier,
      http,
    ),
  );
  expect(tokens).toMatchObject({
    token_type: 'bearer',
    expires_in: HOUR,
    scope:
      'user:read:user meeting:write:meeting meeting:read:meeting meeting:read:list_meetings meeting:update:meeting meeting:delete:meeting',
    api_url: zoom.url,
  });
  expect(Object.keys(tokens)).not.toContain('id_token');

  const rotated = await oauth.processRefreshTokenResponse(
    server,
    client,
    await oauth.refreshTokenGrantRequest(
      server,
      client,
      authentication,
      tokens.refresh_token as string,
      http,
    ),
  );
  expect(rotated.refresh_token).not.toBe(tokens.refresh_token);

  await oauth.processRevocationResponse(
    await oauth.revocationRequest(server, client, authentication, rotated.access_token, http),
  );
  expect(await me(rotated.access_token)).toEqual(DEAD);
});

describe('a refresh request', () => {
  test('invalidates the old refresh token at once, and a second use of it does not revoke the newer tokens', async () => {
    const first = await connect();
    const { body: second } = await refresh(first.refresh_token);
    expect(await refresh(first.refresh_token)).toEqual(INVALID_TOKEN);
    expect(await me(second.access_token)).toMatchObject(ALIVE);
    expect(await refresh(second.refresh_token)).toMatchObject({ status: 200 });
  });

  test('succeeds once when five requests send the same token at once', async () => {
    const { refresh_token } = await connect();
    const responses = await Promise.all(Array.from({ length: 5 }, () => refresh(refresh_token)));
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400]);
  });

  test('leaves the earlier access token valid, unless accessTokenOutlivesRefresh is false', async () => {
    const outlives = await connect();
    await refresh(outlives.refresh_token);
    expect(await me(outlives.access_token)).toMatchObject(ALIVE);

    await zoom.close();
    zoom = await start({ accessTokenOutlivesRefresh: false });
    const ends = await connect();
    const { body: newer } = await refresh(ends.refresh_token);
    expect(await me(ends.access_token)).toEqual(DEAD);
    expect(await me(newer.access_token)).toMatchObject(ALIVE);
  });

  test('succeeds until 90 days after the previous refresh', async () => {
    let { refresh_token } = await connect();
    for (let rotation = 0; rotation < 3; rotation++) {
      now += 90 * DAY - 1;
      ({ refresh_token } = (await refresh(refresh_token)).body);
    }
    now += 90 * DAY;
    expect(await refresh(refresh_token)).toEqual(INVALID_TOKEN);
  });

  test('is refused when its token was never issued', async () => {
    expect(await refresh('made-up')).toEqual(INVALID_TOKEN);
  });
});

test('a second authorization of the same user and app revokes the earlier tokens, and no others', async () => {
  const earlier = await connect('Ada Lovelace');
  const other = await connect('Grace Hopper');
  const latest = await connect('Ada Lovelace');
  expect(await me(earlier.access_token)).toEqual(DEAD);
  expect(await refresh(earlier.refresh_token)).toEqual(INVALID_TOKEN);
  expect(await me(other.access_token)).toMatchObject(ALIVE);
  expect(await refresh(latest.refresh_token)).toMatchObject({ status: 200 });
});

describe('a revocation request', () => {
  test.each(['access_token', 'refresh_token'] as const)('for the %s revokes both tokens', async (which) => {
    const pair = await connect();
    expect(await post('/oauth/revoke', { token: pair[which] as string })).toEqual({
      status: 200,
      body: { status: 'success' },
    });
    expect(await me(pair.access_token)).toEqual(DEAD);
    expect(await refresh(pair.refresh_token)).toEqual(INVALID_TOKEN);
    expect(await me((await connect()).access_token)).toMatchObject(ALIVE);
  });

  test("for another app's token changes nothing", async () => {
    const pair = await connect();
    await post('/oauth/revoke', { token: pair.access_token as string }, basic(SERVER_APP));
    expect(await me(pair.access_token)).toMatchObject(ALIVE);
  });
});

test('an access token is valid for one hour', async () => {
  const { access_token } = await connect();
  now += HOUR - 1;
  expect(await me(access_token)).toMatchObject(ALIVE);
  now += 1;
  expect(await me(access_token)).toEqual(DEAD);
});

test('the token endpoint reads parameters from the form body only', async () => {
  const { refresh_token } = await connect();
  expect(
    await post(`/oauth/token?grant_type=refresh_token&refresh_token=${refresh_token}`, {}),
  ).toMatchObject({
    body: { reason: 'unsupported grant type' },
  });
});

test('the API returns the user of a token, and refuses a token that was never issued', async () => {
  expect(await me((await connect('Grace Hopper')).access_token)).toEqual({
    status: 200,
    body: {
      id: expect.any(String),
      account_id: expect.any(String),
      email: 'grace.hopper@example.com',
      first_name: 'Grace',
      last_name: 'Hopper',
      display_name: 'Grace Hopper',
      type: 2,
      status: 'active',
    },
  });
  expect(await me('made-up')).toEqual(DEAD);
});
