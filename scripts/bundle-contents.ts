import type { Metafile } from 'esbuild';
import { bundleMetafile } from './bundle-metafile.ts';

/** Sizes of a function's bundle, bytes. */
export interface BundleContents {
  /** Files that Node reads when the function starts. */
  atOnce: number;
  /** Files that Node reads only when they are needed. */
  late: number;
  /** `atOnce` by package, and by file for this project's own code; the largest first. */
  parts: [string, number][];
}

/** Returns the sizes of the bundle of `lambdas/<task>.ts`. */
export async function bundleContents(task: string): Promise<BundleContents> {
  const { outputs } = await bundleMetafile(task);
  if (!outputs['index.mjs']) throw new Error(`esbuild wrote no index.mjs for lambdas/${task}.ts.`);
  const atOnce = importedBy('index.mjs', outputs);
  const sizes = (files: string[]) => files.reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0);
  return {
    atOnce: sizes(atOnce),
    late: sizes(Object.keys(outputs).filter((file) => !atOnce.includes(file))),
    parts: partsOf(atOnce, outputs),
  };
}

/** Returns the file and everything that it imports, except late imports. */
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
