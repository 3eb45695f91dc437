import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { mutate } from '../../scripts/mutant.ts';
import { mutants } from '../../scripts/mutants.ts';

const ROOT = join(import.meta.dirname, '../..');

test('every mutant of the mutation tests fits its file', () => {
  const stale = mutants.filter(
    (mutant) => mutate(readFileSync(join(ROOT, mutant.file), 'utf8'), mutant) === undefined,
  );
  expect(stale.map(({ file, what }) => `${file}: ${what}`)).toEqual([]);
});
