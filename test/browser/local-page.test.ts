import '../../local/silence-powertools.ts';
import { randomInt } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { manualClock } from '../../local/clock.ts';
import { readAsN8n } from '../../local/read-as-n8n.ts';
import { type LocalStack, startLocalStack } from '../../local/stack.ts';
import { describeInBrowser } from '../support/browser/browser.ts';
import { type Visitor, visitor } from '../support/browser/visitor.ts';

const MINUTES = 60;
const HOURS = 60 * MINUTES;
/** Real time is `SPEED` times as slow as the local clock: two minutes of a person's are four hours of it. */
const SPEED = 120;

await describeInBrowser('the local page', (browser) => {
  let clock: ReturnType<typeof manualClock>;
  let stack: LocalStack;
  let newcomer: Visitor;
  let page: Page;

  beforeEach(async () => {
    clock = manualClock();
    stack = await startLocalStack({ now: clock.now, speed: SPEED, port: 0 });
    newcomer = await visitor(browser);
    page = newcomer.page;
    await newcomer.context.grantPermissions(['clipboard-read', 'clipboard-write'], {
      origin: stack.publicUrl,
    });
    await page.goto(stack.publicUrl);
  });

  afterEach(async () => {
    await newcomer.leave();
    await stack.close();
  });

  const card = (connection: string) => page.getByRole('article', { name: connection, exact: true });
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const lever = (name: string) => page.getByRole('switch', { name, exact: true });
  const shows = (place: Locator, text: string) => place.filter({ hasText: text }).waitFor();
  const minutes = async (connection: string) =>
    Number(await card(connection).getByRole('meter').getAttribute('value')) / 60;
  const said = (text: string) => shows(page.getByRole('status'), text);
  const happened = (text: string) => shows(page.locator('#events li').first(), text);
  const connectReports = () => stack.operate({ action: 'connect', connection: 'reports', app: 'reports' });

  /** Opens the link in a new tab, as the page does. */
  async function open(link: Locator): Promise<Page> {
    const opened = page.waitForEvent('popup');
    await link.click();
    const tab = await opened;
    await tab.getByRole('button', { name: 'Continue to Zoom' }).waitFor();
    return tab;
  }

  async function continueToZoom(tab: Page): Promise<void> {
    await tab.getByRole('button', { name: 'Continue to Zoom' }).click();
    await tab.getByRole('heading', { name: 'Allow this app to use your Zoom account?' }).waitFor();
  }

  async function allow(tab: Page): Promise<void> {
    await tab.getByRole('button', { name: 'Allow' }).click();
    await tab.getByRole('heading', { name: '“main” is connected' }).waitFor();
  }

  async function connect(link: Locator): Promise<Page> {
    const tab = await open(link);
    await continueToZoom(tab);
    await allow(tab);
    return tab;
  }

  test('a newcomer connects main and sees it rotate, without a reload', async () => {
    await page.getByRole('link', { name: 'Connect main' }).waitFor();
    await newcomer.lookAt('local-page-at-first');
    await page.evaluate('document.body.dataset.document = "the first"');
    const connected = await connect(page.getByRole('link', { name: 'Connect main' }));
    const expression = '{{ $secrets.aws.n8n_zoom_main }}';
    expect(await connected.getByText(expression).isVisible()).toBe(true);
    await connected.close();

    await shows(card('main'), 'n8n’s token is valid for 60 min');
    await shows(card('main'), 'Active');
    await shows(card('main'), expression);
    await page.getByRole('link', { name: 'Connect main' }).waitFor({ state: 'hidden' });
    expect(await minutes('main')).toBe(60);

    clock.advance(40 * MINUTES);
    await shows(card('main'), 'n8n’s token is valid for 20 min');
    expect(await minutes('main')).toBe(20);

    clock.advance(10 * MINUTES);
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
    await connectReports();
    await shows(card('reports'), 'Active');
    await newcomer.lookAt('local-page', { phone: true });
    newcomer.expectNoComplaints();
  });

  test('a person connects hours of the local clock after the start, and takes two real minutes on each page', async () => {
    clock.advance(3 * HOURS);
    const tab = await open(page.getByRole('link', { name: 'Connect main' }));
    clock.advance(2 * MINUTES * SPEED);
    await continueToZoom(tab);
    clock.advance(2 * MINUTES * SPEED);
    await allow(tab);
    await shows(card('main'), 'n8n’s token is valid for 60 min');
    newcomer.expectNoComplaints();
  });

  test('a person who comes back while Zoom is down connects by a reload one real minute later', async () => {
    clock.advance(3 * HOURS);
    const tab = await open(page.getByRole('link', { name: 'Connect main' }));
    await continueToZoom(tab);
    await lever('Zoom is down').click();
    await happened('broken');
    await tab.getByRole('button', { name: 'Allow' }).click();
    await tab.getByRole('heading', { name: 'Not connected' }).waitFor();
    await lever('Zoom is down').click();
    await happened('mended');
    clock.advance(1 * MINUTES * SPEED);
    await tab.reload();
    await tab.getByRole('heading', { name: '“main” is connected' }).waitFor();
    newcomer.expectNoComplaints();
  });

  test('its buttons copy the expression and rotate at once', async () => {
    await connectReports();
    await button('Copy the expression of reports').click();
    await said('Copied: {{ $secrets.aws.n8n_zoom_reports }}');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('{{ $secrets.aws.n8n_zoom_reports }}');

    await button('Rotate now: reports').click();
    await said('“reports” was rotated.');
    await shows(card('reports'), '(version 2)');
    newcomer.expectNoComplaints();
  });

  test('shows the time and what another program needs', async () => {
    const time = new Date(clock.now() * 1000).toISOString();
    await shows(page.locator('header'), `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`);
    await shows(page.locator('header'), 'This clock runs 120 times as fast: an hour takes 30 s.');
    await page.getByText('Read the same secrets from another program').click();
    await shows(
      page.locator('footer'),
      `export AWS_ENDPOINT_URL_SECRETS_MANAGER=${stack.environment.AWS_ENDPOINT_URL_SECRETS_MANAGER}`,
    );
    newcomer.expectNoComplaints();
  });

  test('says so when the stack has ended', async () => {
    await page.getByRole('link', { name: 'Connect main' }).waitFor();
    await stack.close();
    await shows(page.getByRole('alert'), 'The local stack does not answer.');
  });

  test('removes the cards of connections that are gone after a restart', async () => {
    await stack.close();
    // Below the ports that a system hands out; the second start needs all five of the first again.
    const port = 20_000 + randomInt(10_000);
    stack = await startLocalStack({ now: clock.now, speed: SPEED, port });
    await page.goto(stack.publicUrl);
    await connectReports();
    await shows(card('reports'), 'Active');

    await stack.close();
    stack = await startLocalStack({ now: clock.now, speed: SPEED, port });
    await card('reports').waitFor({ state: 'detached' });
    await connectReports();
    await shows(card('reports'), 'Active');
  });

  describe('breaks', () => {
    const rotate = async (connection: string, answer: string) => {
      await button(`Rotate now: ${connection}`).click();
      await said(answer);
    };
    const connectMain = async () => (await connect(page.getByRole('link', { name: 'Connect main' }))).close();

    test('Zoom: a rotation is tried again, and heals by itself when Zoom is up', async () => {
      await connectReports();
      await lever('Zoom is down').click();
      await happened('broken');
      await lever('Zoom is down').and(page.locator('[aria-checked=true]')).waitFor();
      await rotate('reports', 'Zoom is not well: it answered 503');
      await shows(card('reports'), 'Zoom is not well: it answered 503');
      await shows(card('reports'), 'Active');
      await shows(card('reports'), '(version 1)');
      await happened('reports failed');
      await newcomer.lookAt('local-page-zoom-down');

      await lever('Zoom is down').click();
      await happened('mended');
      clock.advance(10 * MINUTES);
      await stack.sweep();
      await shows(card('reports'), '(version 2)');
      expect(await card('reports').getByText('Zoom is not well').isVisible()).toBe(false);
      newcomer.expectNoComplaints();
    });

    test('one answer of Zoom: a user’s refresh token is spent, and a person connects again', async () => {
      await connectMain();
      await lever('Lose Zoom’s next answer').click();
      await happened('broken');
      await rotate('main', 'Zoom');
      await lever('Lose Zoom’s next answer').and(page.locator('[aria-checked=false]')).waitFor();
      clock.advance(10 * MINUTES);
      await stack.sweep();
      await shows(card('main'), 'A person must connect again');
      await newcomer.lookAt('local-page-reconnect');
      await connect(card('main').getByRole('link', { name: 'Connect again' }));
      await shows(card('main'), 'Active');
      newcomer.expectNoComplaints();
    });

    test('one answer of Zoom: a Server-to-Server app just asks again', async () => {
      await connectReports();
      await lever('Lose Zoom’s next answer').click();
      await happened('broken');
      await rotate('reports', 'Zoom');
      await rotate('reports', '“reports” was rotated.');
      newcomer.expectNoComplaints();
    });

    test('a refresh token: the next rotation finds out, and a person connects again', async () => {
      await connectMain();
      await button('Kill its refresh token: main').click();
      await said('The next rotation of “main” finds out.');
      await rotate('main', 'Zoom');
      await shows(card('main'), 'A person must connect again');
      await shows(card('main'), '(version 1)');
      newcomer.expectNoComplaints();
    });

    test('a refresh token: a person connects again hours of the local clock later, taking two real minutes on each page', async () => {
      await connectMain();
      clock.advance(3 * HOURS);
      await button('Kill its refresh token: main').click();
      await said('The next rotation of “main” finds out.');
      await stack.sweep();
      await shows(card('main'), 'A person must connect again');
      const tab = await open(card('main').getByRole('link', { name: 'Connect again' }));
      clock.advance(2 * MINUTES * SPEED);
      await continueToZoom(tab);
      clock.advance(2 * MINUTES * SPEED);
      await allow(tab);
      await shows(card('main'), 'Active');
      await shows(card('main'), 'n8n’s token is valid for 60 min');
      newcomer.expectNoComplaints();
    });

    test('publishing: the new token is stored, and published once that is allowed', async () => {
      await connectReports();
      await lever('Forbid publishing').click();
      await happened('broken');
      await rotate('reports', 'The function is not allowed to write the secret "n8n_zoom_reports"');
      await shows(card('reports'), 'The app must be fixed');
      await shows(card('reports'), '(version 1)');

      await lever('Forbid publishing').click();
      await happened('mended');
      clock.advance(20 * MINUTES);
      await stack.sweep();
      await shows(card('reports'), '(version 2)');
      await shows(card('reports'), 'Active');
      newcomer.expectNoComplaints();
    });
  });
});
