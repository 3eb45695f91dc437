import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleContents } from './bundle-contents.ts';

// `npm run size` prints each function's bundle with its largest parts, and fails for a bundle above its budget.

const LARGEST = 12;
const budget: Record<string, number> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'bundle-budget.json'), 'utf8'),
);

for (const [task, kilobytes] of Object.entries(budget)) {
  const { atOnce, late, parts } = await bundleContents(task);
  const isTooLarge = atOnce > kilobytes * 1000;
  print(`${task}: ${kb(atOnce)}, budget ${kilobytes} kB${isTooLarge ? ': TOO LARGE' : ''}; late ${kb(late)}`);
  for (const [part, bytes] of parts.slice(0, LARGEST)) print(`  ${kb(bytes).padStart(9)}  ${part}`);
  if (isTooLarge) process.exitCode = 1;
}
if (process.exitCode === 1) {
  print(
    'Find the part that grew. If the growth is worth it, raise the budget in scripts/bundle-budget.json.',
  );
}

function kb(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
