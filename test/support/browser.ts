import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, statSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';

/**
 * Starts the Chromium that the npm package @sparticuz/chromium carries (Linux on x64).
 * @throws with what to do where it cannot run
 */
export async function startBrowser(): Promise<Browser> {
  try {
    return await chromium.launch({
      executablePath: await unpack(),
      args: ['--no-zygote', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
      // Chromium refuses its sandbox to root, and unprivileged containers have none; it opens only pages of ours.
      chromiumSandbox: false,
    });
  } catch (error) {
    throw new Error(
      `Chromium does not run here (${process.platform} ${process.arch}). It needs Linux on x64 with the libraries ` +
        `of NSS: apt-get install libnss3. What it said: ${(error as Error).message}`,
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
