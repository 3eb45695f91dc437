import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { FAILURE_CLASSES } from '../../lambdas/contract.ts';
import { FAILURE_CODES } from '../../lambdas/tokens/failure-codes.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = 'docs/command-line.md';
const CODES_FILE = 'lambdas/tokens/failure-codes.ts';

test('docs/command-line.md lists exactly the failure codes of the program, in alphabetical order', () => {
  expect([...documentedCodes().keys()]).toEqual([...FAILURE_CODES].sort());
});

test('docs/command-line.md gives every failure code a meaning and at least one existing class', () => {
  const incomplete = [...documentedCodes()].filter(
    ([, { classes, meaning }]) =>
      meaning === '' ||
      classes.length === 0 ||
      classes.some((name) => !(FAILURE_CLASSES as readonly string[]).includes(name)),
  );
  expect(incomplete).toEqual([]);
});

test('docs/command-line.md lists each class with which the source creates a failure code', () => {
  const documented = documentedCodes();
  const created = sources().flatMap(({ path, text }) =>
    [...text.matchAll(/new Failure\(\s*'(\w+)',\s*'(\w+)'/g)].map(([, failureClass = '', code = '']) => ({
      path,
      failureClass,
      code,
    })),
  );
  expect(created.length).toBeGreaterThan(50);
  const missing = created.filter(
    ({ failureClass, code }) => !documented.get(code)?.classes.includes(failureClass),
  );
  expect(missing).toEqual([]);
});

test('every failure code is used in the source', () => {
  const text = sources()
    .map((source) => source.text)
    .join('\n');
  expect(FAILURE_CODES.filter((code) => !text.includes(`'${code}'`))).toEqual([]);
});

/** Returns the rows of the table under the heading _Failure codes_, by code. */
function documentedCodes(): Map<string, { classes: string[]; meaning: string }> {
  const page = readFileSync(join(ROOT, PAGE), 'utf8');
  const [, section = ''] = page.split('\n## Failure codes\n');
  const rows = section.matchAll(/^\| `(\w+)` +\| ([^|]+)\| ([^|]+)\|$/gm);
  return new Map(
    [...rows].map(([, code = '', classes = '', meaning = '']) => [
      code,
      { classes: [...classes.matchAll(/`(\w+)`/g)].map(([, name = '']) => name), meaning: meaning.trim() },
    ]),
  );
}

function sources(): { path: string; text: string }[] {
  const paths = ['cli', 'lambdas'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  return paths
    .filter((path) => path.endsWith('.ts') && path !== CODES_FILE)
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}
