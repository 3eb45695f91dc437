import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

test('every promise of docs/reliability.md has one test file in test/promises, and every file there tests one promise', () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const promised = [...read('../../docs/reliability.md').matchAll(/^### (.+)$/gm)].map(([, name]) => name);
  const tested = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.test.ts') && file !== 'documented.test.ts')
    .map((file) => [...read(`./${file}`).matchAll(/^describe\('(.+)',/gm)].map(([, name]) => name));
  expect(promised.length).toBeGreaterThan(0);
  expect(tested.every((names) => names.length === 1)).toBe(true);
  expect(tested.flat().sort()).toEqual(promised.toSorted());
});
