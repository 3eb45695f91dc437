import { expect } from '@jest/globals';
import { expectSafeHeaders, readPage } from '../browser/read-page.ts';
import type { BrowserResponse, Functions } from './handlers.ts';
import { takeOutput } from './output.ts';
import type { Services } from './services.ts';

/** A page that refuses a request: its status and its text. */
export interface Refusal {
  status: number;
  title: string;
  /** What failed, and what to do. */
  paragraphs: (string | RegExp)[];
}

/** Sends the request. Expects the page, its safe headers, that nothing is stored, and that no secret is shown or logged. */
export async function expectRefused(
  services: Services,
  request: () => Promise<BrowserResponse>,
  { status, title, paragraphs }: Refusal,
): Promise<BrowserResponse> {
  const before = await services.contents();
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
  expect(response.cookies).toEqual([]);
  expect(await services.contents()).toEqual(before);
  const output = takeOutput();
  expect(output).not.toEqual([]);
  expect(services.watch.leaks([response.body, ...output])).toEqual([]);
  return response;
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

export const NEW_LINK = 'Ask the operator for a new link (zoom-tokens connect) and open it in this browser.';
const WRITE_AGAIN = /^Write it again: zoom-tokens setup, or put \{"client_id":"…","client_secret":"…"\}/;
const DEPLOY_AGAIN = /^Deploy again \(npx cdk deploy\)/;

export const NOT_OURS: Refusal = {
  status: 400,
  title: 'This link does not work',
  paragraphs: ['This link is not one of ours, or it is incomplete.', NEW_LINK],
};
export const ANOTHER_BROWSER: Refusal = {
  status: 400,
  title: 'Another browser?',
  paragraphs: ['This browser did not start a consent here.', NEW_LINK],
};
export const NO_COOKIE: Refusal = {
  status: 400,
  title: 'Another browser?',
  paragraphs: [
    'This browser did not start the consent, or it refuses cookies.',
    'Ask for a new link, and open it in the browser in which you consent at Zoom, with cookies allowed.',
  ],
};
export const OTHER_TAB: Refusal = {
  status: 400,
  title: 'This answer belongs to another tab',
  paragraphs: [
    'The answer does not belong to the consent that this browser started.',
    'Ask for a new link and finish it in one tab.',
  ],
};
export const CODE_REFUSED: Refusal = {
  status: 400,
  title: 'Zoom refused the code',
  paragraphs: [
    'Zoom refused the authorization code: it was used before or is too old, or the redirect URL is not the app’s.',
    'Ask for a new link. If that fails too, compare the redirect URL of the Zoom app with the callback URL.',
  ],
};
export const NO_CODE: Refusal = {
  status: 400,
  title: 'Not connected',
  paragraphs: [
    'Zoom sent no authorization code.',
    'Ask for a new link; if it happens again, check the app in the Zoom App Marketplace.',
  ],
};
export const NO_SUCH_PAGE: Refusal = {
  status: 404,
  title: 'No such page',
  paragraphs: ['There is nothing at this address.', 'Open the link as a whole: it may have been cut.'],
};
export const BROKEN: Refusal = {
  status: 500,
  title: 'Something is broken here',
  paragraphs: [
    'The request could not be finished.',
    'Ask the operator whether the connection was made; the log of the callback function tells the reason.',
  ],
};
export const secretUnusable = (name: string, problem: string): Refusal => ({
  status: 500,
  title: 'Not connected',
  paragraphs: [`The secret "${name}" ${problem}.`, WRITE_AGAIN],
});
export const secretDenied = (name: string): Refusal => ({
  status: 500,
  title: 'Not connected',
  paragraphs: [`The function may not read the secret "${name}".`, DEPLOY_AGAIN],
});
