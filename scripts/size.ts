import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleContents } from './bundle-contents.ts';

// `node scripts/size.ts` prints what each function's bundle is made of, and fails above its budget.

const LARGEST = 12;
const budget: Record<string, number> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'bundle-budget.json'), 'utf8'),
);

for (const [task, kilobytes] of Object.entries(budget)) {
  const { atOnce, late, parts } = await bundleContents(task);
  const isTooLarge = atOnce > kilobytes * 1000;
  say(`${task}: ${kb(atOnce)}, budget ${kilobytes} kB${isTooLarge ? ': TOO LARGE' : ''}; late ${kb(late)}`);
  for (const [part, bytes] of parts.slice(0, LARGEST)) say(`  ${kb(bytes).padStart(9)}  ${part}`);
  if (isTooLarge) process.exitCode = 1;
}
if (process.exitCode === 1) {
  say('Find out which part grew. If it is worth it, raise its number in scripts/bundle-budget.json.');
}

function kb(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
