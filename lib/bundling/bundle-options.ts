import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { forLambda } from './lambda-plugin.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/**
 * How `entry` becomes `index.mjs` in `folder`, which a function runs. What is imported late is in files of its own beside
 * it: they are read when they are needed, which for most is never.
 */
export function bundleOptions(entry: string, folder: string): BuildOptions {
  return {
    absWorkingDir: import.meta.dirname,
    entryPoints: { index: entry },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // Without this, a package's CommonJS build would be taken where it names both with `main` and `module`.
    mainFields: ['module', 'main'],
    // A function's credentials are in its environment; the other ways to find some are 140 kB.
    alias: {
      '@aws-sdk/credential-provider-node': join(import.meta.dirname, 'environment-credentials.ts'),
    },
    plugins: [forLambda],
    legalComments: 'none',
    logLevel: 'warning',
    // By it the command line knows whether what is deployed is older than its checkout.
    define: { 'process.env.VERSION': JSON.stringify(version) },
    banner: {
      // CommonJS packages call `require` for Node's own modules, and a module has none.
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  };
}
