import '../../local/silence-powertools.ts';
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { Breakage } from '../../local/breakage.ts';
import { manualClock } from '../../local/clock.ts';
import { readAsN8n } from '../../local/read-as-n8n.ts';
import { type LocalStack, startLocalStack } from '../../local/stack.ts';
import { describeInBrowser } from '../support/browser/browser.ts';
import { type Visitor, visitor } from '../support/browser/visitor.ts';

const MINUTES = 60;
const EXPRESSION = '{{ $secrets.aws.n8n_zoom_main }}';

await describeInBrowser('a person with the operator’s link', (browser) => {
  let clock: ReturnType<typeof manualClock>;
  let stack: LocalStack;
  let person: Visitor;
  let page: Page;

  beforeEach(async () => {
    clock = manualClock();
    stack = await startLocalStack({ now: clock.now, speed: 1, port: 0 });
    person = await visitor(browser);
    page = person.page;
  });

  afterEach(async () => {
    await person.leave();
    await stack.close();
  });

  const linkFor = async (connection = 'main') => {
    const answer = await stack.operate({ action: 'link', connection });
    if (!answer.ok) throw new Error(answer.error.message);
    return (answer.result as { link: string }).link;
  };
  const press = (name: string, where = page) => where.getByRole('button', { name, exact: true }).click();
  const title = (where = page) => where.getByRole('heading', { level: 1 }).textContent();
  /** Presses the link's button, and comes to Zoom. */
  const goToZoom = async (link: string, where = page) => {
    await where.goto(link);
    await press('Continue to Zoom', where);
    await where.getByRole('button', { name: 'Allow' }).waitFor();
  };
  /** Presses Allow or Decline at Zoom, and comes back. */
  const answer = async (name: string, where = page) => {
    await press(name, where);
    await where.waitForURL('**/callback?*');
  };
  const consent = async (connection = 'main') => {
    await goToZoom(await linkFor(connection));
    await answer('Allow');
  };
  /** Comes back from Zoom with a code that cannot be exchanged just then. */
  const consentInVain = async () => {
    breakIt({ zoomIsDown: true });
    await consent();
    breakIt({ zoomIsDown: false });
  };
  const breakIt = (trouble: Partial<Breakage>) => Object.assign(stack.zoom?.trouble ?? {}, trouble);
  /** The page says what happened and what to do; it is well made, and nothing was connected. */
  const expectRefused = async (name: string, heading: string, where = person) => {
    expect(await title(where.page)).toBe(heading);
    expect(await where.page.locator('main > p').count()).toBe(2);
    await where.lookAt(name);
    where.expectNoComplaints();
    expect((await readAsN8n(stack.secretsManager)).has('n8n_zoom_main')).toBe(false);
  };

  describe('connects', () => {
    test('reads what it is for, consents at Zoom, and copies the expression', async () => {
      await person.context.grantPermissions(['clipboard-read', 'clipboard-write'], {
        origin: stack.publicUrl,
      });
      await page.goto(await linkFor());
      expect(await title()).toBe('Connect “main” to Zoom?');
      await person.lookAt('link', { phone: true });
      await press('Continue to Zoom');
      await page.getByRole('heading', { name: 'Allow this app to use your Zoom account?' }).waitFor();
      await person.lookAt('zoom');
      await page.getByRole('radio', { name: 'Grace Hopper' }).check();
      await answer('Allow');

      expect(await title()).toBe('“main” is connected');
      const details = page.locator('dl');
      expect(await details.textContent()).toMatch(/Connectionmain\s*Zoom userGrace Hopper\s*Valid until/);
      await person.lookAt('connected', { phone: true });
      await press('Copy');
      await page.getByRole('status').filter({ hasText: 'Copied.' }).waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(EXPRESSION);
      person.expectNoComplaints();
      expect((await readAsN8n(stack.secretsManager)).has('n8n_zoom_main')).toBe(true);
    });

    test('where the browser keeps its clipboard closed, the button selects the expression', async () => {
      await page.addInitScript(
        'navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"))',
      );
      await consent();
      await press('Copy');
      await page.getByRole('status').filter({ hasText: 'Selected' }).waitFor();
      expect(await page.evaluate('String(getSelection())')).toBe(EXPRESSION);
      person.expectNoComplaints();
    });

    test('where the browser runs no scripts, there is no button, and a click selects the expression', async () => {
      const context = await browser.newContext({ javaScriptEnabled: false });
      const plain = await context.newPage();
      await goToZoom(await linkFor(), plain);
      await answer('Allow', plain);
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
      person.expectNoComplaints();
    });

    test('also where n8n cannot read the token yet, and is told so', async () => {
      breakIt({ publishingIsDenied: true });
      await consent();
      expect(await title()).toBe('“main” is connected');
      expect(await page.locator('main').textContent()).toContain('n8n cannot read them yet.');
      await person.lookAt('connected-unpublished');
      person.expectNoComplaints();
    });
  });

  describe('is told what happened and what to do', () => {
    test('without a link', async () => {
      await page.goto(`${stack.publicUrl}/connect`);
      await expectRefused('no-link', 'You need a personal link');
    });

    test('after a link that was cut', async () => {
      await page.goto((await linkFor()).slice(0, -9));
      await expectRefused('link-invalid', 'This link does not work');
    });

    test('after a link that has expired', async () => {
      const link = await linkFor();
      clock.advance(10 * MINUTES);
      await page.goto(link);
      await expectRefused('link-expired', 'This link has expired');
    });

    test('after a link that was used before', async () => {
      const link = await linkFor();
      await goToZoom(link);
      await page.goto(link);
      await press('Continue to Zoom');
      await page.getByRole('button', { name: 'Continue to Zoom' }).waitFor({ state: 'detached' });
      await expectRefused('link-used', 'This link was already used');
    });

    test('after a consent that took too long', async () => {
      await consentInVain();
      clock.advance(10 * MINUTES);
      await page.reload();
      await expectRefused('too-long', 'This sign-in timed out');
    });

    test('after No at Zoom', async () => {
      await goToZoom(await linkFor());
      await answer('Decline');
      await expectRefused('declined', 'Declined at Zoom');
    });

    test('in another browser', async () => {
      await consentInVain();
      const other = await visitor(browser);
      await other.page.goto(page.url());
      await expectRefused('other-browser', 'This browser cannot continue', other);
      await other.leave();
    });

    test('in the first of two tabs', async () => {
      await goToZoom(await linkFor());
      await goToZoom(await linkFor(), await person.context.newPage());
      await answer('Allow');
      await expectRefused('other-tab', 'This sign-in belongs to another tab');
    });

    test('when Zoom refuses its code, which is too old', async () => {
      await consentInVain();
      clock.advance(5 * MINUTES);
      await page.reload();
      await expectRefused('code-refused', 'Zoom refused the sign-in');
    });

    test('when Zoom is not well; and the same page, loaded again, connects once it is', async () => {
      await consentInVain();
      await expectRefused('zoom-down', 'Not connected');
      await page.reload();
      expect(await title()).toBe('“main” is connected');
    });

    test('as a Zoom user who is connected under another name', async () => {
      await consent('older');
      await consent('main');
      await expectRefused('connected-already', 'Already connected');
    });

    test('as another Zoom user than before', async () => {
      await consent();
      const before = (await readAsN8n(stack.secretsManager)).get('n8n_zoom_main');
      await goToZoom(await linkFor());
      await page.getByRole('radio').nth(1).check();
      await answer('Allow');
      expect(await title()).toBe('A different Zoom user');
      await person.lookAt('another-user');
      person.expectNoComplaints();
      expect((await readAsN8n(stack.secretsManager)).get('n8n_zoom_main')).toBe(before);
    });

    test('when something is broken here', async () => {
      const link = await linkFor();
      const dynamodb = new DynamoDBClient();
      await dynamodb.send(new DeleteTableCommand({ TableName: 'zoom-token-refresher-connections' }));
      dynamodb.destroy();
      await page.goto(link);
      await press('Continue to Zoom');
      await page.getByRole('button', { name: 'Continue to Zoom' }).waitFor({ state: 'detached' });
      await expectRefused('broken', 'Something went wrong');
    });

    test('where there is no page', async () => {
      await page.goto(`${stack.publicUrl}/conect`);
      await expectRefused('no-such-page', 'Page not found');
    });
  });
});
