import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page, ViewportSize } from 'playwright-core';

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
/** Options of axe's `run`. The dark scheme changes only colours. */
const RULES = {
  light: {},
  dark: { runOnly: { type: 'rule', values: ['color-contrast'] } },
};
/** The page of each browser that holds the copies. */
const copies = new WeakMap<Browser, Page>();

/**
 * Returns axe's violations on the page, in light and in dark. Axe is a script: where a page's sandbox runs none, axe
 * examines a copy of the page.
 */
export async function examine(page: Page): Promise<string[]> {
  const hasScript = (await page.locator('script').count()) > 0;
  return findViolations(hasScript ? page : await copyOf(page));
}

async function findViolations(page: Page): Promise<string[]> {
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(AXE);
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const violations = await page.evaluate<string[]>(
      `axe.run(${JSON.stringify({ ...RULES[colorScheme], resultTypes: ['violations'] })}).then(({ violations }) =>
        violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`,
    );
    found.push(...violations.map((violation) => `${colorScheme}: ${violation}`));
  }
  return found;
}

/** Returns a page with the same markup. One page holds one copy after the other, so that axe is compiled once. */
async function copyOf(page: Page): Promise<Page> {
  const browser = page.context().browser() as Browser;
  const copy = copies.get(browser) ?? (await browser.newPage({ reducedMotion: 'reduce' }));
  copies.set(browser, copy);
  await copy.setViewportSize(page.viewportSize() as ViewportSize);
  await copy.setContent(await page.content());
  return copy;
}
