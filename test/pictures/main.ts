import '../../local/silence-powertools.ts';
import { mkdirSync, writeFileSync } from 'node:fs';
import { manualClock } from '../../local/clock.ts';
import { startLocalStack } from '../../local/stack.ts';
import { cacheFolder, install, isInstalled } from '../n8n/install.ts';
import { startBrowser } from '../support/browser/start-browser.ts';
import { draw, record } from './lanes.ts';
import { photographN8n } from './n8n.ts';

// Makes the documents' pictures from the local stack, so that they show what the program shows: `npm run pictures`.
// Those of n8n's screens need the n8n that `npm run test:n8n` installs.

const PICTURES = new URL('../../docs/pictures/', import.meta.url);
const PAGE = { width: 720, height: 560 };
/** Holds both sample connections. */
const LIVE_PAGE = { width: 1100, height: 1220 };
const HOURS = 3600;

const file = (name: string) => new URL(name, PICTURES).pathname;

mkdirSync(PICTURES, { recursive: true });
writeFileSync(file('with-and-without.svg'), draw(await record()));
await photographConsent();
if (isInstalled(process.env)) await photographNode();
else process.stdout.write('The pictures of n8n stay as they are: npm run test:n8n installs n8n.\n');

/** Photographs n8n, without a licence, with the token of a connection. */
async function photographNode(): Promise<void> {
  const n8n = await install(cacheFolder(process.env), (line) => process.stdout.write(`${line}\n`));
  const stack = await startLocalStack({ now: manualClock().now, speed: 1, port: 0 });
  try {
    await photographN8n(n8n, stack, (name) => file(`${name}.png`));
  } finally {
    await stack.close();
  }
}

/** Photographs the pages that a Zoom user meets, and the live page after two hours. */
async function photographConsent(): Promise<void> {
  const clock = manualClock();
  const stack = await startLocalStack({ now: clock.now, speed: 120, port: 0 });
  const browser = await startBrowser();
  try {
    const page = await browser.newPage({ viewport: PAGE, reducedMotion: 'reduce', colorScheme: 'light' });
    const photograph = (name: string, fullPage = true) =>
      page.screenshot({ path: file(`${name}.png`), fullPage });
    await page.goto(`${stack.publicUrl}/link/main`);
    await photograph('consent-1-link');
    await page.getByRole('button', { name: 'Continue to Zoom' }).click();
    await page.getByRole('button', { name: 'Allow' }).waitFor();
    await photograph('consent-2-zoom');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await photograph('consent-3-done');

    await stack.operate({ action: 'connect', connection: 'reports', app: 'reports' });
    for (let time = 0; time < 2 * HOURS; time += 300) {
      clock.advance(300);
      await stack.sweep();
      await stack.n8n.readSecrets();
      await stack.n8n.callZoom();
    }
    await page.setViewportSize(LIVE_PAGE);
    await page.goto(stack.publicUrl);
    await page.getByText('n8n with this program').first().waitFor();
    await photograph('live-page', false);
  } finally {
    await browser.close();
    await stack.close();
  }
}
