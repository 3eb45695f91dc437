import '../../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Runtime } from '../../../lambdas/runtime.ts';
import { Failure } from '../../../lambdas/tokens/errors.ts';
import { expectSafeHeaders, readPage } from '../../support/browser/read-page.ts';
import {
  type BrowserResponse,
  createFunctions,
  type Functions,
  functionsWith,
} from '../../support/services/handlers.ts';
import { DEPLOYED_URL, type Services, startServices } from '../../support/services/services.ts';

const DONE = 'You\'re already done: "main" is connected. You can close this tab.';
const STILL = 'Your sign-in is still being finished. This page reloads itself.';
const DAY = 24 * 60 * 60;

let services: Services;
let functions: Functions & { runtime: Runtime };
/** The authorization codes that were sent to Zoom, in order. */
let codes: string[];
/** Is called instead of each exchange of a code, and may make it. */
let exchange: <T>(send: () => Promise<T>) => Promise<T>;

beforeEach(async () => {
  services = await startServices();
  codes = [];
  exchange = (send) => send();
  const { runtime } = createFunctions(services);
  const { zoom } = runtime;
  const counting: Runtime = {
    ...runtime,
    zoom: {
      ...zoom,
      exchangeCode: (app, code, verifier) => {
        codes.push(code);
        return exchange(() => zoom.exchangeCode(app, code, verifier));
      },
    },
  };
  functions = { runtime: counting, ...functionsWith(() => counting, services.watch) };
});
afterEach(() => services.close());

const paragraphsOf = ({ body }: BrowserResponse) => readPage(body).paragraphs;
/** Returns the cookies that a browser keeps after a response. */
const kept = ({ cookies }: BrowserResponse) => cookies.map((line) => line.slice(0, line.indexOf(';')));

/** Holds the next exchange. Returns a promise for its begin, and the function that lets it go on. */
function hold() {
  const begun = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  exchange = async (send) => {
    begun.resolve();
    await free.promise;
    return send();
  };
  return { begun: begun.promise, release: () => free.resolve() };
}

describe('a request of the callback that no person made', () => {
  test.each<[string, Record<string, string>]>([
    ['Sec-Purpose: prefetch', { 'sec-purpose': 'prefetch' }],
    ['Sec-Purpose: prefetch;prerender', { 'sec-purpose': 'prefetch;prerender' }],
    ['Sec-Purpose: prefetch;anonymous-client-ip', { 'sec-purpose': 'prefetch;anonymous-client-ip' }],
    ['Purpose: prefetch', { purpose: 'prefetch' }],
    ['X-Purpose: preview', { 'x-purpose': 'preview' }],
    ['X-Moz: prefetch', { 'x-moz': 'prefetch' }],
  ])('gets 204 and spends nothing: %s', async (_, headers) => {
    const { returned, cookies } = await functions.consent('main');
    const before = await services.contents();
    const response = await functions.visit(returned, { cookies, headers });
    expect(response).toMatchObject({ status: 204, body: '', cookies: [] });
    expectSafeHeaders(response);
    expect(await services.contents()).toEqual(before);
    expect(codes).toEqual([]);
    const page = await functions.visit(returned, { cookies });
    expect(page.status).toBe(200);
    expect(codes).toHaveLength(1);
  });

  test('gets 204 and spends nothing: HEAD', async () => {
    const { returned, cookies } = await functions.consent('main');
    const response = await functions.visit(returned, { cookies, method: 'HEAD' });
    expect(response).toMatchObject({ status: 204, body: '', cookies: [] });
    expect(codes).toEqual([]);
    expect((await functions.visit(returned, { cookies })).status).toBe(200);
  });

  test('by a link scanner without the cookie spends nothing', async () => {
    const { returned, cookies } = await functions.consent('main');
    expect((await functions.visit(returned)).status).toBe(400);
    expect((await functions.visit(returned, { cookies })).status).toBe(200);
    expect(codes).toHaveLength(1);
  });
});

describe('a repetition of a callback that connected', () => {
  test.each([
    ['the cookie of the consent', false],
    ['the cookie that the first response has set', true],
  ])('says so with %s, and shows the expression again', async (_, isNew) => {
    const { returned, cookies, page } = await functions.connect('main');
    const again = await functions.visit(returned, { cookies: isNew ? kept(page) : cookies });
    expect(again).toMatchObject({ status: 200, cookies: [] });
    expect(readPage(again.body)).toMatchObject({
      title: '“main” is connected',
      code: '{{ $secrets.aws.n8n_zoom_main }}',
    });
    expect(paragraphsOf(again)[0]).toBe(DONE);
    expect(codes).toHaveLength(1);
    expect(await services.zoomStatus(await services.published('main'))).toBe(200);
  });

  test('says so for a day, as for a restored session', async () => {
    const { returned, page } = await functions.connect('main');
    const cookies = kept(page);
    services.clock.advance(DAY - 1);
    expect((await functions.visit(returned, { cookies })).status).toBe(200);
    services.clock.advance(1);
    expect((await functions.visit(returned, { cookies })).status).toBe(410);
    expect(codes).toHaveLength(1);
  });

  test('says that the connection was disconnected since', async () => {
    const { returned, page } = await functions.connect('main');
    await functions.granted({ action: 'disconnect', connection: 'main' });
    const again = await functions.visit(returned, { cookies: kept(page) });
    expect(again.status).toBe(400);
    expect(paragraphsOf(again)).toEqual([
      'This sign-in connected "main", which was disconnected later.',
      'To connect it again, ask for a new link.',
    ]);
  });

  test('shows which connection it renewed instead', async () => {
    await functions.connect('older');
    const { returned, cookies, page } = await functions.connect('younger');
    for (const sent of [cookies, kept(page)]) {
      const again = await functions.visit(returned, { cookies: sent });
      expect(again.status).toBe(409);
      expect(paragraphsOf(again)).toEqual(paragraphsOf(page));
    }
    expect(codes).toHaveLength(2);
  });

  test('tells nothing to a browser without the cookie, nor to one with another consent', async () => {
    const { returned, page } = await functions.connect('main');
    const other = await functions.begin('main');
    expect(readPage((await functions.visit(returned)).body).title).toBe('This browser cannot continue');
    const stranger = await functions.visit(returned, { cookies: other.cookies });
    expect(readPage(stranger.body).title).toBe('This sign-in belongs to another tab');
    // The cookie of the later consent is still good.
    expect(stranger.cookies).toEqual([]);
    const forged = returned.replace(/state=[^&]*/, `state=${'s'.repeat(43)}`);
    expect((await functions.visit(forged, { cookies: kept(page) })).status).toBe(400);
    expect(codes).toHaveLength(1);
  });
});

describe('a repetition of a callback that failed', () => {
  test.each<[string, () => ReturnType<Functions['connect']>]>([
    ['a decline', () => functions.connect('main', { decline: true })],
    [
      'a refused code',
      async () => {
        exchange = async () => {
          throw new Failure('rejected', 'code_refused', 'Zoom refused the code.', 'Ask for a new link.');
        };
        return functions.connect('main');
      },
    ],
    [
      'a different Zoom user',
      async () => {
        await functions.connect('main');
        return functions.connect('main', { user: 'Grace Hopper' });
      },
    ],
    [
      'a client secret that Zoom does not accept',
      async () => {
        exchange = async () => {
          throw new Failure('misconfigured', 'invalid_client', 'Zoom refuses the app.', 'Write it again.');
        };
        return functions.connect('main');
      },
    ],
  ])('shows its page again, and clears the cookie: %s', async (_, connect) => {
    const { returned, cookies, page } = await connect();
    expect(page.cookies).toEqual([expect.stringContaining('__Host-zoom-consent=; Max-Age=0;')]);
    const sent = codes.length;
    const again = await functions.visit(returned, { cookies });
    expect({ ...again, headers: {} }).toEqual({ ...page, headers: {} });
    expect(codes).toHaveLength(sent);
  });

  test('is no way back to Zoom’s answer: a code after a decline is not used', async () => {
    const { returned, cookies } = await functions.connect('main', { decline: true });
    const allowed = returned.replace('error=access_denied', 'code=a-code-after-all');
    const page = await functions.visit(allowed, { cookies });
    expect(readPage(page.body).title).toBe('Declined at Zoom');
    expect(codes).toEqual([]);
  });

  test('may send the code if Zoom was unavailable, and connects by the same cookie', async () => {
    const { returned, cookies } = await functions.consent('main');
    exchange = async () => {
      throw new Failure('retry', 'zoom_unavailable', 'Zoom is unavailable.', 'Nothing to do.');
    };
    const page = await functions.visit(returned, { cookies });
    expect(page).toMatchObject({ status: 503, cookies: [] });
    expect(paragraphsOf(page)[1]).toMatch(/^Reload this page/);
    exchange = (send) => send();
    expect((await functions.visit(returned, { cookies })).status).toBe(200);
  });

  test('may send the code if the app’s secret could not be read before, because nothing was spent', async () => {
    const { returned, cookies } = await functions.consent('main');
    const { vault } = functions.runtime;
    const denied = () =>
      Promise.reject(new Failure('misconfigured', 'secret_denied', 'Denied.', 'Deploy again.'));
    const broken = functionsWith(
      () => ({ ...functions.runtime, vault: { ...vault, app: denied } }),
      services.watch,
    );
    expect(await broken.visit(returned, { cookies })).toMatchObject({ status: 500, cookies: [] });
    expect((await functions.visit(returned, { cookies })).status).toBe(200);
    expect(codes).toHaveLength(1);
  });
});

describe('a second callback while the first one is running', () => {
  test('shows a page that reloads itself, until the first one has connected', async () => {
    const { returned, cookies } = await functions.consent('main');
    const { begun, release } = hold();
    const first = functions.visit(returned, { cookies });
    await begun;
    const second = await functions.visit(returned, { cookies });
    expect(second).toMatchObject({ status: 202, headers: { refresh: '2' }, cookies: [] });
    expect(paragraphsOf(second)[0]).toBe(STILL);
    expectSafeHeaders(second, { sandbox: 'allow-scripts' });
    release();
    expect((await first).status).toBe(200);
    expect(paragraphsOf(await functions.visit(returned, { cookies }))[0]).toBe(DONE);
    expect(codes).toHaveLength(1);
  });

  test.each([2, 5])('sends the code once when %i start at the same time', async (times) => {
    const { returned, cookies } = await functions.consent('main');
    const pages = await Promise.all(
      Array.from({ length: times }, () => functions.visit(returned, { cookies })),
    );
    expect(codes).toHaveLength(1);
    for (const { status } of pages) expect([200, 202]).toContain(status);
    expect(pages.map(({ status }) => status)).toContain(200);
  });
});

describe('a callback whose function is killed', () => {
  const LAMBDA_SECONDS = 60;
  /** Runs a callback that is killed at one call to the store or to Zoom. */
  const kill = async (broken: Partial<Runtime>) => {
    const { returned, cookies } = await functions.consent('main');
    const dying = functionsWith(() => ({ ...functions.runtime, ...broken }), services.watch);
    const reached = Promise.withResolvers<void>();
    stop = () => {
      reached.resolve();
      return new Promise<never>(() => {});
    };
    void dying.visit(returned, { cookies });
    await reached.promise;
    return () => functions.visit(returned, { cookies });
  };
  let stop: () => Promise<never>;

  test('while Zoom has the code: the page waits for it, then a new link is needed', async () => {
    exchange = async (send) => {
      await send();
      return stop();
    };
    const again = await kill({});
    expect((await again()).status).toBe(202);
    services.clock.advance(LAMBDA_SECONDS);
    const page = await again();
    expect(page).toMatchObject({
      status: 410,
      cookies: [expect.stringContaining('__Host-zoom-consent=; Max-Age=0;')],
    });
    expect(readPage(page.body)).toMatchObject({
      title: 'This sign-in was interrupted',
      paragraphs: [
        'The sign-in was interrupted before it was complete. Zoom accepts its authorization code only once.',
        'Ask for a new link.',
      ],
    });
    expect(codes).toHaveLength(1);
  });

  test('after it has stored the tokens: the page says that the connection is made', async () => {
    const { store } = functions.runtime;
    const again = await kill({ store: { ...store, endConsent: () => stop() } });
    services.clock.advance(LAMBDA_SECONDS);
    expect(paragraphsOf(await again())[0]).toBe(DONE);
    expect(codes).toHaveLength(1);
  });

  test('before it has claimed the code: the next request connects', async () => {
    const { vault } = functions.runtime;
    const again = await kill({ vault: { ...vault, app: () => stop() } });
    expect((await again()).status).toBe(200);
    expect(codes).toHaveLength(1);
  });
});

describe('POST /connect with a link that was used', () => {
  const press = (link: string, cookies?: string[]) =>
    functions.visit(link, { method: 'POST', ...(cookies && { cookies }) });

  test('goes on to Zoom with the same request in the browser that used it', async () => {
    const { link, location, cookies } = await functions.begin('main');
    const again = await press(link, cookies);
    expect(again.status).toBe(303);
    expect(again.headers.location).toBe(location);
    expect(kept(again)).toEqual(cookies);
  });

  test('is refused in another browser, and with the cookie of another link', async () => {
    const { link } = await functions.begin('main');
    const other = await functions.begin('main');
    for (const cookies of [undefined, other.cookies, ['__Host-zoom-consent=nonsense']]) {
      const page = await press(link, cookies);
      expect(page).toMatchObject({ status: 410, cookies: [] });
      expect(readPage(page.body).title).toBe('This link was already used');
    }
  });

  test('says what became of the consent once it has ended', async () => {
    const { link, cookies, page } = await functions.connect('main');
    for (const sent of [cookies, kept(page)]) expect(paragraphsOf(await press(link, sent))[0]).toBe(DONE);
    const declined = await functions.connect('other', { decline: true });
    const again = await press(declined.link, declined.cookies);
    expect(again).toMatchObject({ status: 403 });
    expect(readPage(again.body).title).toBe('Declined at Zoom');
  });
});

describe('the operator’s action link-outcome', () => {
  const outcome = (id: string) => functions.granted<object>({ action: 'link-outcome', id });
  const newLink = (connection = 'main') =>
    functions.granted<{ link: string; id: string }>({ action: 'link', connection });
  const finish = async (link: string, decision = {}) => {
    const { returned, cookies } = await functions.consentAfter(link, decision);
    return functions.visit(returned, { cookies });
  };

  test('is waiting until the browser returns from Zoom, and for an id that no link has', async () => {
    const { link, id } = await newLink();
    expect(await outcome(id)).toEqual({ kind: 'waiting' });
    await functions.consentAfter(link);
    expect(await outcome(id)).toEqual({ kind: 'waiting' });
    expect(await outcome('no such link')).toEqual({ kind: 'waiting' });
  });

  test('is in progress while the callback runs, then names the connection', async () => {
    const { link, id } = await newLink();
    const { begun, release } = hold();
    const first = finish(link);
    await begun;
    expect(await outcome(id)).toEqual({ kind: 'in_progress' });
    release();
    await first;
    expect(await outcome(id)).toEqual({ kind: 'connected', connection: 'main', at: services.clock.now() });
  });

  test.each([
    ['consent_declined', { decline: true }],
    ['other_user', { user: 'Grace Hopper' }],
  ])('says why the consent failed: %s', async (code, decision) => {
    await functions.connect('main');
    const { link, id } = await newLink();
    await finish(link, decision);
    expect(await outcome(id)).toEqual({
      kind: 'failed',
      error: expect.objectContaining({ class: 'rejected', code }),
      at: services.clock.now(),
    });
  });

  test('names the connection that was renewed instead', async () => {
    await functions.connect('older');
    const { link, id } = await newLink('younger');
    await finish(link);
    expect(await outcome(id)).toMatchObject({ kind: 'connected', connection: 'older' });
  });
});

test('neither the cookie’s state nor the code is in the address of a page or in the record of a consent', async () => {
  const { returned, cookies } = await functions.connect('main');
  await functions.visit(returned, { cookies });
  const stored = JSON.stringify(await services.contents());
  const { searchParams } = new URL(returned);
  for (const name of ['state', 'code']) expect(stored).not.toContain(searchParams.get(name));
  expect(stored).toContain('ticket#');
  expect(returned.startsWith(DEPLOYED_URL)).toBe(true);
});
