import { afterAll, describe, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startBrowser } from './start-browser.ts';

/**
 * Defines a group of tests that share one browser. Where Chromium cannot run, skips the group and writes the reason to
 * stderr; in CI (`CI` is set), throws. Await it at the top of a file.
 */
export async function describeInBrowser(name: string, define: (browser: Browser) => void): Promise<void> {
  let browser: Browser;
  try {
    browser = await startBrowser();
  } catch (error) {
    if (process.env.CI) throw error;
    process.stderr.write(`${(error as Error).message}\n`);
    describe.skip(name, () => test('needs Chromium', () => {}));
    return;
  }
  describe(name, () => {
    afterAll(() => browser.close());
    define(browser);
  });
}
