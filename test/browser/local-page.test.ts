import '../../local/quiet.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { manualClock } from '../../local/clock.ts';
import { readAsN8n } from '../../local/n8n.ts';
import { type LocalStack, startLocalStack } from '../../local/stack.ts';
import { startBrowser } from '../support/browser.ts';

const SECONDS = 1000;

let browser: Browser;
let clock: ReturnType<typeof manualClock>;
let stack: LocalStack;
let page: Page;
/** What the browser complains of on any page: refused by a Content-Security-Policy, not found, thrown. */
let complaints: string[];

beforeAll(async () => {
  browser = await startBrowser();
}, 60 * SECONDS);

afterAll(() => browser.close());

beforeEach(async () => {
  clock = manualClock();
  stack = await startLocalStack({ now: clock.now, speed: 120, port: 0 });
  complaints = [];
  const context = await browser.newContext();
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: stack.publicUrl });
  context.setDefaultTimeout(10 * SECONDS);
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  context.on('weberror', (thrown) => complaints.push(thrown.error().message));
  page = await context.newPage();
  await page.goto(stack.publicUrl);
});

afterEach(async () => {
  await page.context().close();
  await stack.close();
});

const card = (connection: string) => page.getByRole('article', { name: connection, exact: true });
const button = (name: string) => page.getByRole('button', { name, exact: true });
const shows = (place: Locator, text: string) => place.filter({ hasText: text }).waitFor();
const minutes = async (connection: string) =>
  Number(await card(connection).getByRole('meter').getAttribute('value')) / 60;

/** Opens the link in a new tab, as the page does, and presses Allow at Zoom. */
async function connect(link: Locator): Promise<Page> {
  const opened = page.waitForEvent('popup');
  await link.click();
  const tab = await opened;
  await tab.getByRole('button', { name: 'Allow' }).click();
  await tab.getByRole('heading', { name: '“main” is connected' }).waitFor();
  return tab;
}

describe('the local page', () => {
  test(
    'a newcomer connects main and sees it rotate, without a reload',
    async () => {
      await page.evaluate('document.body.dataset.document = "the first"');
      const connected = await connect(page.getByRole('link', { name: 'Connect main' }));
      const expression = '{{ $secrets.aws.n8n_zoom_main }}';
      expect(await connected.getByText(expression).isVisible()).toBe(true);

      await shows(card('main'), 'n8n’s token is valid for 60 min');
      await shows(card('main'), 'Active');
      await shows(card('main'), expression);
      await page.getByRole('link', { name: 'Connect main' }).waitFor({ state: 'hidden' });
      expect(await minutes('main')).toBe(60);

      clock.advance(40 * 60);
      await shows(card('main'), 'n8n’s token is valid for 20 min');
      expect(await minutes('main')).toBe(20);

      clock.advance(10 * 60);
      await stack.sweep();
      await shows(card('main'), 'n8n’s token is valid for 60 min');
      await shows(card('main'), '(version 2)');
      expect(await minutes('main')).toBe(60);
      expect(await page.locator('#events li').allInnerTexts()).toEqual([
        expect.stringMatching(/main published\s+n8n reads the access token of version 2\./),
        expect.stringMatching(/main rotated\s+Zoom gave new tokens, stored as version 2\./),
        expect.stringMatching(/main published/),
        expect.stringMatching(/main connected/),
      ]);

      const token = (await readAsN8n(stack.secretsManager)).get('n8n_zoom_main') as string;
      await shows(card('main'), `••••••••${token.slice(-4)}`);
      expect(await page.content()).not.toContain(token);
      expect(await page.evaluate('document.body.dataset.document')).toBe('the first');
      expect(complaints).toEqual([]);
    },
    30 * SECONDS,
  );

  test(
    'its buttons copy the expression and rotate at once',
    async () => {
      await stack.operate({ action: 'connect', connection: 'reports', app: 'reports' });
      await button('Copy the expression of reports').click();
      await shows(page.getByRole('status'), 'Copied: {{ $secrets.aws.n8n_zoom_reports }}');
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
        '{{ $secrets.aws.n8n_zoom_reports }}',
      );

      await button('Rotate reports now').click();
      await shows(page.getByRole('status'), '“reports” was rotated.');
      await shows(card('reports'), '(version 2)');
      expect(complaints).toEqual([]);
    },
    30 * SECONDS,
  );

  test(
    'shows the time and what another program needs',
    async () => {
      const time = new Date(clock.now() * 1000).toISOString();
      await shows(page.locator('header'), `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`);
      await shows(page.locator('header'), 'This clock runs 120 times as fast: an hour takes 30 s.');
      await page.getByText('Read the same secrets from another program').click();
      await shows(
        page.locator('footer'),
        `export AWS_ENDPOINT_URL_SECRETS_MANAGER=${stack.environment.AWS_ENDPOINT_URL_SECRETS_MANAGER}`,
      );
      expect(complaints).toEqual([]);
    },
    30 * SECONDS,
  );

  test(
    'says so when the stack has ended',
    async () => {
      await page.getByRole('link', { name: 'Connect main' }).waitFor();
      await stack.close();
      await shows(page.getByRole('alert'), 'The local stack does not answer.');
    },
    30 * SECONDS,
  );
});
