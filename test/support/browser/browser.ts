import { afterAll, describe, jest, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startBrowser } from './start-browser.ts';

/** A test renders, examines and photographs pages several times, on cores that other tests use too. */
const TEST_MILLISECONDS = 30_000;

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
  jest.setTimeout(TEST_MILLISECONDS);
  describe(name, () => {
    afterAll(() => browser.close());
    define(browser);
  });
}
