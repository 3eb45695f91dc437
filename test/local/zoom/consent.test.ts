import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import { type LoopbackServer, listenOnLoopback } from '../../../local/loopback-server.ts';
import { consentAsBrowser } from '../../../local/zoom/consent.ts';
import { createCookieJar } from '../../../local/zoom/cookies.ts';
import { startZoom, type Zoom } from '../../../local/zoom/server.ts';
import { users } from '../../../local/zoom/users.ts';

let now = 1_800_000_000;
let zoom: Zoom;
let app: LoopbackServer;
let redirectUri: string;

beforeAll(async () => {
  // The app: /connect redirects the browser to Zoom, every other page shows the cookies that it received.
  const server = createServer((request, response) => {
    if (request.url === '/connect') {
      response.writeHead(302, {
        location: authorizeUrl(),
        'set-cookie': ['__Host-consent=ticket; Path=/; Secure; HttpOnly', 'elsewhere=1; Path=/other'],
      });
      response.end();
    } else {
      response.end(`cookies: ${request.headers.cookie ?? ''}`);
    }
  });
  app = await listenOnLoopback(server);
  redirectUri = `http://localhost:${app.port}/callback`;
  const client = { clientId: 'user_app', clientSecret: 'secret', redirectUris: [redirectUri] };
  zoom = await startZoom({ now: () => now, apps: [client] });
});

afterAll(async () => {
  await zoom.close();
  await app.close();
});

function authorizeUrl(parameters: Record<string, string> = {}) {
  const query = {
    response_type: 'code',
    client_id: 'user_app',
    redirect_uri: redirectUri,
    state: 'the state & more',
    ...parameters,
  };
  return `${zoom.url}/oauth/authorize?${new URLSearchParams(query)}`;
}

async function exchange(form: Record<string, string>) {
  const response = await fetch(`${zoom.url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('user_app:secret').toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'authorization_code', redirect_uri: redirectUri, ...form }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

async function me({ access_token }: Record<string, string>) {
  const response = await fetch(`${zoom.url}/v2/users/me`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  return { status: response.status, body: await response.json() };
}

async function consent(user?: string, parameters?: Record<string, string>) {
  const { url } = await consentAsBrowser(authorizeUrl(parameters), user ? { user } : {});
  return { code: new URL(url).searchParams.get('code') ?? '' };
}

/** Sends one request without following a redirect. */
const sendOnce = (url: string, init: RequestInit = {}) => fetch(url, { redirect: 'manual', ...init });

describe('the consent page of the local Zoom', () => {
  async function open() {
    const cookies = createCookieJar();
    const first = await sendOnce(authorizeUrl());
    cookies.keep(new URL(zoom.url), first.headers);
    const url = new URL(first.headers.get('location') as string, zoom.url);
    const page = await sendOnce(url.href, { headers: { cookie: cookies.header(url) } });
    return { url, cookies, page, body: await page.text() };
  }

  test('names the app, offers the users and two buttons, and needs no scripts', async () => {
    const { page, body } = await open();
    expect(page.status).toBe(200);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(body).toContain('user_app');
    for (const user of users) expect(body).toContain(user.display_name);
    expect(body.match(/<button/g)).toHaveLength(2);
    expect(body).not.toContain('<script');
  });

  test('expires in real time, however fast the injected clock runs', async () => {
    const { url, cookies } = await open();
    now += 86_400;
    const response = await sendOnce(url.href, {
      method: 'POST',
      headers: { cookie: cookies.header(url) },
      body: new URLSearchParams({ decision: 'allow', user: users[0]?.id as string }),
    });
    expect(response.status).toBe(303);
  });

  test('refuses a form without a user', async () => {
    const { url, cookies } = await open();
    const body = new URLSearchParams({ decision: 'allow' });
    const response = await sendOnce(url.href, {
      method: 'POST',
      headers: { cookie: cookies.header(url) },
      body,
    });
    expect(response.status).toBe(400);
  });

  test('refuses a browser that did not come from the authorize endpoint', async () => {
    const { url } = await open();
    const response = await sendOnce(url.href);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('Start again');
  });

  test('is shown at every authorization, also to a browser that has consented before', async () => {
    const cookies = createCookieJar();
    for (const user of ['Ada Lovelace', 'Grace Hopper', 'Grace Hopper']) {
      const { url } = await consentAsBrowser(authorizeUrl(), { user, cookies });
      const { body } = await exchange({ code: new URL(url).searchParams.get('code') as string });
      expect(await me(body)).toMatchObject({ status: 200, body: { display_name: user } });
    }
  });
});

describe('consentAsBrowser', () => {
  test('returns to the app with a code, the state and its cookies after Allow', async () => {
    const page = await consentAsBrowser(new URL('/connect', redirectUri).href, { user: 'Katherine Johnson' });
    const { origin, pathname, searchParams } = new URL(page.url);
    expect(origin + pathname).toBe(redirectUri);
    expect([...searchParams.keys()].sort()).toEqual(['code', 'state']);
    expect(searchParams.get('state')).toBe('the state & more');
    expect(page).toMatchObject({ status: 200, body: 'cookies: __Host-consent=ticket' });
    const { body } = await exchange({ code: searchParams.get('code') as string });
    expect(await me(body)).toMatchObject({ body: { email: 'katherine.johnson@example.com' } });
  });

  test('returns to the app with access_denied and the state after Decline', async () => {
    const { url } = await consentAsBrowser(authorizeUrl(), { decline: true });
    const { searchParams } = new URL(url);
    expect(Object.fromEntries(searchParams)).toEqual({ error: 'access_denied', state: 'the state & more' });
  });

  test('returns the page that the link leads to when that is no consent page', async () => {
    const page = await consentAsBrowser(new URL('/refused', redirectUri).href);
    expect(page).toEqual({ status: 200, url: new URL('/refused', redirectUri).href, body: 'cookies: ' });
  });

  test('rejects with the name of a user that the page does not offer', async () => {
    await expect(consentAsBrowser(authorizeUrl(), { user: 'Mallory' })).rejects.toThrow(
      'does not offer Mallory',
    );
  });
});

test.each([
  [
    'redirect URI',
    { redirect_uri: 'http://evil.example/<b>' },
    'Invalid redirect: http://evil.example/&lt;b&gt; (4,700)',
  ],
  ['client id', { client_id: 'nobody' }, 'Invalid client_id: nobody (4,702)'],
])(
  'an authorization request with a wrong %s gets an error page and no redirect',
  async (_kind, parameters, message) => {
    const response = await sendOnce(authorizeUrl(parameters as Record<string, string>));
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
    expect(await response.text()).toContain(message);
  },
);

test('the local Zoom has no discovery document, as Zoom has none', async () => {
  expect((await sendOnce(`${zoom.url}/.well-known/openid-configuration`)).status).toBe(404);
});

test('the local Zoom starts within 300 ms and prints nothing', async () => {
  const print = [jest.spyOn(process.stdout, 'write'), jest.spyOn(process.stderr, 'write')];
  const warn = [jest.spyOn(console, 'warn'), jest.spyOn(console, 'info')];
  const startedAt = performance.now();
  const another = await startZoom({ now: () => now, apps: [] });
  expect(performance.now() - startedAt).toBeLessThan(300);
  expect(another.url).toMatch(/^http:\/\/localhost:\d+$/);
  await another.close();
  for (const spy of [...print, ...warn]) {
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  }
});

test('the local Zoom rejects with EADDRINUSE when its port is in use', async () => {
  const port = Number(new URL(zoom.url).port);
  await expect(startZoom({ port, now: () => now, apps: [] })).rejects.toThrow('EADDRINUSE');
});

describe('an authorization code', () => {
  const refused = {
    status: 400,
    body: { reason: expect.stringMatching(/^Invalid authorization code/), error: 'invalid_request' },
  };

  test('is single-use, and a second use does not revoke the tokens of the first', async () => {
    const code = await consent();
    const { body: pair } = await exchange(code);
    expect(await exchange(code)).toEqual(refused);
    expect(await me(pair)).toMatchObject({ status: 200 });
  });

  test('is valid for five minutes', async () => {
    const [young, old] = [await consent('Ada'), await consent('Grace')];
    now += 299;
    expect(await exchange(young)).toMatchObject({ status: 200 });
    now += 1;
    expect(await exchange(old)).toEqual(refused);
  });

  test('is refused when it was never issued', async () => {
    expect(await exchange({ ...(await consent()), code: 'made-up' })).toEqual(refused);
  });

  test('is refused without its PKCE verifier when a challenge was sent', async () => {
    const verifier = oauth.generateRandomCodeVerifier();
    const challenge = await oauth.calculatePKCECodeChallenge(verifier);
    const code = await consent(undefined, { code_challenge: challenge, code_challenge_method: 'S256' });
    expect(await exchange(code)).toEqual(refused);
    expect(await exchange({ ...code, code_verifier: oauth.generateRandomCodeVerifier() })).toEqual(refused);
    expect(await exchange({ ...code, code_verifier: verifier })).toMatchObject({ status: 200 });
  });

  test('is refused with another redirect URI', async () => {
    const code = { ...(await consent()), redirect_uri: 'http://localhost:1/other' };
    expect(await exchange(code)).toEqual({
      status: 400,
      body: { reason: 'Redirect URI mismatch', error: 'invalid_request' },
    });
  });
});
