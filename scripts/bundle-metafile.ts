import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { bundleOptions } from '../lib/bundling/bundle-options.ts';

const ROOT = join(import.meta.dirname, '..');
const known = new Map<string, Promise<Metafile>>();

/** Returns what esbuild says about the bundle of `lambdas/<task>.ts`. A process bundles it once. */
export function bundleMetafile(task: string): Promise<Metafile> {
  const metafile = known.get(task) ?? bundle(task);
  known.set(task, metafile);
  return metafile;
}

async function bundle(task: string): Promise<Metafile> {
  const { metafile } = await build({
    ...bundleOptions(join(ROOT, 'lambdas', `${task}.ts`), '.'),
    metafile: true,
    write: false,
  });
  return metafile;
}
