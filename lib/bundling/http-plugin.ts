import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/**
 * Loads Node's HTTP modules without their ES form. An ES import of `node:http` evaluates every export, and three of them
 * load all of undici: a process starts 40 ms later.
 */
export const withoutUndici: Plugin = {
  name: 'without-undici',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:https?$/ }, ({ path }) => ({ path, namespace: 'builtin' }));
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}');`,
    }));
    onLoad(
      { filter: /node-http-handler[\\/]dist-es[\\/]node-http-handler\.js$|getInstanceMetadataRegion\.js$/ },
      async ({ path }) => ({
        contents: (await readFile(path, 'utf8')).replaceAll(
          'await import("node:http")',
          'process.getBuiltinModule("node:http")',
        ),
      }),
    );
  },
};
