import { expect } from '@jest/globals';
import { expectSafeHeaders, readPage } from '../browser/read-page.ts';
import type { BrowserResponse, Functions } from './handlers.ts';
import { takeOutput } from './output.ts';
import type { Services } from './services.ts';

/** A page that refuses a request: its status and its text. */
export interface Refusal {
  status: number;
  title: string;
  /** Words that tell what failed and what to do. */
  paragraphs: (string | RegExp)[];
  /** Whether no retry can succeed, so that the cookie of the consent is cleared. */
  clearsCookie?: boolean;
}

const CLEARED = '__Host-zoom-consent=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure';

/**
 * Sends the request. Expects the page, its safe headers, that nothing is stored but what became of the link, and that no
 * secret is shown or logged.
 */
export async function expectRefused(
  services: Services,
  request: () => Promise<BrowserResponse>,
  { status, title, paragraphs, clearsCookie = false }: Refusal,
): Promise<BrowserResponse> {
  const before = await contentsWithoutEnds(services);
  takeOutput();
  const response = await request();
  expect(response.status).toBe(status);
  expect(readPage(response.body)).toEqual({
    title,
    paragraphs: paragraphs.map(matching),
    code: undefined,
  });
  expectSafeHeaders(response);
  expect(response.headers).not.toHaveProperty('location');
  expect(response.cookies).toEqual(clearsCookie ? [CLEARED] : []);
  expect(await contentsWithoutEnds(services)).toEqual(before);
  const output = takeOutput();
  expect(output).not.toEqual([]);
  expect(services.watch.leaks([response.body, ...output])).toEqual([]);
  return response;
}

/** Returns what is stored, without what became of the consents of used links, and what the history says of them. */
async function contentsWithoutEnds(services: Services) {
  const { Items, secrets } = await services.contents();
  const items = Items.filter(({ connection }) => !connection?.S?.startsWith('history#')).map((item) => {
    if (!String(item.connection?.S).startsWith('link#')) return item;
    const { claim, end, status, dueAt, ...used } = item;
    return used;
  });
  return { items, secrets };
}

/** The operator function's response to a request that it refuses. */
export interface OperatorRefusal {
  class: string;
  code: string;
  message: string | RegExp;
  action: string | RegExp;
}

/** Sends the request. Expects the error, that nothing is stored, and that no secret is shown or logged. */
export async function expectOperatorRefused(
  services: Services,
  functions: Functions,
  request: unknown,
  { message, action, ...refusal }: OperatorRefusal,
): Promise<void> {
  const before = await services.contents();
  takeOutput();
  const response = await functions.operate(request);
  const error = { ...refusal, message: matching(message), action: matching(action) };
  expect(response).toEqual({ ok: false, error });
  expect(await services.contents()).toEqual(before);
  const output = takeOutput();
  expect(output).not.toEqual([]);
  expect(services.watch.leaks([JSON.stringify(response), ...output])).toEqual([]);
}

const matching = (text: string | RegExp) => (typeof text === 'string' ? text : expect.stringMatching(text));

/** Input that a page must escape: any part of it would run as a script. */
export const HOSTILE = '<script>alert(document.cookie)</script>"\'><img src=x onerror=alert(1)>';

export const NEW_LINK = 'Ask the person who sent you the link for a new one, and open it in this browser.';
const WRITE_AGAIN =
  /^Write it again: npx zoom-tokens setup\. Or store \{"client_id":"…","client_secret":"…"\}/;
const DEPLOY_AGAIN = /^Deploy again: npx cdk deploy\./;

export const NOT_OURS: Refusal = {
  status: 400,
  title: 'This link does not work',
  paragraphs: ['This link is incomplete, or it is no longer valid.', NEW_LINK],
};
export const ANOTHER_BROWSER: Refusal = {
  clearsCookie: true,
  status: 400,
  title: 'Continue in the browser in which you began',
  paragraphs: ['This browser did not start the sign-in.', NEW_LINK],
};
export const NO_COOKIE: Refusal = {
  status: 400,
  title: 'Continue in the browser in which you began',
  paragraphs: [
    'This browser did not start the sign-in, has ended it already, or blocks cookies.',
    'Ask the person who sent you the link for a new one. Open it in the browser in which you sign in to Zoom, with cookies allowed.',
  ],
};
export const OTHER_TAB: Refusal = {
  status: 400,
  title: 'Continue in your other tab',
  paragraphs: [
    'Zoom’s response does not belong to the sign-in that this browser started last.',
    'Go on in the tab in which you began last. If it is closed, open your link again.',
  ],
};
export const CODE_REFUSED: Refusal = {
  clearsCookie: true,
  status: 400,
  title: 'Zoom refused your sign-in',
  paragraphs: [
    'Zoom refused the authorization code: it was used before or is too old, or the redirect URL is not the app’s.',
    'Ask for a new link. If that fails too, the administrator has to compare the redirect URL of the Zoom app with the callback URL.',
  ],
};
export const NO_CODE: Refusal = {
  clearsCookie: true,
  status: 400,
  title: 'You are not connected yet',
  paragraphs: [
    'Zoom returned no valid authorization code.',
    'Ask for a new link. If this happens again, your administrator must check the app in the Zoom App Marketplace.',
  ],
};
export const NO_SUCH_PAGE: Refusal = {
  status: 404,
  title: 'Page not found',
  paragraphs: ['There is no page at this address.', 'Open the complete link. It may have been cut off.'],
};
export const BROKEN: Refusal = {
  status: 500,
  title: 'Something went wrong',
  paragraphs: [
    'The request could not be completed.',
    'Ask your administrator whether the connection was made. The log of the callback function shows the cause.',
  ],
};
export const secretUnusable = (name: string, problem: string): Refusal => ({
  status: 500,
  title: 'You are not connected yet',
  paragraphs: [`The secret “${name}” ${problem}.`, WRITE_AGAIN],
});
export const keyMissing = (name: string): Refusal => ({
  status: 500,
  title: 'You are not connected yet',
  paragraphs: [
    `The secret of the link key, “${name}”, does not exist or has no value.`,
    /^Do not write a value of your own into it: docs\/runbook\.md#a-deleted-key/,
  ],
});
export const tableGone: Refusal = {
  status: 500,
  title: 'You are not connected yet',
  paragraphs: [
    'The table of the connections does not exist, or is still being restored (ResourceNotFoundException).',
    /^Restore it under its earlier name: docs\/runbook\.md#deleted-table/,
  ],
};
export const secretDenied = (name: string): Refusal => ({
  status: 500,
  title: 'You are not connected yet',
  paragraphs: [`The function is not allowed to read the secret “${name}”.`, DEPLOY_AGAIN],
});
