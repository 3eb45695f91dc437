import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { bundleOptions } from '../lib/bundling/bundle-options.ts';

const ROOT = join(import.meta.dirname, '..');

/** Bytes of a function's bundle. */
export interface BundleContents {
  /** Of what is read when the function starts. */
  atOnce: number;
  /** Of the files that are read when they are needed. */
  late: number;
  /** Of what is read at once, by package, and by file for what is ours; the largest first. */
  parts: [string, number][];
}

/** What `lambdas/<task>.ts` is bundled to. */
export async function bundleContents(task: string): Promise<BundleContents> {
  const { metafile } = await build({
    ...bundleOptions(join(ROOT, 'lambdas', `${task}.ts`), '.'),
    metafile: true,
    write: false,
  });
  const { outputs } = metafile;
  if (!outputs['index.mjs']) throw new Error(`esbuild made no index.mjs of lambdas/${task}.ts.`);
  const atOnce = importedBy('index.mjs', outputs);
  const sizes = (files: string[]) => files.reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0);
  return {
    atOnce: sizes(atOnce),
    late: sizes(Object.keys(outputs).filter((file) => !atOnce.includes(file))),
    parts: partsOf(atOnce, outputs),
  };
}

/** The file and all that it imports, but for what it imports late. */
function importedBy(file: string, outputs: Metafile['outputs']): string[] {
  const found = new Set([file]);
  for (const each of found) {
    for (const { path, kind } of outputs[each]?.imports ?? []) {
      if (kind === 'import-statement' && outputs[path]) found.add(path);
    }
  }
  return [...found];
}

function partsOf(files: string[], outputs: Metafile['outputs']): [string, number][] {
  const parts = new Map<string, number>();
  for (const [path, { bytesInOutput }] of files.flatMap((file) =>
    Object.entries(outputs[file]?.inputs ?? {}),
  )) {
    const inPackage = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
    const part = inPackage ?? path.replace(/^(\.\.\/)+/, '');
    parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
  }
  return [...parts].sort(([, one], [, other]) => other - one);
}
