import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { withoutExportsOf } from './builtins-plugin.ts';
import { withoutEventStreams } from './event-streams-plugin.ts';
import { forLambda } from './lambda-plugin.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** CommonJS packages call `require` for Node's own modules, and an ES module has no `require`. */
export const REQUIRE = {
  js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
};

/**
 * Returns esbuild's options to bundle `entry` into `<folder>/index.mjs`, which a function runs. Each late import
 * (`await import()`) becomes a file of its own, which Node reads only when it is needed.
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
    // By default esbuild prefers `main`, which is the CommonJS build of packages that have both.
    mainFields: ['module', 'main'],
    // A function's credentials are in its environment. The SDK's other credential providers are 140 kB.
    alias: {
      '@aws-sdk/credential-provider-node': join(import.meta.dirname, 'environment-credentials.ts'),
    },
    plugins: [withoutExportsOf(/^node:https?$/), withoutEventStreams, forLambda],
    legalComments: 'none',
    logLevel: 'warning',
    // The command line compares it with its own version, to notice an older deployment.
    define: { 'process.env.VERSION': JSON.stringify(version) },
    banner: REQUIRE,
  };
}
