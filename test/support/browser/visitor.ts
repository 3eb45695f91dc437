import { mkdirSync } from 'node:fs';
import { expect } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { examine } from './examine.ts';

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
   * Expects no axe violation on the page, in light and in dark, and with `phone` that it does not scroll sideways at a
   * phone's width. Where the environment variable SCREENSHOTS is set, saves a screenshot of each in `tmp/screenshots`.
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

async function shoot(page: Page, name: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: new URL(`${name}.png`, SCREENSHOTS).pathname, fullPage: true });
}
