import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Mutant } from './mutant.ts';

/** Changes of a line of code. What they match is no type and no text in the project's style. */
const OPERATORS: { what: string; pattern: RegExp; to: (found: string) => string }[] = [
  { what: 'negates', pattern: / (===|!==) /g, to: swap(' === ', ' !== ') },
  {
    what: 'moves the boundary of',
    pattern: / (<|<=|>|>=) (?=[\w(-])/g,
    to: (found) => BOUNDARIES[found] ?? found,
  },
  { what: 'swaps && and || in', pattern: / (&&|\|\|) /g, to: swap(' && ', ' || ') },
  {
    what: 'does not wait in',
    pattern: /^ +await (?=.*;$)/g,
    to: (found) => found.replace('await ', 'void '),
  },
  { what: 'leaves out', pattern: /^ +(await )?[a-z][\w.]+\(.*\);$/g, to: () => '' },
  { what: 'swaps + and - in', pattern: / [+-] (?=[\w(])/g, to: swap(' + ', ' - ') },
  { what: 'swaps min and max in', pattern: /Math\.(min|max)\(/g, to: swap('Math.min(', 'Math.max(') },
];

const BOUNDARIES: Record<string, string> = { ' < ': ' <= ', ' <= ': ' < ', ' > ': ' >= ', ' >= ': ' > ' };

function swap(one: string, other: string) {
  return (found: string) => (found === one ? other : one);
}

/** Returns `size` mutants of lambdas/tokens and lambdas/aws, drawn with a seed. */
export function sampleMutants(root: string, size: number, seed: number): Mutant[] {
  const files = globSync('lambdas/{tokens,aws}/**/*.ts', { cwd: root }).sort();
  const all = files.flatMap((file) => mutantsOf(root, file));
  const random = generator(seed);
  const drawn: Mutant[] = [];
  while (drawn.length < size && all.length > 0) {
    drawn.push(...all.splice(Math.floor(random() * all.length), 1));
  }
  return drawn;
}

function mutantsOf(root: string, file: string): Mutant[] {
  const source = readFileSync(join(root, file), 'utf8');
  const tests = testsOf(root, file);
  let offset = 0;
  return source.split('\n').flatMap((line, index) => {
    const start = offset;
    offset += line.length + 1;
    // Comments, imports, types and texts are no code.
    if (/^\s*(\/?\*|\/\/|import |export type |type |\||`|'|")/.test(line)) return [];
    return OPERATORS.flatMap(({ what, pattern, to }) =>
      [...line.matchAll(pattern)].map((match) => ({
        file,
        what: `line ${index + 1} ${what}: ${line.trim()}`,
        from: match[0],
        to: to(match[0]),
        at: start + match.index,
        tests,
        wider: ['test/lambdas/'],
      })),
    );
  });
}

/** Returns the tests of a file's folder, or of the domain where the folder has none. */
function testsOf(root: string, file: string): string[] {
  const mirror = join('test', dirname(file));
  return [existsSync(join(root, mirror)) ? `${mirror}/` : 'test/lambdas/tokens/'];
}

/** Returns numbers from 0 to 1 (mulberry32), the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
