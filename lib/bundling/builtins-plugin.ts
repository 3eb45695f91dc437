import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/**
 * Loads Node's own modules without their ES form. An ES import evaluates every export, and some of these load more of
 * Node: three of `node:http` all of undici, with which a process starts 40 ms later, and one of `node:util` worker threads.
 * @param modules to load so, by name
 */
export const withoutExportsOf = (modules: RegExp): Plugin => ({
  name: 'without-exports',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: modules }, ({ path, importer, kind }) =>
      // With a copy for each importer, no copy becomes a file that several others share.
      kind === 'import-statement' ? { path, suffix: `?${importer}`, namespace: 'builtin' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({ contents: moduleOf(path) }));
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
});

/** Returns an ES module with the exports of one of Node's. esbuild keeps those that are imported. */
function moduleOf(path: string): string {
  const names = Object.keys(process.getBuiltinModule(path) ?? {}).filter((name) => name !== 'default');
  return `const builtin = process.getBuiltinModule('${path}');
export default builtin;
${names.map((name) => `export const ${name} = /* @__PURE__ */ (() => builtin.${name})();`).join('\n')}`;
}
