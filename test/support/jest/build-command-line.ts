import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleCommandLine } from '../../../lib/bundling/command-line-bundle.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;

/** Builds the command line as the package has it. A process of the bundle starts in half the time. */
export default async function buildCommandLine(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'zoom-tokens-package-'));
  await Promise.all([
    bundleCommandLine(join(folder, 'dist')),
    ...['package.json', 'bin/zoom-tokens.js'].map((file) => cp(join(ROOT, file), join(folder, file))),
  ]);
  process.env.ZOOM_TOKENS_PACKAGE = folder;
}
