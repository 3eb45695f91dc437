import '../../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readPage } from '../../support/browser/read-page.ts';
import {
  type CountedCodes,
  countCodes,
  DONE,
  keptCookies,
  paragraphsOf,
} from '../../support/services/callback-codes.ts';

let counted: CountedCodes;
let services: CountedCodes['services'];
let functions: CountedCodes['functions'];
beforeEach(async () => {
  counted = await countCodes();
  ({ services, functions } = counted);
});
afterEach(() => services.close());

describe('POST /connect with a link that was used', () => {
  const press = (link: string, cookies?: string[]) =>
    functions.visit(link, { method: 'POST', ...(cookies && { cookies }) });

  test('goes on to Zoom with the same request in the browser that used it', async () => {
    const { link, location, cookies } = await functions.begin('main');
    const again = await press(link, cookies);
    expect(again.status).toBe(303);
    expect(again.headers.location).toBe(location);
    expect(keptCookies(again)).toEqual(cookies);
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
    for (const sent of [cookies, keptCookies(page)])
      expect(paragraphsOf(await press(link, sent))[0]).toBe(DONE);
    const declined = await functions.connect('other', { decline: true });
    const again = await press(declined.link, declined.cookies);
    expect(again).toMatchObject({ status: 403 });
    expect(readPage(again.body).title).toBe('You declined at Zoom');
  });
});
