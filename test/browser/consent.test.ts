import '../../local/silence-powertools.ts';
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { createConnectionsTable } from '../../lambdas/aws/table/connections.ts';
import { Failure } from '../../lambdas/tokens/errors.ts';
import { errorPage } from '../../lambdas/web/error-page.ts';
import type { Breakage } from '../../local/breakage.ts';
import { manualClock } from '../../local/clock.ts';
import type { LocalStack } from '../../local/local-stack.ts';
import { readAsN8n } from '../../local/read-as-n8n.ts';
import { startLocalStack } from '../../local/stack.ts';
import { describeInBrowser } from '../support/browser/browser.ts';
import { type Visitor, visitor } from '../support/browser/visitor.ts';

const MINUTES = 60;
const EXPRESSION = '{{ $secrets.aws.n8n_zoom_main }}';

await describeInBrowser('a user who opens a one-time link', (browser) => {
  let clock: ReturnType<typeof manualClock>;
  let stack: LocalStack;
  let user: Visitor;
  let page: Page;

  beforeEach(async () => {
    clock = manualClock();
    stack = await startLocalStack({ now: clock.now, speed: 1, port: 0 });
    user = await visitor(browser);
    page = user.page;
  });

  afterEach(async () => {
    await user.leave();
    await stack.close();
  });

  /** Makes a link; for its maker unless `wishes` says otherwise. */
  const linkFor = async (connection = 'main', wishes: object = {}) => {
    const response = await stack.operate({ action: 'link', connection, forMe: true, ...wishes });
    if (!response.ok) throw new Error(response.error.message);
    return (response.result as { link: string }).link;
  };
  const press = (name: string, where = page) => where.getByRole('button', { name, exact: true }).click();
  const title = (where = page) => where.getByRole('heading', { level: 1 }).textContent();
  /** Opens the link, presses its button and waits for Zoom's consent page. */
  const goToZoom = async (link: string, where = page) => {
    await where.goto(link);
    await press('Continue to Zoom', where);
    await where.getByRole('button', { name: 'Allow' }).waitFor();
  };
  /** Presses Allow or Decline at Zoom, and waits for the callback page. */
  const decide = async (name: string, where = page) => {
    await press(name, where);
    await where.waitForURL('**/callback?*');
  };
  const consent = async (connection = 'main') => {
    await goToZoom(await linkFor(connection));
    await decide('Allow');
  };
  /** Returns from Zoom with a code that cannot be exchanged, because Zoom is down. */
  const consentWhileZoomIsDown = async () => {
    breakIt({ zoomIsDown: true });
    await consent();
    breakIt({ zoomIsDown: false });
  };
  const breakIt = (breakage: Partial<Breakage>) => Object.assign(stack.zoom?.breakage ?? {}, breakage);
  /** Expects a page with what happened and what to do, and that nothing was connected. */
  const expectRefused = async (name: string, heading: string, where = user) => {
    expect(await title(where.page)).toBe(heading);
    expect(await where.page.locator('main > p').count()).toBe(2);
    await where.lookAt(name, { phone: true });
    where.expectNoComplaints();
    expect((await readAsN8n(stack.secretsManager)).has('n8n_zoom_main')).toBe(false);
  };

  describe('connects,', () => {
    test('reading what the link is for, consenting at Zoom, and copying the expression', async () => {
      await user.context.grantPermissions(['clipboard-read', 'clipboard-write'], {
        origin: stack.publicUrl,
      });
      await page.goto(await linkFor());
      expect(await title()).toBe('You are asked to connect your Zoom account');
      await user.lookAt('link', { phone: true });
      await press('Continue to Zoom');
      await page.getByRole('heading', { name: 'Allow this app to use your Zoom account?' }).waitFor();
      await user.lookAt('zoom', { phone: true });
      await page.getByRole('radio', { name: 'Grace Hopper' }).check();
      await decide('Allow');

      expect(await title()).toBe('“main” is connected');
      const details = page.locator('dl');
      expect(await details.textContent()).toMatch(/Connectionmain\s*Zoom userGrace Hopper\s*Valid until/);
      await user.lookAt('connected', { phone: true });
      await press('Copy');
      await page.getByRole('status').filter({ hasText: 'Copied.' }).waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(EXPRESSION);
      user.expectNoComplaints();
      expect((await readAsN8n(stack.secretsManager)).has('n8n_zoom_main')).toBe(true);
    });

    test('also when the link’s button is clicked twice', async () => {
      const posts: string[] = [];
      page.on('request', (request) => void (request.method() === 'POST' && posts.push(request.url())));
      await page.goto(await linkFor());
      const box = await page.getByRole('button', { name: 'Continue to Zoom' }).boundingBox();
      const at = [(box?.x ?? 0) + 9, (box?.y ?? 0) + 9] as const;
      await page.mouse.click(...at);
      await page.mouse.click(...at);
      await decide('Allow');
      expect(await title()).toBe('“main” is connected');
      expect(posts.filter((url) => url.includes('/connect?'))).toHaveLength(1);
      user.expectNoComplaints();
    });

    test('three hours of the fast clock after the stack has started, also through a link from its start', async () => {
      const mailed = await linkFor('mailed', { seconds: 3 * 24 * 60 * MINUTES });
      clock.advance(3 * 60 * MINUTES);
      await consent();
      expect(await title()).toBe('“main” is connected');
      await goToZoom(mailed);
      await page.getByRole('radio', { name: 'Grace Hopper' }).check();
      await decide('Allow');
      expect(await title()).toBe('“mailed” is connected');
      user.expectNoComplaints();
    });

    test('as a person who did not make the link, and reads that nothing is left to do', async () => {
      const zone = await browser.newContext({ timezoneId: 'Asia/Tokyo', locale: 'en-GB' });
      const place = await zone.newPage();
      await place.goto(await linkFor('main', { forMe: false }));
      const at = new Date((clock.now() + 30 * MINUTES) * 1000);
      const local = at.toLocaleTimeString('en-GB', { timeZone: 'Asia/Tokyo', timeStyle: 'short' });
      const time = place.locator('time');
      expect(await time.textContent()).toContain(local);
      expect(await time.getAttribute('title')).toContain('UTC');
      expect(await place.locator('dl').textContent()).toContain('in 30 minutes');
      await press('Continue to Zoom', place);
      await decide('Allow', place);
      expect(await title(place)).toBe('Your Zoom account is connected');
      expect(await place.locator('main').textContent()).not.toContain('n8n_zoom');
      await user.lookAt('done', { page: place, phone: true });
      await place.reload();
      expect(await place.locator('main > p').first().textContent()).toBe(
        'You’re already done: “main” is connected. You can close this tab.',
      );
      await zone.close();
    });

    test('hours after pressing the button, in the browser that pressed it', async () => {
      const link = await linkFor('main', { seconds: 24 * 60 * MINUTES });
      await goToZoom(link);
      clock.advance(20 * 60 * MINUTES);
      await goToZoom(link);
      await decide('Allow');
      expect(await title()).toBe('“main” is connected');
      user.expectNoComplaints();
    });

    test('and the button selects the expression when the browser denies the clipboard', async () => {
      await page.addInitScript(
        'navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"))',
      );
      await consent();
      await press('Copy');
      await page.getByRole('status').filter({ hasText: 'Selected' }).waitFor();
      expect(await page.evaluate('String(getSelection())')).toBe(EXPRESSION);
      user.expectNoComplaints();
    });

    test('and a click selects the expression when the browser runs no scripts, without a button', async () => {
      const context = await browser.newContext({ javaScriptEnabled: false });
      const plain = await context.newPage();
      await goToZoom(await linkFor(), plain);
      await decide('Allow', plain);
      await plain.getByText(EXPRESSION).click();
      expect(await plain.evaluate('String(getSelection())')).toBe(EXPRESSION);
      expect(await plain.getByRole('button').count()).toBe(0);
      await context.close();
    });

    test('with the keyboard alone', async () => {
      await page.goto(await linkFor());
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Allow' }).press('Enter');
      await page.getByRole('heading', { name: '“main” is connected' }).waitFor();
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Copy');
      user.expectNoComplaints();
    });

    test('and reads that n8n cannot read the token yet when publishing is denied', async () => {
      breakIt({ publishingIsDenied: true });
      await consent();
      expect(await title()).toBe('“main” is connected');
      expect(await page.locator('main').textContent()).toContain('n8n cannot read them yet.');
      await user.lookAt('connected-unpublished');
      user.expectNoComplaints();
    });
  });

  describe('reads that the connection is made already', () => {
    const DONE = 'You’re already done: “main” is connected. You can close this tab.';
    const generation = async () => {
      const response = await stack.operate({ action: 'status', connection: 'main' });
      if (!response.ok) throw new Error(response.error.message);
      return (response.result as { connections: { generation: number }[] }).connections[0]?.generation;
    };
    const expectDone = async (where = page) => {
      expect(await where.locator('main > p').first().textContent()).toBe(DONE);
      expect(await title(where)).toBe('“main” is connected');
      expect(await generation()).toBe(1);
      user.expectNoComplaints();
    };

    test('after a reload, with the expression to copy', async () => {
      await consent();
      await page.reload();
      await expectDone();
      await user.lookAt('connected-again', { phone: true });
      await press('Copy');
      await page
        .getByRole('status')
        .filter({ hasText: /Copied|Selected/ })
        .waitFor();
    });

    test('after the back button and the forward button', async () => {
      await consent();
      await page.goBack();
      await page.goForward();
      await expectDone();
    });

    test('in a second tab, and in the session that the browser restores the next day', async () => {
      await consent();
      const address = page.url();
      const tab = await user.context.newPage();
      await tab.goto(address);
      await expectDone(tab);
      clock.advance(23 * 60 * MINUTES);
      await page.reload();
      await expectDone();
    });

    test('after two tabs have returned from Zoom at the same time', async () => {
      await goToZoom(await linkFor());
      const tab = await user.context.newPage();
      await user.context.route('**/callback?*', (route) => route.abort());
      const returned = page.waitForRequest('**/callback?*');
      await press('Allow');
      const address = (await returned).url();
      await user.context.unroute('**/callback?*');
      await Promise.all([page.goto(address), tab.goto(address)]);
      for (const where of [page, tab]) {
        await where.getByRole('heading', { name: '“main” is connected' }).waitFor();
      }
      expect(await generation()).toBe(1);
    });

    test('by the first request of a person: a prefetch before it spends nothing', async () => {
      await goToZoom(await linkFor());
      await page.setExtraHTTPHeaders({ 'Sec-Purpose': 'prefetch' });
      const prefetch = page.waitForResponse('**/callback?*');
      await press('Allow');
      const response = await prefetch;
      expect(response.status()).toBe(204);
      expect(await response.request().headerValue('sec-purpose')).toBe('prefetch');
      await page.setExtraHTTPHeaders({});
      await page.goto(response.url());
      expect(await title()).toBe('“main” is connected');
      await page.reload();
      await expectDone();
    });

    test('when the link is opened again after the consent', async () => {
      const link = await linkFor();
      await goToZoom(link);
      await page.goto(link);
      await press('Continue to Zoom');
      await decide('Allow');
      await page.goto(link);
      await expectDone();
    });
  });

  test('waits on a page that reloads itself, and reads that the sign-in was interrupted when its function was killed', async () => {
    const response = await stack.operate({ action: 'link', connection: 'main' });
    if (!response.ok) throw new Error(response.error.message);
    const { link, id } = response.result as { link: string; id: string };
    await goToZoom(link);
    const dynamodb = new DynamoDBClient();
    const store = createConnectionsTable(dynamodb, 'zoom-token-refresher-connections');
    const claim = { owner: 'a callback that was killed', until: clock.now() + 25 };
    await store.claimConsent(id, claim);
    dynamodb.destroy();
    await decide('Allow');
    expect(await title()).toBe('Still connecting');
    await user.lookAt('still-connecting');
    clock.advance(25);
    await page.getByRole('heading', { name: 'Your sign-in was interrupted' }).waitFor();
    await expectRefused('interrupted', 'Your sign-in was interrupted');
  });

  describe('reads what happened and what to do', () => {
    test('when the address has no link ticket', async () => {
      await page.goto(`${stack.publicUrl}/connect`);
      await expectRefused('no-link', 'You need a link');
    });

    test('when the link is incomplete', async () => {
      await page.goto((await linkFor()).slice(0, -9));
      await expectRefused('link-invalid', 'This link does not work');
    });

    test('when the link has expired', async () => {
      const link = await linkFor();
      clock.advance(30 * MINUTES);
      await page.goto(link);
      await expectRefused('link-expired', 'This link has expired');
    });

    test('when the link was used before in another browser', async () => {
      const link = await linkFor();
      await goToZoom(link);
      const other = await visitor(browser);
      await other.page.goto(link);
      await expectRefused('link-used', 'This link was already used', other);
      await other.leave();
    });

    test('when the consent took too long', async () => {
      await consentWhileZoomIsDown();
      clock.advance(30 * MINUTES);
      await page.reload();
      await expectRefused('too-long', 'This sign-in page timed out');
    });

    test('after declining at Zoom', async () => {
      await goToZoom(await linkFor());
      await decide('Decline');
      await expectRefused('declined', 'You declined at Zoom');
      expect(await page.locator('main > p').allTextContents()).toEqual([
        'Nothing was connected.',
        'If that was a mistake, ask for a new link.',
      ]);
    });

    test('when the callback opens in another browser', async () => {
      await consentWhileZoomIsDown();
      const other = await visitor(browser);
      await other.page.goto(page.url());
      await expectRefused('other-browser', 'Continue in the browser in which you began', other);
      await other.leave();
    });

    test('when the callback belongs to an earlier tab', async () => {
      await goToZoom(await linkFor());
      await goToZoom(await linkFor(), await user.context.newPage());
      await decide('Allow');
      await expectRefused('other-tab', 'Continue in your other tab');
    });

    test('when Zoom refuses the expired authorization code', async () => {
      await consentWhileZoomIsDown();
      clock.advance(5 * MINUTES);
      await page.reload();
      await expectRefused('code-refused', 'Zoom refused your sign-in');
    });

    test('when Zoom is down, and connects by a reload once Zoom is up', async () => {
      await consentWhileZoomIsDown();
      await expectRefused('zoom-down', 'You are not connected yet');
      await page.reload();
      expect(await title()).toBe('“main” is connected');
    });

    test('when the Zoom user has another connection already', async () => {
      await consent('older');
      await consent('main');
      await expectRefused('connected-already', 'You are connected already');
    });

    test('when the connection belongs to another Zoom user', async () => {
      await consent();
      const before = (await readAsN8n(stack.secretsManager)).get('n8n_zoom_main');
      await goToZoom(await linkFor());
      await page.getByRole('radio').nth(1).check();
      await decide('Allow');
      expect(await title()).toBe('Sign in as another Zoom user');
      await user.lookAt('another-user');
      user.expectNoComplaints();
      expect((await readAsN8n(stack.secretsManager)).get('n8n_zoom_main')).toBe(before);
    });

    test('when the installation is broken', async () => {
      const link = await linkFor();
      const dynamodb = new DynamoDBClient();
      await dynamodb.send(new DeleteTableCommand({ TableName: 'zoom-token-refresher-connections' }));
      dynamodb.destroy();
      await page.goto(link);
      await expectRefused('broken', 'You are not connected yet');
    });

    test('when the person who sent the link took it back while they were at Zoom', async () => {
      await goToZoom(await linkFor());
      await stack.operate({ action: 'links-cancel', connection: 'main' });
      await decide('Allow');
      await expectRefused('link-cancelled', 'This link was taken back');
    });

    test('when Zoom’s own page timed out, and starts again with its button', async () => {
      await goToZoom(await linkFor());
      await user.context.clearCookies({ name: '_interaction' });
      await press('Allow');
      await page.getByRole('heading', { name: 'This sign-in page timed out.' }).waitFor();
      await user.lookAt('zoom-timed-out', { phone: true });
      await page.getByRole('link', { name: 'Start again' }).click();
      await decide('Allow');
      expect(await title()).toBe('“main” is connected');
      user.expectNoComplaints();
    });

    test('with a button that writes to the operator, where the installation names one', async () => {
      const asker = { name: 'Acme Automation', contact: 'it@acme.example' };
      const used = new Failure(
        'rejected',
        'ticket_used',
        'A link works once. A sign-in with this one has begun.',
        'Ask the person who sent it for a new one.',
      );
      const { statusCode = 0, headers, body = '' } = errorPage(used, asker);
      await page.route('**/refused', (route) =>
        route.fulfill({ status: statusCode, headers: headers as Record<string, string>, body }),
      );
      await page.goto(`${stack.publicUrl}/refused`);
      await user.lookAt('link-used-with-contact', { phone: true });
      const mail = page.waitForRequest(/^mailto:/);
      await page.getByRole('link', { name: 'Ask for a new link' }).click();
      expect((await mail).url()).toBe('mailto:it@acme.example?subject=A%20new%20link%20to%20connect%20Zoom');
      user.expectNoComplaints();
    });

    test('when there is no page at the address', async () => {
      await page.goto(`${stack.publicUrl}/conect`);
      await expectRefused('no-such-page', 'Page not found');
    });
  });
});
