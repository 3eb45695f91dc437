import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, statSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';

/**
 * Starts the Chromium that the npm package @sparticuz/chromium carries (Linux on x64), or the one that the
 * environment variable CHROMIUM names.
 * @throws {Error} with what to install when Chromium cannot run
 */
export async function startBrowser(): Promise<Browser> {
  try {
    return await chromium.launch({
      executablePath: process.env.CHROMIUM ?? (await unpack()),
      args: [
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        // Chromium's own background requests resolve no host but this machine.
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
      ],
      // Chromium's sandbox does not run as root or in an unprivileged container. It opens only this project's pages.
      chromiumSandbox: false,
    });
  } catch (error) {
    throw new Error(
      `Chromium does not run here (${process.platform} ${process.arch}). It needs Linux on x64 with the libraries ` +
        'of NSS (apt-get install libnss3), or the path of another Chromium or Chrome in the environment variable ' +
        `CHROMIUM. Chromium's error: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/**
 * Unpacks Chromium under a temporary name and renames it when complete, because test files start in parallel. It is kept
 * where `npm ci` removes nothing.
 */
async function unpack(): Promise<string> {
  const require = createRequire(import.meta.url);
  const packed = join(dirname(require.resolve('@sparticuz/chromium')), '../bin/chromium.br');
  const executable = new URL(`../../../tmp/chromium/${statSync(packed).size}`, import.meta.url).pathname;
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
