import '../../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Failure } from '../../../lambdas/tokens/errors.ts';
import { readPage } from '../../support/browser/read-page.ts';
import {
  type CountedCodes,
  countCodes,
  DONE,
  keptCookies,
  paragraphsOf,
} from '../../support/services/callback-codes.ts';
import { type Functions, functionsWith } from '../../support/services/handlers.ts';

let counted: CountedCodes;
let services: CountedCodes['services'];
let functions: CountedCodes['functions'];
const DAY = 24 * 60 * 60;

beforeEach(async () => {
  counted = await countCodes();
  ({ services, functions } = counted);
});
afterEach(() => services.close());

describe('a repetition of a callback that connected', () => {
  test.each([
    ['the cookie of the consent', false],
    ['the cookie that the first response has set', true],
  ])('says so with %s, and shows the expression again', async (_, isNew) => {
    const { returned, cookies, page } = await functions.connect('main');
    const again = await functions.visit(returned, { cookies: isNew ? keptCookies(page) : cookies });
    expect(again).toMatchObject({ status: 200, cookies: [] });
    expect(readPage(again.body)).toMatchObject({
      title: '“main” is connected',
      code: '{{ $secrets.aws.n8n_zoom_main }}',
    });
    expect(paragraphsOf(again)[0]).toBe(DONE);
    expect(counted.codes).toHaveLength(1);
    expect(await services.zoomStatus(await services.published('main'))).toBe(200);
  });

  test('says so for a day, as for a restored session', async () => {
    const { returned, page } = await functions.connect('main');
    const cookies = keptCookies(page);
    services.clock.advance(DAY - 1);
    expect((await functions.visit(returned, { cookies })).status).toBe(200);
    services.clock.advance(1);
    expect((await functions.visit(returned, { cookies })).status).toBe(410);
    expect(counted.codes).toHaveLength(1);
  });

  test('says that the connection was disconnected since', async () => {
    const { returned, page } = await functions.connect('main');
    await functions.granted({ action: 'disconnect', connection: 'main' });
    const again = await functions.visit(returned, { cookies: keptCookies(page) });
    expect(again.status).toBe(400);
    expect(paragraphsOf(again)).toEqual([
      'This sign-in connected “main”, which was disconnected later.',
      'To connect it again, ask for a new link.',
    ]);
  });

  test('shows which connection it renewed instead', async () => {
    await functions.connect('older');
    const { returned, cookies, page } = await functions.connect('younger');
    for (const sent of [cookies, keptCookies(page)]) {
      const again = await functions.visit(returned, { cookies: sent });
      expect(again.status).toBe(409);
      expect(paragraphsOf(again)).toEqual(paragraphsOf(page));
    }
    expect(counted.codes).toHaveLength(2);
  });

  test('tells nothing to a browser without the cookie, nor to one with another consent', async () => {
    const { returned, page } = await functions.connect('main');
    const other = await functions.begin('main');
    expect(readPage((await functions.visit(returned)).body).title).toBe(
      'Continue in the browser in which you began',
    );
    const stranger = await functions.visit(returned, { cookies: other.cookies });
    expect(readPage(stranger.body).title).toBe('Continue in your other tab');
    // The cookie of the later consent is still good.
    expect(stranger.cookies).toEqual([]);
    const forged = returned.replace(/state=[^&]*/, `state=${'s'.repeat(43)}`);
    expect((await functions.visit(forged, { cookies: keptCookies(page) })).status).toBe(400);
    expect(counted.codes).toHaveLength(1);
  });
});

describe('a repetition of a callback that failed', () => {
  test.each<[string, () => ReturnType<Functions['connect']>]>([
    ['a decline', () => functions.connect('main', { decline: true })],
    [
      'a refused code',
      async () => {
        counted.exchange = async () => {
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
        counted.exchange = async () => {
          throw new Failure('misconfigured', 'invalid_client', 'Zoom refuses the app.', 'Write it again.');
        };
        return functions.connect('main');
      },
    ],
  ])('shows its page again, and clears the cookie: %s', async (_, connect) => {
    const { returned, cookies, page } = await connect();
    expect(page.cookies).toEqual([expect.stringContaining('__Host-zoom-consent=; Max-Age=0;')]);
    const sent = counted.codes.length;
    const again = await functions.visit(returned, { cookies });
    expect({ ...again, headers: {} }).toEqual({ ...page, headers: {} });
    expect(counted.codes).toHaveLength(sent);
  });

  test('is no way back to Zoom’s answer: a code after a decline is not used', async () => {
    const { returned, cookies } = await functions.connect('main', { decline: true });
    const allowed = returned.replace('error=access_denied', 'code=a-code-after-all');
    const page = await functions.visit(allowed, { cookies });
    expect(readPage(page.body).title).toBe('You declined at Zoom');
    expect(counted.codes).toEqual([]);
  });

  test('may send the code if Zoom was unavailable, and connects by the same cookie', async () => {
    const { returned, cookies } = await functions.consent('main');
    counted.exchange = async () => {
      throw new Failure('retry', 'zoom_unavailable', 'Zoom is unavailable.', 'Nothing to do.');
    };
    const page = await functions.visit(returned, { cookies });
    expect(page).toMatchObject({ status: 503, cookies: [] });
    expect(paragraphsOf(page)[1]).toMatch(/^Reload this page/);
    counted.exchange = (send) => send();
    expect((await functions.visit(returned, { cookies })).status).toBe(200);
  });

  test('may send the code if the app’s secret could not be read before, because nothing was spent', async () => {
    const { returned, cookies } = await functions.consent('main');
    const { vault } = functions.runtime;
    const denied = () =>
      Promise.reject(new Failure('misconfigured', 'secret_denied', 'Denied.', 'Deploy again.'));
    const broken = functionsWith(
      () => ({ ...functions.runtime, vault: { ...vault, app: denied } }),
      services,
    );
    expect(await broken.visit(returned, { cookies })).toMatchObject({ status: 500, cookies: [] });
    expect((await functions.visit(returned, { cookies })).status).toBe(200);
    expect(counted.codes).toHaveLength(1);
  });
});

test('neither the state nor the code of a consent is stored', async () => {
  const { returned, cookies } = await functions.connect('main');
  await functions.visit(returned, { cookies });
  const stored = JSON.stringify(await services.contents());
  const { searchParams } = new URL(returned);
  for (const name of ['state', 'code']) expect(stored).not.toContain(searchParams.get(name));
  expect(stored).toContain('link#');
});
