import '../../local/silence-powertools.ts';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { manualClock } from '../../local/clock.ts';
import type { LocalStack } from '../../local/local-stack.ts';
import { startLocalStack } from '../../local/stack.ts';
import { describeInBrowser } from '../support/browser/browser.ts';
import { type Visitor, visitor } from '../support/browser/visitor.ts';

await describeInBrowser('the live page follows the place of a connection:', (browser) => {
  let stack: LocalStack;
  let user: Visitor;
  let page: Page;

  beforeEach(async () => {
    stack = await startLocalStack({ now: manualClock().now, speed: 120, port: 0 });
    user = await visitor(browser);
    page = user.page;
    await user.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: stack.publicUrl });
    await page.goto(stack.publicUrl);
  });

  afterEach(async () => {
    await user.leave();
    await stack.close();
  });

  const card = (connection: string) => page.getByRole('article', { name: connection, exact: true });
  const copyButton = (connection: string) =>
    page.getByRole('button', { name: `Copy the expression of ${connection}`, exact: true });
  const shows = (place: Locator, text: string) => place.filter({ hasText: text }).waitFor();

  test('Copy copies the expression that a connection has since it moved to a bundle', async () => {
    await stack.operate({ action: 'connect', connection: 'reports', app: 'reports' });
    await shows(card('reports'), '{{ $secrets.aws.n8n_zoom_reports }}');
    await stack.operate({ action: 'move', connection: 'reports', place: 'bundle_sales' });
    const expression = '{{ $secrets.aws.n8n_zoom_bundle_sales.parseJson().reports }}';
    await shows(card('reports'), expression);
    await copyButton('reports').click();
    await shows(page.getByRole('status'), `Copied: ${expression}`);
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(expression);
    user.expectNoComplaints();
  });

  test('a connection that is only pushed has no expression, and nothing to copy', async () => {
    await stack.operate({ action: 'connect', connection: 'pushed', app: 'reports', place: 'none' });
    await shows(card('pushed'), 'Next renewal');
    expect(await card('pushed').getByText('Expression for n8n').isVisible()).toBe(false);
    expect(await copyButton('pushed').isVisible()).toBe(false);
    user.expectNoComplaints();
  });

  test('a connection without a secret that is linked to no n8n says everywhere that it reaches none', async () => {
    await stack.operate({ action: 'connect', connection: 'pushed', app: 'reports', place: 'none' });
    await shows(card('pushed').locator('.status.warn'), 'Reaches no n8n');
    await shows(card('pushed'), 'nothing: it has no secret, and it is linked to no n8n');
    expect(await card('pushed').getByRole('meter').isVisible()).toBe(false);
    await shows(
      page.locator('#events li').first(),
      'Zoom issued token no. 1. It is in no secret: n8n gets it by a push alone.',
    );
    await user.lookAt('local-page-no-n8n', { phone: true });
    user.expectNoComplaints();
  });
});
