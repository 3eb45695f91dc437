import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Mutant } from './mutant.ts';

interface Operator {
  what: string;
  pattern: RegExp;
  to: (found: string) => string;
}

/** Changes of a line of code. What they match is no type and no text in the project's style. */
const OPERATORS: Operator[] = [
  { what: 'negates', pattern: / (===|!==) /g, to: swap(' === ', ' !== ') },
  { what: 'negates', pattern: /(?<=[( ])!(?=[\w(])/g, to: () => '' },
  { what: 'negates', pattern: /if \((?=[\w.]+\))/g, to: () => 'if (!' },
  { what: 'negates', pattern: /(?<=^\s*(return|const \w+ =) )(?=[\w.]+ \? )/g, to: () => '!' },
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
  { what: 'does not wait in', pattern: /return await /g, to: () => 'return ' },
  {
    what: 'leaves out',
    pattern: /^ +(await )?(?!([\w.]+\.)?log\.|warnOf)[a-z][\w.]+\(.*\);$/g,
    to: () => '',
  },
  { what: 'leaves out', pattern: /^ +if \(.*\) (return|throw|continue)\b.*;$/g, to: () => '' },
  {
    what: 'swaps true and false in',
    pattern: /(?<=\w: )(true|false)(?=[,;) }])/g,
    to: swap('true', 'false'),
  },
  { what: 'swaps + and - in', pattern: / [+-] (?=[\w(])/g, to: swap(' + ', ' - ') },
  { what: 'swaps min and max in', pattern: /Math\.(min|max)\(/g, to: swap('Math.min(', 'Math.max(') },
  {
    what: 'multiplies by ten',
    pattern: /(?<=^(export )?const [A-Z\d_]+ = )(?=\d[\d_ */+()]*;)/g,
    to: () => '10 * ',
  },
];

/** Changes of DynamoDB's expressions, which are texts. */
const TABLE_OPERATORS: Operator[] = [
  { what: 'swaps AND and OR in', pattern: / (AND|OR) /g, to: swap(' AND ', ' OR ') },
  { what: 'negates', pattern: / (=|<>) (?=:)/g, to: swap(' = ', ' <> ') },
  {
    what: 'negates',
    pattern: /attribute_(not_)?exists/g,
    to: swap('attribute_exists', 'attribute_not_exists'),
  },
  {
    what: 'moves the boundary of',
    pattern: / (<|<=|>|>=) (?=:)/g,
    to: (found) => BOUNDARIES[found] ?? found,
  },
];

const BOUNDARIES: Record<string, string> = { ' < ': ' <= ', ' <= ': ' < ', ' > ': ' >= ', ' >= ': ' > ' };

function swap(one: string, other: string) {
  return (found: string) => (found === one ? other : one);
}

/** Returns `size` mutants of lambdas/tokens and lambdas/aws, drawn with a seed. */
export function sampleMutants(root: string, size: number, seed: number): Mutant[] {
  const files = globSync('lambdas/{tokens,aws}/**/*.ts', { cwd: root }).sort();
  const all = files.flatMap((file) => {
    const stages = stagesOf(root, file);
    return changesOf(file, readFileSync(join(root, file), 'utf8')).map((change) => ({
      ...change,
      ...stages,
    }));
  });
  const random = generator(seed);
  const drawn: Mutant[] = [];
  while (drawn.length < size && all.length > 0) {
    drawn.push(...all.splice(Math.floor(random() * all.length), 1));
  }
  return drawn;
}

/** Returns every change that an operator makes of a file's text. */
export function changesOf(file: string, source: string): Omit<Mutant, 'tests'>[] {
  const hasExpressions = file.startsWith('lambdas/aws/table/');
  let offset = 0;
  return source.split('\n').flatMap((line, index) => {
    const start = offset;
    offset += line.length + 1;
    if (/^\s*(\/?\*|\/\/|import |export type |type |\|)/.test(line)) return [];
    const isText = /^\s*[`'"]/.test(line);
    const isCondition = hasExpressions && !line.includes('SET ');
    const operators = [...(isText ? [] : OPERATORS), ...(isCondition ? TABLE_OPERATORS : [])];
    return operators.flatMap(({ what, pattern, to }) =>
      [...line.matchAll(pattern)].map((match) => ({
        file,
        what: `line ${index + 1}, column ${match.index + 1}, ${what}: ${line.trim()}`,
        from: match[0],
        to: to(match[0]),
        at: start + match.index,
      })),
    );
  });
}

/** Tests of the whole domain, in memory. */
const DOMAIN = ['test/lambdas/tokens/', 'test/promises/'];
/** Tests of the functions, over the AWS SDK and HTTP. */
const FUNCTIONS = ['test/lambdas/callback/', 'test/lambdas/operator/', 'test/lambdas/rotate/'];

/** Returns the tests of a file, from the narrowest to the widest. */
function stagesOf(root: string, file: string): Pick<Mutant, 'tests' | 'wider'> {
  const folder = join('test', dirname(file));
  const name = basename(file, '.ts');
  const own = globSync(`${folder}/${name}{,-*}.test.ts`, { cwd: root });
  const neighbours = globSync(`${folder}/*.test.ts`, { cwd: root }).length > 0 ? [[`${folder}/`]] : [];
  const isDomain = file.startsWith('lambdas/tokens/');
  const [tests = [], ...wider] = [
    ...(own.length > 0 ? [own] : []),
    ...(isDomain && dirname(file) === 'lambdas/tokens' ? [] : neighbours),
    ...(isDomain ? [DOMAIN, [...FUNCTIONS, 'test/model/']] : [['test/lambdas/aws/', ...FUNCTIONS]]),
  ];
  return { tests, wider };
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
