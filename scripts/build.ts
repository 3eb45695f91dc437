import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundleOptions } from '../lib/bundling/bundle-options.ts';

// `npm run build` writes the contents of the package to dist/: the construct as JavaScript with its types, the functions'
// bundles, and the command line in one file. A checkout does not need it.

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

rmSync(DIST, { recursive: true, force: true });
const { status } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['--project', 'tsconfig.build.json'], {
  cwd: ROOT,
  stdio: 'inherit',
});
if (status !== 0) process.exit(1);

for (const task of ['callback', 'rotate', 'operator']) {
  await build(bundleOptions(join(ROOT, 'lambdas', `${task}.ts`), join(DIST, 'functions', task)));
}

await build({
  entryPoints: [join(ROOT, 'bin/zoom-tokens.ts')],
  // At the depth of its source, which reads ../package.json.
  outfile: join(DIST, 'zoom-tokens.js'),
  bundle: true,
  minify: true,
  keepNames: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  legalComments: 'none',
  logLevel: 'warning',
  // CommonJS packages call `require`, and an ES module has no `require`.
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
});
