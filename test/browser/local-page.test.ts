import '../../local/silence-powertools.ts';
import { randomInt } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { manualClock } from '../../local/clock.ts';
import type { LocalStack } from '../../local/local-stack.ts';
import { readAsN8n } from '../../local/read-as-n8n.ts';
import { startLocalStack } from '../../local/stack.ts';
import { describeInBrowser } from '../support/browser/browser.ts';
import { type Visitor, visitor } from '../support/browser/visitor.ts';

const MINUTES = 60;
const HOURS = 60 * MINUTES;
/** The local clock runs `SPEED` times as fast as real time: two real minutes are four hours of the local clock. */
const SPEED = 120;

await describeInBrowser('the live page', (browser) => {
  let clock: ReturnType<typeof manualClock>;
  let stack: LocalStack;
  let user: Visitor;
  let page: Page;

  beforeEach(async () => {
    clock = manualClock();
    stack = await startLocalStack({ now: clock.now, speed: SPEED, port: 0 });
    user = await visitor(browser);
    page = user.page;
    await user.context.grantPermissions(['clipboard-read', 'clipboard-write'], {
      origin: stack.publicUrl,
    });
    await page.goto(stack.publicUrl);
  });

  afterEach(async () => {
    await user.leave();
    await stack.close();
  });

  const card = (connection: string) => page.getByRole('article', { name: connection, exact: true });
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const switchNamed = (name: string) => page.getByRole('switch', { name, exact: true });
  const shows = (place: Locator, text: string) => place.filter({ hasText: text }).waitFor();
  const minutes = async (connection: string) =>
    Number(await card(connection).getByRole('meter').getAttribute('value')) / 60;
  const isAnnounced = (text: string) => shows(page.getByRole('status'), text);
  const isLatestEvent = (text: string) => shows(page.locator('#events li').first(), text);
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

  test('shows a user connection from its consent through a rotation, without a reload', async () => {
    await page.getByRole('link', { name: 'Connect main' }).waitFor();
    await user.lookAt('local-page-at-first');
    await page.evaluate('document.body.dataset.document = "the same"');
    const connected = await connect(page.getByRole('link', { name: 'Connect main' }));
    const expression = '{{ $secrets.aws.n8n_zoom_main }}';
    expect(await connected.getByText(expression).isVisible()).toBe(true);
    await connected.close();

    await shows(card('main'), 'Works, 60 min left');
    await shows(card('main'), expression);
    await page.getByRole('link', { name: 'Connect main' }).waitFor({ state: 'hidden' });
    await page
      .getByText('the credential of the type Zoom API and paste the expression into the field JWT Token')
      .waitFor();
    expect(await minutes('main')).toBe(60);

    clock.advance(40 * MINUTES);
    await shows(card('main'), 'Works, 20 min left');
    expect(await minutes('main')).toBe(20);

    clock.advance(10 * MINUTES);
    await stack.sweep();
    await shows(card('main'), 'Works, 60 min left');
    await shows(card('main'), '(token no. 2)');
    expect(await minutes('main')).toBe(60);
    expect(await page.locator('#events li').allInnerTexts()).toEqual([
      expect.stringMatching(/main renewed\s+Zoom issued token no\. 2\. n8n can read it\./),
      expect.stringMatching(/main connected\s+Zoom issued token no\. 1\. n8n can read it\./),
    ]);

    const token = (await readAsN8n(stack.secretsManager)).get('n8n_zoom_main') as string;
    await shows(card('main'), `••••••••${token.slice(-4)}`);
    expect(await page.content()).not.toContain(token);
    expect(await page.evaluate('document.body.dataset.document')).toBe('the same');
    await connectReports();
    await shows(card('reports'), 'Works, ');
    await user.lookAt('local-page', { phone: true });
    user.expectNoComplaints();
  });

  test('connects a user who starts three hours of the local clock after the stack and spends two real minutes on each page', async () => {
    clock.advance(3 * HOURS);
    const tab = await open(page.getByRole('link', { name: 'Connect main' }));
    clock.advance(2 * MINUTES * SPEED);
    await continueToZoom(tab);
    clock.advance(2 * MINUTES * SPEED);
    await allow(tab);
    await shows(card('main'), 'Works, 60 min left');
    user.expectNoComplaints();
  });

  test('connects a user who returned while Zoom was down and reloads the page one real minute later', async () => {
    clock.advance(3 * HOURS);
    const tab = await open(page.getByRole('link', { name: 'Connect main' }));
    await continueToZoom(tab);
    await switchNamed('Zoom is down').click();
    await isLatestEvent('Broken by you');
    await tab.getByRole('button', { name: 'Allow' }).click();
    await tab.getByRole('heading', { name: 'Not connected' }).waitFor();
    await switchNamed('Zoom is down').click();
    await isLatestEvent('Repaired by you');
    clock.advance(1 * MINUTES * SPEED);
    await tab.reload();
    await tab.getByRole('heading', { name: '“main” is connected' }).waitFor();
    user.expectNoComplaints();
  });

  test('copies the expression and rotates a connection when its buttons are pressed', async () => {
    await connectReports();
    await button('Copy the expression of reports').click();
    await isAnnounced('Copied: {{ $secrets.aws.n8n_zoom_reports }}');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('{{ $secrets.aws.n8n_zoom_reports }}');

    await button('Renew now: reports').click();
    await isAnnounced('“reports” has a new token.');
    await shows(card('reports'), '(token no. 2)');
    user.expectNoComplaints();
  });

  test('shows the time, the speed of the clock, and the export lines for another program', async () => {
    const time = new Date(clock.now() * 1000).toISOString();
    await shows(page.locator('header'), `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`);
    await shows(
      page.locator('header'),
      'The local clock runs 120 times as fast as real time: an hour takes 30 s.',
    );
    await page.getByText('Read the same secrets from another program').click();
    await shows(
      page.locator('footer'),
      `export AWS_ENDPOINT_URL_SECRETS_MANAGER=${stack.environment.AWS_ENDPOINT_URL_SECRETS_MANAGER}`,
    );
    user.expectNoComplaints();
  });

  test('shows an alert when the stack has stopped', async () => {
    await page.getByRole('link', { name: 'Connect main' }).waitFor();
    await stack.close();
    await shows(page.getByRole('alert'), 'The local stack is not running.');
  });

  test('removes the cards of connections that are gone after a restart', async () => {
    await stack.close();
    // Below the ephemeral ports: the second start needs the same five ports as the first.
    const port = 20_000 + randomInt(10_000);
    stack = await startLocalStack({ now: clock.now, speed: SPEED, port });
    await page.goto(stack.publicUrl);
    await connectReports();
    await shows(card('reports'), 'Works, ');

    await stack.close();
    stack = await startLocalStack({ now: clock.now, speed: SPEED, port });
    await card('reports').waitFor({ state: 'detached' });
    await connectReports();
    await shows(card('reports'), 'Works, ');
  });

  describe('can break', () => {
    const rotate = async (connection: string, message: string) => {
      await button(`Renew now: ${connection}`).click();
      await isAnnounced(message);
    };
    /** A second refusal, at least five minutes later, confirms the first. */
    const confirmRefusal = async () => {
      clock.advance(5 * MINUTES);
      await stack.sweep();
    };
    const connectMain = async () => (await connect(page.getByRole('link', { name: 'Connect main' }))).close();

    test('Zoom: a rotation is retried, and succeeds once Zoom is up', async () => {
      await connectReports();
      await switchNamed('Zoom is down').click();
      await isLatestEvent('Broken by you');
      await switchNamed('Zoom is down').and(page.locator('[aria-checked=true]')).waitFor();
      await rotate('reports', 'Zoom is unavailable (HTTP 503)');
      await shows(card('reports'), 'Zoom is unavailable (HTTP 503)');
      await shows(card('reports'), 'Runs out in ');
      await shows(card('reports'), '(token no. 1)');
      await isLatestEvent('reports not renewed');
      await user.lookAt('local-page-zoom-down');

      await switchNamed('Zoom is down').click();
      await isLatestEvent('Repaired by you');
      clock.advance(10 * MINUTES);
      await stack.sweep();
      await shows(card('reports'), '(token no. 2)');
      expect(await card('reports').getByText('Zoom is unavailable').isVisible()).toBe(false);
      user.expectNoComplaints();
    });

    test('Zoom’s rate: a rotation waits as long as Zoom demands', async () => {
      await connectReports();
      await switchNamed('Zoom limits the rate').click();
      await isLatestEvent('Broken by you');
      await rotate('reports', 'Zoom limits the rate of requests (429).');
      await shows(card('reports'), '(token no. 1)');
      await switchNamed('Zoom limits the rate').click();
      await isLatestEvent('Repaired by you');
      clock.advance(10 * MINUTES);
      await stack.sweep();
      await shows(card('reports'), '(token no. 2)');
      user.expectNoComplaints();
    });

    test('every refresh token: the user connects again, and a Server-to-Server app keeps rotating', async () => {
      await connectMain();
      await connectReports();
      await switchNamed('Refuse every refresh token').click();
      await isLatestEvent('Broken by you');
      await rotate('main', 'Zoom revoked access, so this connection can’t renew itself.');
      await rotate('reports', '“reports” has a new token.');
      await confirmRefusal();
      await card('main').getByRole('link', { name: 'Connect again' }).waitFor();
      await switchNamed('Refuse every refresh token').click();
      await isLatestEvent('Repaired by you');
      await connect(card('main').getByRole('link', { name: 'Connect again' }));
      await shows(card('main'), 'Works, ');
      user.expectNoComplaints();
    });

    test('the Zoom user: a consent succeeds without it', async () => {
      await switchNamed('Hide the Zoom user').click();
      await isLatestEvent('Broken by you');
      await connectMain();
      await switchNamed('Hide the Zoom user').click();
      await isLatestEvent('Repaired by you');
      await rotate('main', '“main” has a new token.');
      user.expectNoComplaints();
    });

    test('the quota of versions: the new token is stored, and published once there is room', async () => {
      await connectReports();
      await switchNamed('Use up a secret’s versions').click();
      await isLatestEvent('Broken by you');
      await rotate('reports', 'The secret “n8n_zoom_reports” takes no new version');
      await shows(card('reports'), '(token no. 1)');
      await switchNamed('Use up a secret’s versions').click();
      await isLatestEvent('Repaired by you');
      clock.advance(20 * MINUTES);
      await stack.sweep();
      await shows(card('reports'), '(token no. 2)');
      user.expectNoComplaints();
    });

    test('the KMS key: n8n reads nothing, and everything recovers once the key is enabled', async () => {
      await connectReports();
      await switchNamed('Disable the encryption key').click();
      await isLatestEvent('Broken by you');
      clock.advance(2 * MINUTES);
      await rotate('reports', 'its KMS key cannot be used');
      await shows(card('reports'), 'nothing: the secret cannot be read');
      await user.lookAt('local-page-kms-key');
      await switchNamed('Disable the encryption key').click();
      await isLatestEvent('Repaired by you');
      await shows(card('reports'), '(token no. 1)');
      clock.advance(20 * MINUTES);
      await rotate('reports', '“reports” has a new token.');
      await shows(card('reports'), 'Works, ');
      user.expectNoComplaints();
    });

    test('the writes of DynamoDB: Zoom is not asked, and no token is lost', async () => {
      await connectMain();
      await switchNamed('Slow the database down').click();
      await isLatestEvent('Broken by you');
      await rotate('main', 'AWS throttles the requests of the account');
      await switchNamed('Slow the database down').click();
      await isLatestEvent('Repaired by you');
      await rotate('main', '“main” has a new token.');
      user.expectNoComplaints();
    });

    test('one response of Zoom: the user’s refresh token is used up, and the user connects again', async () => {
      await connectMain();
      await switchNamed('Lose Zoom’s next response').click();
      await isLatestEvent('Broken by you');
      await rotate('main', 'Zoom');
      await switchNamed('Lose Zoom’s next response').and(page.locator('[aria-checked=false]')).waitFor();
      clock.advance(10 * MINUTES);
      await stack.sweep();
      await confirmRefusal();
      await card('main').getByRole('link', { name: 'Connect again' }).waitFor();
      await user.lookAt('local-page-reconnect');
      await connect(card('main').getByRole('link', { name: 'Connect again' }));
      await shows(card('main'), 'Works, ');
      user.expectNoComplaints();
    });

    test('one response of Zoom: a Server-to-Server app repeats the request', async () => {
      await connectReports();
      await switchNamed('Lose Zoom’s next response').click();
      await isLatestEvent('Broken by you');
      await rotate('reports', 'Zoom');
      await rotate('reports', '“reports” has a new token.');
      user.expectNoComplaints();
    });

    test('a refresh token: the next rotation fails, and the user must connect again', async () => {
      await connectMain();
      await button('Simulate revoked access: main').click();
      await isAnnounced('Zoom renews no token of “main” any more.');
      await rotate('main', 'Zoom revoked access, so this connection can’t renew itself.');
      await shows(card('main'), 'it is not believed yet');
      await confirmRefusal();
      await card('main').getByRole('link', { name: 'Connect again' }).waitFor();
      await shows(card('main'), 'Reconnect: npx zoom-tokens connect main');
      await shows(card('main'), '(token no. 1)');
      user.expectNoComplaints();
    });

    test('a refresh token: the user connects again three hours of the local clock later, spending two real minutes on each page', async () => {
      await connectMain();
      clock.advance(3 * HOURS);
      await button('Simulate revoked access: main').click();
      await isAnnounced('Zoom renews no token of “main” any more.');
      await stack.sweep();
      await confirmRefusal();
      await card('main').getByRole('link', { name: 'Connect again' }).waitFor();
      const tab = await open(card('main').getByRole('link', { name: 'Connect again' }));
      clock.advance(2 * MINUTES * SPEED);
      await continueToZoom(tab);
      clock.advance(2 * MINUTES * SPEED);
      await allow(tab);
      await shows(card('main'), 'Works, 60 min left');
      user.expectNoComplaints();
    });

    test('publishing: the new token is stored, and published once publishing is allowed', async () => {
      await connectReports();
      await switchNamed('Deny writing for n8n').click();
      await isLatestEvent('Broken by you');
      await rotate('reports', 'The function is not allowed to write the secret “n8n_zoom_reports”');
      await shows(card('reports'), 'Runs out in ');
      await shows(card('reports'), '(token no. 1)');

      await switchNamed('Deny writing for n8n').click();
      await isLatestEvent('Repaired by you');
      clock.advance(20 * MINUTES);
      await stack.sweep();
      await shows(card('reports'), '(token no. 2)');
      await shows(card('reports'), 'Works, ');
      user.expectNoComplaints();
    });
  });
});
