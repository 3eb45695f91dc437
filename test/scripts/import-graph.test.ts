import { describe, expect, test } from '@jest/globals';
import { circles, importGraph, levels, subgraph } from '../../scripts/import-graph.ts';

const graphOf = (sources: Record<string, string>) => importGraph(new Map(Object.entries(sources)));
const imported = (source: string) => [
  ...(graphOf({ 'a/one.ts': source, 'a/two.ts': '', 'b/three.ts': '' }).get('a/one.ts') ?? []),
];

describe('the imports of a file', () => {
  test.each([
    ["import { two } from './two.ts';", ['a/two.ts']],
    ["import type { Two } from './two.ts';", ['a/two.ts']],
    ["export { two } from './two.ts';", ['a/two.ts']],
    ["import {\n  two,\n  three,\n} from '../b/three.ts';", ['b/three.ts']],
    ["import './two.ts';", ['a/two.ts']],
    ["const two = await import('./two.ts');", ['a/two.ts']],
    ["import './two.ts';\nimport { x } from './two.ts';", ['a/two.ts']],
  ])('are found in %j', (source, expected) => {
    expect(imported(source)).toEqual(expected);
  });

  test.each(["import { join } from 'node:path';", "import './missing.ts';", "import './one.ts';"])(
    'leave out packages, missing files and the file itself: %j',
    (source) => {
      expect(imported(source)).toEqual([]);
    },
  );
});

describe('levels and circles', () => {
  const chain = { 'a.ts': "import './b.ts'; import './c.ts';", 'b.ts': "import './c.ts';", 'c.ts': '' };
  const circle = { ...chain, 'c.ts': "import type { b } from './b.ts';", 'd.ts': "import './a.ts';" };

  test('the levels are the files of the longest chain of imports', () => {
    expect(levels(graphOf(chain))).toBe(3);
    expect(circles(graphOf(chain))).toEqual([]);
  });

  test('a circle is found, type-only imports included, and counts as one level', () => {
    expect(circles(graphOf(circle))).toEqual([['b.ts', 'c.ts']]);
    expect(levels(graphOf(circle))).toBe(3);
  });

  test('a subgraph has the imports between its own files only', () => {
    const inside = subgraph(graphOf(circle), (file) => file !== 'c.ts');
    expect([...inside].map(([file, found]) => [file, [...found]])).toEqual([
      ['a.ts', ['b.ts']],
      ['b.ts', []],
      ['d.ts', ['a.ts']],
    ]);
  });
});
