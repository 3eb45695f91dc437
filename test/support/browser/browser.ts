import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, statSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { afterAll, describe, jest, test } from '@jest/globals';
import { type Browser, chromium } from 'playwright-core';

/** A page is rendered, examined and pictured several times, on cores that other tests use too. */
const TEST_MILLISECONDS = 30_000;

/**
 * A group of tests with one browser. Where Chromium cannot run, the group is reported as skipped and the reason is
 * written; in CI (`CI` is set) that is a failure. To be awaited at the top of a file.
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

/**
 * Starts the Chromium that the npm package @sparticuz/chromium carries (Linux on x64), or the one that the
 * environment variable CHROMIUM names.
 * @throws with what to do where it cannot run
 */
async function startBrowser(): Promise<Browser> {
  try {
    return await chromium.launch({
      executablePath: process.env.CHROMIUM ?? (await unpack()),
      args: [
        '--no-zygote',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        // Whatever else it may want to ask, no name is found but ours.
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
      ],
      // Chromium refuses its sandbox to root, and unprivileged containers have none; it opens only pages of ours.
      chromiumSandbox: false,
    });
  } catch (error) {
    throw new Error(
      `Chromium does not run here (${process.platform} ${process.arch}). It needs Linux on x64 with the libraries ` +
        'of NSS (apt-get install libnss3), or the path of another Chromium or Chrome in the environment variable ' +
        `CHROMIUM. What it said: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** Under its own name only once it is whole: test files start at the same time. */
async function unpack(): Promise<string> {
  const require = createRequire(import.meta.url);
  const packed = join(dirname(require.resolve('@sparticuz/chromium')), '../bin/chromium.br');
  const executable = new URL(
    `../../node_modules/.cache/chromium/chromium-${statSync(packed).size}`,
    import.meta.url,
  ).pathname;
  if (existsSync(executable)) return executable;
  const unfinished = `${executable}-${randomUUID()}`;
  await mkdir(dirname(executable), { recursive: true });
  await pipeline(
    createReadStream(packed),
    createBrotliDecompress(),
    createWriteStream(unfinished, { mode: 0o755 }),
  );
  await rename(unfinished, executable);
  return executable;
}
