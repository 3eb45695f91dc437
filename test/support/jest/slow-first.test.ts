import { expect, test } from '@jest/globals';
import SlowFirst from './slow-first.ts';

type Tests = Parameters<SlowFirst['sort']>[0];

const SIZES = { 'faults/small': 90, 'lambdas/big': 9000, 'lambdas/small': 100, 'browser/middle': 5000 };

const pathOf = (name: string) => `/project/test/${name}.test.ts`;
const sizes = new Map(Object.entries(SIZES).map(([name, size]) => [pathOf(name), size]));
const context = { config: { cache: false }, hasteFS: { getSize: (path: string) => sizes.get(path) } };

/** Returns the order of the files, where Jest remembers how many milliseconds these took. */
async function order(known: Record<string, number>): Promise<string[]> {
  const sequencer = new SlowFirst({} as never);
  const cache = Object.fromEntries(Object.entries(known).map(([name, took]) => [pathOf(name), [1, took]]));
  Object.assign(sequencer, { _cache: new Map([[context, cache]]) });
  const files = [...sizes.keys()].map((path) => ({ path, context })) as unknown as Tests;
  const sorted = await sequencer.sort(files);
  return sorted.map(({ path }) => /test\/(.*)\.test/.exec(path)?.[1] ?? path);
}

test('in a fresh clone the files of slow folders start first, and then the large ones', async () => {
  expect(await order({})).toEqual(['faults/small', 'browser/middle', 'lambdas/big', 'lambdas/small']);
});

test('where Jest remembers how long files took, the longest start first, after those that it does not know', async () => {
  const known = { 'lambdas/small': 900, 'faults/small': 50, 'browser/middle': 70 };
  expect(await order(known)).toEqual(['lambdas/big', 'lambdas/small', 'browser/middle', 'faults/small']);
});
