import { build } from 'esbuild';
import { bundleOptions } from './bundle-options.ts';

// `node lib/bundling/bundle.ts <entry> <folder>` writes <folder>/index.mjs and its late imports. It is a program of its
// own because the CDK bundles synchronously, and esbuild runs plugins only in asynchronous builds.

const [entry, folder] = process.argv.slice(2);
if (entry === undefined || folder === undefined)
  throw new Error('Usage: node lib/bundling/bundle.ts <entry> <folder>');

await build(bundleOptions(entry, folder)).catch(() => process.exit(1)); // esbuild has printed the error.
