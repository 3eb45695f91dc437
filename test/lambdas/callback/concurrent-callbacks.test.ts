import '../../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Runtime } from '../../../lambdas/runtime.ts';
import { expectSafeHeaders, readPage } from '../../support/browser/read-page.ts';
import {
  type CountedCodes,
  countCodes,
  DONE,
  holdExchange,
  paragraphsOf,
} from '../../support/services/callback-codes.ts';
import { functionsWith } from '../../support/services/handlers.ts';

const STILL = 'Your sign-in is still being finished. This page reloads itself.';

let counted: CountedCodes;
let services: CountedCodes['services'];
let functions: CountedCodes['functions'];
beforeEach(async () => {
  counted = await countCodes();
  ({ services, functions } = counted);
});
afterEach(() => services.close());

describe('a second callback while the first one is running', () => {
  test('shows a page that reloads itself, until the first one has connected', async () => {
    const { returned, cookies } = await functions.consent('main');
    const { begun, release } = holdExchange(counted);
    const first = functions.visit(returned, { cookies });
    await begun;
    const second = await functions.visit(returned, { cookies });
    expect(second).toMatchObject({ status: 202, headers: { refresh: '2' }, cookies: [] });
    expect(paragraphsOf(second)[0]).toBe(STILL);
    expectSafeHeaders(second, { sandbox: 'allow-scripts' });
    release();
    expect((await first).status).toBe(200);
    expect(paragraphsOf(await functions.visit(returned, { cookies }))[0]).toBe(DONE);
    expect(counted.codes).toHaveLength(1);
  });

  test.each([2, 5])('sends the code once when %i start at the same time', async (times) => {
    const { returned, cookies } = await functions.consent('main');
    const pages = await Promise.all(
      Array.from({ length: times }, () => functions.visit(returned, { cookies })),
    );
    expect(counted.codes).toHaveLength(1);
    for (const { status } of pages) expect([200, 202]).toContain(status);
    expect(pages.map(({ status }) => status)).toContain(200);
  });
});

describe('a callback whose function is killed', () => {
  const LAMBDA_SECONDS = 60;
  /** Runs a callback that is killed at one call to the store or to Zoom. */
  const kill = async (broken: Partial<Runtime>) => {
    const { returned, cookies } = await functions.consent('main');
    const dying = functionsWith(() => ({ ...functions.runtime, ...broken }), services);
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
    counted.exchange = async (send) => {
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
      title: 'Your sign-in was interrupted',
      paragraphs: [
        'The sign-in was interrupted before it was complete. Zoom accepts its authorization code only once.',
        'Ask for a new link.',
      ],
    });
    expect(counted.codes).toHaveLength(1);
  });

  test('after it has stored the tokens: the page says that the connection is made', async () => {
    const { store } = functions.runtime;
    const again = await kill({ store: { ...store, endConsent: () => stop() } });
    services.clock.advance(LAMBDA_SECONDS);
    expect(paragraphsOf(await again())[0]).toBe(DONE);
    expect(counted.codes).toHaveLength(1);
  });

  test('before it has claimed the code: the next request connects', async () => {
    const { vault } = functions.runtime;
    const again = await kill({ vault: { ...vault, app: () => stop() } });
    expect((await again()).status).toBe(200);
    expect(counted.codes).toHaveLength(1);
  });
});
