import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { bundleOptions } from '../lib/bundle-options.ts';

// `node scripts/size.ts` prints what each function's bundle is made of, and fails above its budget.

const LARGEST = 12;
const ROOT = join(import.meta.dirname, '..');
const budget: Record<string, number> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'bundle-budget.json'), 'utf8'),
);

for (const [task, kilobytes] of Object.entries(budget)) {
  const { metafile } = await build({
    ...bundleOptions(join(ROOT, 'lambdas', `${task}.ts`), 'index.mjs'),
    metafile: true,
    write: false,
  });
  const [bundle] = Object.values(metafile.outputs);
  if (bundle === undefined) throw new Error(`esbuild made nothing of lambdas/${task}.ts.`);
  const isTooLarge = bundle.bytes > kilobytes * 1000;
  say(`${task}: ${kb(bundle.bytes)}, budget ${kilobytes} kB${isTooLarge ? ': TOO LARGE' : ''}`);
  for (const [part, bytes] of partsOf(bundle).slice(0, LARGEST)) say(`  ${kb(bytes).padStart(9)}  ${part}`);
  if (isTooLarge) process.exitCode = 1;
}
if (process.exitCode === 1) {
  say('Find out which part grew. If it is worth it, raise its number in scripts/bundle-budget.json.');
}

/** Bytes by package, and by file for what is ours, the largest first. */
function partsOf({ inputs }: Metafile['outputs'][string]): [string, number][] {
  const parts = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const inPackage = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
    const part = inPackage ?? path.replace('../', '');
    parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
  }
  return [...parts].sort(([, one], [, other]) => other - one);
}

function kb(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
