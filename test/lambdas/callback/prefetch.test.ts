import '../../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { expectSafeHeaders } from '../../support/browser/read-page.ts';
import { type CountedCodes, countCodes } from '../../support/services/callback-codes.ts';
import { DEPLOYED_URL } from '../../support/services/services.ts';

let counted: CountedCodes;
let services: CountedCodes['services'];
let functions: CountedCodes['functions'];
beforeEach(async () => {
  counted = await countCodes();
  ({ services, functions } = counted);
});
afterEach(() => services.close());

describe('a request that no person made', () => {
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
    expect(counted.codes).toEqual([]);
    const page = await functions.visit(returned, { cookies });
    expect(page.status).toBe(200);
    expect(counted.codes).toHaveLength(1);
  });

  test('gets 204 and spends nothing: HEAD', async () => {
    const { returned, cookies } = await functions.consent('main');
    const response = await functions.visit(returned, { cookies, method: 'HEAD' });
    expect(response).toMatchObject({ status: 204, body: '', cookies: [] });
    expect(counted.codes).toEqual([]);
    expect((await functions.visit(returned, { cookies })).status).toBe(200);
  });

  test('finds the page of a link, and does not use the link up: HEAD', async () => {
    const { link } = await functions.granted<{ link: string }>({ action: 'link', connection: 'main' });
    const response = await functions.visit(link, { method: 'HEAD' });
    expect(response).toMatchObject({ status: 204, body: '', cookies: [] });
    expect((await functions.visit(link, { method: 'POST' })).status).toBe(303);
  });

  test.each<[string, Record<string, string>]>([
    ['the origin of another site', { origin: 'https://mail.example' }],
    ['a request of another site', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['a request of a neighbouring host', { origin: 'null', 'sec-fetch-site': 'same-site' }],
  ])('does not use a link up by POST with %s, and says what to do', async (_, headers) => {
    const { link } = await functions.granted<{ link: string }>({ action: 'link', connection: 'main' });
    const before = await services.contents();
    const response = await functions.visit(link, {
      method: 'POST',
      headers: { origin: '', 'sec-fetch-site': '', ...headers },
    });
    expect(response).toMatchObject({ status: 403, cookies: [] });
    expect(response.body).toContain('Open the link in a current browser, and press the button there.');
    expectSafeHeaders(response);
    expect(await services.contents()).toEqual(before);
    expect((await functions.visit(link, { method: 'POST' })).status).toBe(303);
  });

  test.each<[string, Record<string, string>]>([
    ['an old Safari, whose page sends no referrer', { origin: 'null', 'sec-fetch-site': '' }],
    ['an old Safari behind a proxy that allows referrers', { origin: DEPLOYED_URL, 'sec-fetch-site': '' }],
    ['any browser through a gateway with another host', { origin: 'https://vpn.example' }],
    ['any browser through a gateway that removes both headers', { origin: '', 'sec-fetch-site': '' }],
  ])('is none where a person presses the button in %s', async (_, headers) => {
    const { link } = await functions.granted<{ link: string }>({ action: 'link', connection: 'main' });
    expect((await functions.visit(link, { method: 'POST', headers })).status).toBe(303);
  });

  test('by a link scanner without the cookie spends nothing', async () => {
    const { returned, cookies } = await functions.consent('main');
    expect((await functions.visit(returned)).status).toBe(400);
    expect((await functions.visit(returned, { cookies })).status).toBe(200);
    expect(counted.codes).toHaveLength(1);
  });
});
