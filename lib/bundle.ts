import { build } from 'esbuild';

// `node lib/bundle.ts <entry> <folder>` writes <folder>/index.mjs. It is a program of its own because the CDK
// bundles synchronously, and esbuild runs plugins only in its asynchronous build.

const [entry, folder] = process.argv.slice(2);
if (entry === undefined || folder === undefined)
  throw new Error('Usage: node lib/bundle.ts <entry> <folder>');

await build({
  absWorkingDir: import.meta.dirname,
  entryPoints: [entry],
  outfile: `${folder}/index.mjs`,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // Without this, a package's CommonJS build would be taken where it names both with `main` and `module`.
  mainFields: ['module', 'main'],
  // The log names an error by its class.
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
  banner: {
    // CommonJS packages call `require` for Node's own modules, and a module has none.
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
}).catch(() => process.exit(1)); // esbuild has said why.
