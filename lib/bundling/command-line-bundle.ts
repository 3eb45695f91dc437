import { copyFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { withoutExportsOf } from './builtins-plugin.ts';
import { REQUIRE } from './bundle-options.ts';
import { withoutEventStreams } from './event-streams-plugin.ts';

/** Folder of the package that opens a browser. */
const OPEN = dirname(createRequire(import.meta.url).resolve('open'));

/** Folder of what is loaded late. */
const LATE = 'zoom-tokens';

/**
 * Bundles the command line into `<folder>/zoom-tokens.js`, beside the files that it loads late. It reads the version in
 * `<folder>/../package.json`.
 */
export async function bundleCommandLine(folder: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, '../../bin/zoom-tokens.ts')],
    outdir: folder,
    chunkNames: `${LATE}/[name]-[hash]`,
    bundle: true,
    splitting: true,
    minify: true,
    // Errors are told apart by their names.
    keepNames: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    // By default esbuild prefers `main`, which is the CommonJS build of packages that have both.
    mainFields: ['module', 'main'],
    plugins: [withoutExportsOf(/^node:/), withoutEventStreams],
    legalComments: 'none',
    logLevel: 'warning',
    banner: REQUIRE,
  });
  // The package `open` runs this script beside its code on a Linux that has no xdg-utils.
  await copyFile(join(OPEN, 'xdg-open'), join(folder, LATE, 'xdg-open'));
}
