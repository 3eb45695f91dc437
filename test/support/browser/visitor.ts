import { mkdirSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import { expect } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';

const SECONDS = 1000;
const SCREENSHOTS = new URL('../../../tmp/screenshots/', import.meta.url);
const COLOR_SCHEMES = ['light', 'dark'] as const;
const DESKTOP = { width: 1100, height: 760 };
/** The width at which WCAG 2.2 demands a page without horizontal scrolling (1.4.10). */
const PHONE = { width: 320, height: 740 };

/** A browser context without cookies or history, and its first page. */
export interface Visitor {
  context: BrowserContext;
  page: Page;
  /**
   * Expects no axe violation on the page, in light and in dark. Saves a screenshot of each in `tmp/screenshots`; `phone`
   * adds screenshots at a phone's width, at which the page must not scroll sideways.
   */
  lookAt(name: string, options?: { page?: Page; phone?: boolean }): Promise<void>;
  /** Throws when a page violated its policy, threw, or requested anything from another host. */
  expectNoComplaints(): void;
  leave(): Promise<void>;
}

export async function visitor(browser: Browser): Promise<Visitor> {
  const context = await browser.newContext({ viewport: DESKTOP, reducedMotion: 'reduce' });
  context.setDefaultTimeout(10 * SECONDS);
  const complaints: string[] = [];
  context.on('console', (message) => {
    const isStatus = /the server responded with a status of/.test(message.text());
    if (message.type() === 'error' && !isStatus) complaints.push(message.text());
  });
  context.on('weberror', (thrown) => complaints.push(thrown.error().message));
  context.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol !== 'data:' && protocol !== 'mailto:' && hostname !== 'localhost')
      complaints.push(`requested ${request.url()}`);
  });
  const first = await context.newPage();
  return {
    context,
    page: first,
    async lookAt(name, { page = first, phone = false } = {}) {
      expect({ name, violations: await examine(page) }).toEqual({ name, violations: [] });
      mkdirSync(SCREENSHOTS, { recursive: true });
      for (const colorScheme of COLOR_SCHEMES) {
        await page.emulateMedia({ colorScheme });
        await shoot(page, `${name}-${colorScheme}`);
        if (phone) {
          await page.setViewportSize(PHONE);
          expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
            PHONE.width,
          );
          await shoot(page, `${name}-phone-${colorScheme}`);
          await page.setViewportSize(DESKTOP);
        }
      }
    },
    expectNoComplaints: () => expect(complaints).toEqual([]),
    leave: () => context.close(),
  };
}

/** Returns axe's violations. Axe is a script: where a page's sandbox runs none, axe examines a copy of the page. */
async function examine(page: Page): Promise<string[]> {
  const hasScript = (await page.locator('script').count()) > 0;
  const examined = hasScript ? page : await page.context().newPage();
  if (!hasScript) await examined.setContent(await page.content());
  const found: string[] = [];
  for (const colorScheme of COLOR_SCHEMES) {
    await examined.emulateMedia({ colorScheme });
    const axe = new AxeBuilder({ page: examined }).setLegacyMode();
    // The scheme changes only colours.
    if (colorScheme === 'dark') axe.withRules('color-contrast');
    const { violations } = await axe.analyze();
    found.push(
      ...violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${colorScheme}: ${id}: ${html}`)),
    );
  }
  if (!hasScript) await examined.close();
  return found;
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: new URL(`${name}.png`, SCREENSHOTS).pathname, fullPage: true });
}
