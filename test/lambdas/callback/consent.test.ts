import '../../support/services/output.ts';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openConsentCookie } from '../../../lambdas/tokens/consent/pending-consent.ts';
import { ICON } from '../../../lambdas/web/icon.ts';
import { expectSafeHeaders, readPage } from '../../support/browser/read-page.ts';
import { createFunctions } from '../../support/services/handlers.ts';
import { LOOPBACK_URL, type Services, startServices } from '../../support/services/services.ts';

let services: Services;
let functions: ReturnType<typeof createFunctions>;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
});
afterEach(() => services.close());

const utc = (at: number) => `${new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const hashOf = (tag: 'style' | 'script', { body }: { body: string }) => {
  const [, text = ''] = new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(body) ?? [];
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
};

const statusOf = async (connection: string) => {
  const { connections } = await functions.granted<{ connections: Record<string, unknown>[] }>({
    action: 'status',
    connection,
  });
  return connections[0];
};

describe('GET /connect with a fresh link', () => {
  const open = async () => {
    const { link } = await functions.granted<{ link: string }>({ action: 'link', connection: 'opened' });
    return { link, page: await functions.visit(link) };
  };

  test('shows what will be connected, the expiry of the link and a button to continue', async () => {
    const { page } = await open();
    expect(page.status).toBe(200);
    expect(page.headers).not.toHaveProperty('location');
    expect(page.cookies).toEqual([]);
    expect(readPage(page.body)).toMatchObject({
      title: 'You are asked to connect your Zoom account',
      paragraphs: [
        'If you allow it at Zoom, n8n uses your account under the name “opened”. Its workflows can:',
        'Zoom lists on the next page what exactly the app asks for. You can decline there.',
        'You did not expect this link? Close this page. Nothing has been changed.',
      ],
    });
    expect([...page.body.matchAll(/<li>(.*)<\/li>/g)].map(([, text]) => text)).toEqual([
      'see your profile: name, e-mail address and account',
      'create meetings',
      'see your meetings',
      'change your meetings',
      'delete your meetings',
    ]);
    expect(page.body).toMatch(
      new RegExp(
        `<dt>Link valid until</dt><dd><time datetime="[^"]+Z">${utc(services.clock.now() + 1800)}</time> \\(in 30 minutes\\)</dd>`,
      ),
    );
    expect(page.body).toContain('<form method="post"><button>Continue to Zoom</button></form>');
  });

  test('does not use the link up, however often a preview or a scanner opens it', async () => {
    const { link } = await open();
    const before = await services.contents();
    for (let times = 0; times < 3; times += 1) expect((await functions.visit(link)).status).toBe(200);
    expect(await services.contents()).toEqual(before);
    expect((await functions.visit(link, { method: 'POST' })).status).toBe(303);
  });

  test('does not contain its ticket', async () => {
    const { page } = await open();
    expect(services.watch.leaks(page.body)).toEqual([]);
  });

  test('has the security headers and a form that may send the browser to Zoom', async () => {
    const { page } = await open();
    expectSafeHeaders(page, {
      'script-src': hashOf('script', page),
      'form-action': `'self' ${services.environment.ZOOM_OAUTH_URL} https:`,
      sandbox: 'allow-scripts allow-same-origin allow-forms',
    });
  });
});

describe('POST /connect with a fresh link', () => {
  test('redirects to Zoom with a request for a code that state and an S256 challenge protect', async () => {
    const { response, location } = await functions.begin('begun');
    expect(response).toMatchObject({ status: 303, body: '' });
    const { origin, pathname, searchParams } = new URL(location);
    expect(origin + pathname).toBe(`${services.environment.ZOOM_OAUTH_URL}/oauth/authorize`);
    expect(Object.fromEntries(searchParams)).toEqual({
      response_type: 'code',
      client_id: 'user_app-id',
      redirect_uri: 'https://tokens.example.com/callback',
      state: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
  });

  test('sets a cookie for this host alone that scripts cannot read, for as long as the link can be used', async () => {
    const { response } = await functions.begin('begun');
    expect(response.cookies).toEqual([
      expect.stringMatching(
        /^__Host-zoom-consent=[\w.-]+; Max-Age=1800; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
      ),
    ]);
  });

  test('sets a cookie without Secure and prefix on plain HTTP, which a local stack uses', async () => {
    const { response } = await createFunctions(services, { PUBLIC_URL: LOOPBACK_URL }).begin('begun');
    expect(response.cookies).toEqual([
      expect.stringMatching(/^zoom-consent=[\w.-]+; Max-Age=1800; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
  });

  test('sets a cookie from which the state and the code verifier cannot be read', async () => {
    const { cookies, location } = await functions.begin('begun');
    const state = new URL(location).searchParams.get('state') ?? '';
    const readable = (cookies[0] ?? '')
      .split(/[=.]/)
      .map((part) => Buffer.from(part, 'base64url').toString());
    expect(readable.join()).not.toContain(state);
    expect(readable.join()).not.toContain('codeVerifier');
  });

  test('has the security headers', async () => {
    expectSafeHeaders((await functions.begin('begun')).response);
  });

  test('uses a new state and a new challenge for each link', async () => {
    const [one, two] = [await functions.begin('begun'), await functions.begin('begun')];
    for (const name of ['state', 'code_challenge']) {
      expect(new URL(one.location).searchParams.get(name)).not.toBe(
        new URL(two.location).searchParams.get(name),
      );
    }
  });
});

describe('GET /callback after a consent', () => {
  test('shows the connection, its Zoom user and what to paste into n8n', async () => {
    const { page } = await functions.connect('main');
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(readPage(page.body)).toEqual({
      title: '“main” is connected',
      paragraphs: [
        'The access token is stored where n8n reads it. It is replaced automatically before it expires.',
        'In n8n, create a credential of the type Zoom API and paste this expression into its field JWT Token. n8n shows a deprecation notice beside it; any bearer token works there.',
        '',
        'You can close this page.',
      ],
      code: '{{ $secrets.aws.n8n_zoom_main }}',
    });
    expect(page.body).toContain('<dt>Zoom user</dt><dd>Ada Lovelace</dd>');
    expect(page.body).toContain(
      `>${utc(services.clock.now() + 3600)}</time> (in 60 minutes); replaced before then</dd>`,
    );
  });

  test('tells a Zoom user who did not make the link that nothing is left to do, and nothing of n8n’s expression', async () => {
    const { link } = await functions.granted<{ link: string }>({ action: 'link', connection: 'main' });
    const { returned, cookies } = await functions.consentAfter(link);
    const page = await functions.visit(returned, { cookies });
    expect(readPage(page.body)).toEqual({
      title: 'Your Zoom account is connected',
      paragraphs: [
        'You’re done. You can close this tab.',
        'n8n can now use your Zoom account (Ada Lovelace) under the name “main”. Its workflows can:',
        'To end this, remove the app in the Zoom App Marketplace: Manage, Added Apps.',
      ],
      code: undefined,
    });
    const again = await functions.visit(returned, { cookies });
    expect(readPage(again.body)).toEqual({
      title: 'Your Zoom account is connected',
      paragraphs: ['You’re already done: “main” is connected. You can close this tab.'],
      code: undefined,
    });
  });

  test('lets n8n read the bare token, which Zoom accepts', async () => {
    await functions.connect('main');
    expect(await services.zoomStatus(await services.published('main'))).toBe(200);
  });

  test('replaces the cookie by one that recognizes a repetition for a day, without the code verifier', async () => {
    const { page, cookies } = await functions.connect('main');
    expect(page.cookies).toEqual([
      expect.stringMatching(
        /^__Host-zoom-consent=[\w.-]+; Max-Age=86400; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
      ),
    ]);
    const opened = async (cookie = '') =>
      openConsentCookie(cookie.slice(cookie.indexOf('=') + 1).split(';')[0] ?? '', functions.runtime);
    expect(await opened(cookies[0])).toHaveProperty('codeVerifier');
    expect(await opened(page.cookies[0])).not.toHaveProperty('codeVerifier');
  });

  test('has security headers that allow its own style and script alone', async () => {
    const { page } = await functions.connect('main');
    expectSafeHeaders(page, {
      'style-src': hashOf('style', page),
      'script-src': hashOf('script', page),
      sandbox: 'allow-scripts allow-same-origin',
    });
    expect(page.body.match(/<script/g)).toHaveLength(1);
    expect(page.body.replace(ICON.markup, '')).not.toMatch(/<link|<img|\sstyle=|\son\w+=|https?:/);
  });

  test('stores the Zoom user who consented and publishes the token', async () => {
    await functions.connect('main');
    expect(await statusOf('main')).toMatchObject({
      status: 'active',
      grantType: 'authorization_code',
      app: 'default',
      zoomUserId: 'AdaLovelace-1815-Q2vZg',
      zoomAccountId: 'AnalyticalEngine-8kTnA',
      failures: 0,
    });
    expect((await statusOf('main'))?.publishedVersion).toBe((await statusOf('main'))?.version);
  });

  test('works on plain HTTP, which a local stack uses', async () => {
    const local = createFunctions(services, { PUBLIC_URL: LOOPBACK_URL });
    const { page } = await local.connect('main');
    expect(page.status).toBe(200);
    expect(page.cookies).toEqual([
      expect.stringMatching(/^zoom-consent=[\w.-]+; Max-Age=86400; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
  });

  test('finds its cookie among those of other pages', async () => {
    const { returned, cookies } = await functions.consent('main');
    const page = await functions.visit(returned, { cookies: ['theme=dark', ...cookies, 'zoom-consent=x'] });
    expect(page.status).toBe(200);
  });
});

describe('a second consent for a connection', () => {
  test('of the same user replaces the token that n8n reads', async () => {
    await functions.connect('twice', { user: 'Grace Hopper' });
    const first = await services.published('twice');
    const { page } = await functions.connect('twice', { user: 'Grace Hopper' });
    const second = await services.published('twice');
    expect(page.status).toBe(200);
    expect(second).not.toBe(first);
    expect(await services.zoomStatus(second)).toBe(200);
    expect(await statusOf('twice')).toMatchObject({ generation: 2, version: 2, publishedVersion: 2 });
  });

  test('of another user takes the connection over if the link allows it', async () => {
    await functions.connect('twice', { user: 'Grace Hopper' });
    const request = { action: 'link', connection: 'twice', replaceUser: true };
    const { link } = await functions.granted<{ link: string }>(request);
    const { returned, cookies } = await functions.consentAfter(link, { user: 'Katherine Johnson' });
    expect((await functions.visit(returned, { cookies })).status).toBe(200);
    expect(await statusOf('twice')).toMatchObject({ zoomUserId: 'KatherineJohnson-1918Q' });
  });
});

describe('a Zoom user who is already connected under another name', () => {
  const connectTwice = async () => {
    await functions.connect('older', { user: 'Grace Hopper' });
    const first = await services.published('older');
    return { first, page: (await functions.connect('younger', { user: 'Grace Hopper' })).page };
  };

  test('stays connected under that name: the page has the status 409 and that connection the new tokens', async () => {
    const { first, page } = await connectTwice();
    expect(page.status).toBe(409);
    expect(readPage(page.body)).toMatchObject({
      title: 'You are connected already',
      paragraphs: [
        'Your Zoom account is already connected as “older”. That connection was renewed, and “younger” was not connected.',
        'Nothing is left to do for “older”. To connect “younger”, ask for a new link and sign in to Zoom as another user.',
      ],
    });
    // The second consent has revoked the tokens of the first at Zoom.
    expect(await services.zoomStatus(first)).toBe(401);
    expect(await services.zoomStatus(await services.published('older'))).toBe(200);
    await expect(services.published('younger')).rejects.toThrow("can't find the specified secret");
    expect((await functions.operate({ action: 'status', connection: 'younger' })).ok).toBe(false);
  });

  test('is rotated under that name afterwards', async () => {
    await connectTwice();
    const before = await services.published('older');
    await functions.granted({ action: 'rotate', connection: 'older' });
    const after = await services.published('older');
    expect(after).not.toBe(before);
    expect(await services.zoomStatus(after)).toBe(200);
  });
});
