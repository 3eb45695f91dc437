import '../../local/silence-powertools.ts';
import { BatchWriteItemCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { manualClock } from '../../local/clock.ts';
import type { LocalStack } from '../../local/local-stack.ts';
import { TABLE_NAME } from '../../local/services.ts';
import { startLocalStack } from '../../local/stack.ts';
import { consentAsBrowser } from '../../local/zoom/consent.ts';
import { describeInBrowser } from '../support/browser/browser.ts';
import { type Visitor, visitor } from '../support/browser/visitor.ts';

const MINUTES = 60;
const BATCH = 25;
/** A person who types notices a longer one. Measured on two cores with a load of 14: none above 83. */
const LONGEST_TASK_MILLISECONDS = 200;

await describeInBrowser('the live page tells what n8n gets:', (browser) => {
  let clock: ReturnType<typeof manualClock>;
  let stack: LocalStack;
  let user: Visitor;
  let page: Page;

  beforeEach(async () => {
    clock = manualClock();
    stack = await startLocalStack({ now: clock.now, speed: 120, port: 0 });
    user = await visitor(browser);
    page = user.page;
    await page.goto(stack.publicUrl);
  });

  afterEach(async () => {
    await user.leave();
    await stack.close();
  });

  const card = (connection: string) => page.getByRole('article', { name: connection, exact: true });
  const shows = (place: Locator, text: string) => place.filter({ hasText: text }).waitFor();
  const connectReports = () => stack.operate({ action: 'connect', connection: 'reports', app: 'reports' });
  const lane = (connection: string, index: number) =>
    card(connection).getByRole('list').nth(index).getByRole('listitem').allInnerTexts();

  /** Returns the text of the description with this id. */
  const descriptionOf = (id: string | null) => page.locator(`#${id}`).textContent();

  async function callAfter(minutes: number): Promise<void> {
    clock.advance(minutes * MINUTES);
    await stack.sweep();
    await stack.n8n.readSecrets();
    await stack.n8n.callZoom();
  }

  test('two lanes show 200 with this program, and 401 after an hour without it', async () => {
    await consentAsBrowser(`${stack.publicUrl}/link/main`);
    await connectReports();
    for (const minutes of [0, 30, 20, 30]) await callAfter(minutes);
    for (const connection of ['main', 'reports']) {
      await shows(card(connection), 'n8n with this program: 4 of its last 4 calls worked');
      await shows(card(connection), 'pasted into n8n once: 3 of its last 4 calls worked');
      expect(await lane(connection, 0)).toEqual(['200', '200', '200', '200']);
      expect(await lane(connection, 1)).toEqual(['200', '200', '200', '401']);
    }
    await shows(card('main'), 'The Zoom account of a person');
    await shows(card('reports'), 'A company’s own app');
    await user.lookAt('local-page-lanes', { phone: true });
    user.expectNoComplaints();
  });

  test('the state turns from green to amber to red, as the token that n8n holds does', async () => {
    await connectReports();
    const state = card('reports').locator('.status');
    await shows(state.and(page.locator('.good')), 'Works, 60 min left');
    await page.getByRole('switch', { name: 'Zoom is down' }).click();
    await shows(page.getByRole('status'), 'Zoom is down');
    await callAfter(31);
    await shows(state.and(page.locator('.warn')), 'n8n’s last call failed: 503; token runs out in 29 min');
    await callAfter(30);
    await shows(state.and(page.locator('.bad')), 'Expired 1 min ago');
    await user.lookAt('local-page-expired');
    user.expectNoComplaints();
  });

  test.each([
    ['Zoom is down', 503],
    ['Zoom limits the rate', 429],
    ['Hide the Zoom user', 500],
  ])('the state is amber while n8n’s calls fail, although its token is good: %s', async (name, status) => {
    await connectReports();
    await callAfter(0);
    const state = card('reports').locator('.status');
    await shows(state.and(page.locator('.good')), 'Works, 60 min left');
    const faultSwitch = page.getByRole('switch', { name });
    expect(await faultSwitch.getAttribute('aria-describedby').then(descriptionOf)).toMatch(
      /n8n’s calls? .*too/,
    );
    await faultSwitch.click();
    await shows(page.locator('#events li').first(), 'Broken by you');
    await callAfter(5);
    await shows(state.and(page.locator('.warn')), `n8n’s last call failed: ${status}; token good for 55 min`);
    expect(await lane('reports', 0)).toEqual(['200', String(status)]);

    await faultSwitch.click();
    await shows(page.locator('#events li').first(), 'Repaired by you');
    await callAfter(5);
    await shows(state.and(page.locator('.good')), 'Works, 50 min left');
    user.expectNoComplaints();
  });

  test('the line that says what a button did covers nothing, and the switches stay in sight', async () => {
    await connectReports();
    await consentAsBrowser(`${stack.publicUrl}/link/main`);
    await card('main').getByRole('button', { name: 'Simulate revoked access: main' }).click();
    await shows(page.getByRole('status'), 'Zoom renews no token of “main” any more.');
    await page.evaluate('scrollTo(0, document.body.scrollHeight)');
    expect(await page.evaluate('scrollY')).toBeGreaterThan(0);
    const sizes = await page.viewportSize();
    for (const each of [page.getByRole('status'), ...(await page.getByRole('switch').all())]) {
      const box = await each.boundingBox();
      expect(box?.y).toBeGreaterThanOrEqual(0);
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(sizes?.height ?? 0);
    }
    const story = await page.locator('.story').boundingBox();
    const panel = await page.getByRole('complementary').boundingBox();
    expect((story?.x ?? 0) + (story?.width ?? 0)).toBeLessThanOrEqual(panel?.x ?? 0);
  });

  /** Copies the item of `reports` under other names. No function has to open their tokens. */
  async function copyReports(count: number): Promise<void> {
    const client = new DynamoDBClient();
    const { Items = [] } = await client.send(new ScanCommand({ TableName: TABLE_NAME }));
    // The tokens are in an item of their own.
    for (const prefix of ['', 'tokens#']) {
      const reports = Items.find(({ connection }) => connection?.S === `${prefix}reports`);
      for (let start = 0; reports && start < count; start += BATCH) {
        const copies = Array.from({ length: BATCH }, (_, index) => {
          const connection = { S: `${prefix}user_${String(start + index).padStart(4, '0')}` };
          return { PutRequest: { Item: { ...reports, connection } } };
        });
        await client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE_NAME]: copies } }));
      }
    }
    client.destroy();
  }

  test('a thousand connections are pages of twenty with a search, and do not freeze the tab', async () => {
    // On a busy machine a state of a thousand connections takes seconds.
    page.setDefaultTimeout(60_000);
    await page.evaluate(
      'globalThis.tasks = []; new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" })',
    );
    await connectReports();
    await copyReports(1000);
    const counts = page.getByText('1,001 connections: 1,001 work, 0 need attention, 0 fail');
    await counts.waitFor();
    expect(await page.locator('#connections article').count()).toBe(20);
    await shows(page.locator('#range'), '1 to 20 of 1,001');
    await card('reports').waitFor();

    await page.getByRole('button', { name: 'Next' }).click();
    await shows(page.locator('#range'), '21 to 40 of 1,001');
    await card('user_0019').waitFor();

    await page.getByRole('searchbox', { name: 'Search' }).fill('user_099');
    await shows(page.locator('#range'), '1 to 10 of 10');
    await card('user_0999').waitFor();
    await page.getByRole('searchbox', { name: 'Search' }).fill('nobody');
    await shows(page.locator('#range'), 'No connection has this name');
    const tasks = (await page.evaluate('tasks')) as number[];
    expect(tasks.filter((milliseconds) => milliseconds > LONGEST_TASK_MILLISECONDS)).toEqual([]);
    // Axe itself takes longer, so it comes last.
    await user.lookAt('local-page-thousand');

    user.expectNoComplaints();
  });
});
