import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundleOptions } from '../lib/bundling/bundle-options.ts';
import { bundleCommandLine } from '../lib/bundling/command-line-bundle.ts';

// `npm run build` writes the contents of the package to dist/: the construct as JavaScript with its types, the functions'
// bundles, and the command line. A checkout does not need it.

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

await bundleCommandLine(DIST);
