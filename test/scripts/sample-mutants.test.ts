import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { mutate } from '../../scripts/mutant.ts';
import { changesOf, sampleMutants } from '../../scripts/sample-mutants.ts';

const ROOT = join(import.meta.dirname, '../..');
const DOMAIN = 'lambdas/tokens/example.ts';
const TABLE = 'lambdas/aws/table/example.ts';

/** Returns the text after each change of it. */
const mutated = (source: string, file = DOMAIN) =>
  changesOf(file, source).map((change) => mutate(source, { ...change, tests: [] }));

describe('a mutant', () => {
  test.each([
    ['  return a === b;', '  return a !== b;'],
    ['  return !isFree;', '  return isFree;'],
    ['  if (isFree) {', '  if (!isFree) {'],
    ['  return isFree ? 1 : 2;', '  return !isFree ? 1 : 2;'],
    ['  return now >= until;', '  return now > until;'],
    ['  return a && b;', '  return a || b;'],
    ['const SECONDS = 5 * 60;', 'const SECONDS = 10 * 5 * 60;'],
    ['  return a - b;', '  return a + b;'],
    ['  return Math.min(a, b);', '  return Math.max(a, b);'],
    ['  return f({ fresh: true });', '  return f({ fresh: false });'],
    ['    return await f();', '    return f();'],
    ['  if (isFree) return b;', ''],
  ])('of "%s" may be "%s"', (source, changed) => {
    expect(mutated(source)).toContain(changed);
  });

  test('of a call does not wait for it, or leaves it out', () => {
    expect(mutated('  await store.release(item);')).toEqual(['  void store.release(item);', '']);
  });

  test.each([
    '// a === b',
    ' * a === b',
    "import { a } from 'b';",
    "  | 'a' | 'b'",
    "  'a && b',",
    "  log.info('rotated', logContext(item));",
    "  warnOfFailure(log, 'Not revoked.', error);",
    'type Both = A & B;',
  ])('changes no comment, type, text or log: %s', (line) => {
    expect(mutated(line)).toEqual([]);
  });

  test('of the table changes the conditions of DynamoDB, in texts too, and no assignment', () => {
    expect(mutated("  '#version = :version AND #until < :now';", TABLE)).toEqual([
      "  '#version = :version OR #until < :now';",
      "  '#version <> :version AND #until < :now';",
      "  '#version = :version AND #until <= :now';",
    ]);
    expect(mutated("  set: 'SET #status = :active',", TABLE)).toEqual([]);
    expect(mutated("  '#version = :version'")).toEqual([]);
  });

  test('is changed where it stands, also if the same text stands elsewhere', () => {
    expect(mutated('a === b\na === b')).toEqual(['a !== b\na === b', 'a === b\na !== b']);
  });
});

describe('a sample', () => {
  const sample = sampleMutants(ROOT, 30, 7);

  test('is the same for the same seed, and another one for another seed', () => {
    expect(sampleMutants(ROOT, 30, 7)).toEqual(sample);
    expect(sampleMutants(ROOT, 30, 8)).not.toEqual(sample);
  });

  test('is of the domain and the AWS adapters, each of them once', () => {
    const places = sample.map(({ file, what }) => `${file}: ${what}`);
    expect(new Set(places).size).toBe(30);
    for (const { file } of sample) expect(file).toMatch(/^lambdas\/(tokens|aws)\//);
  });

  test('runs the narrowest tests first: those of the file, then of its folder, then of the domain, then of the functions', () => {
    const [step] = sampleMutants(ROOT, 10_000, 1).filter(({ file }) => file.endsWith('rotation/overlap.ts'));
    expect([step?.tests, ...(step?.wider ?? [])]).toEqual([
      ['test/lambdas/tokens/rotation/overlap.test.ts'],
      ['test/lambdas/tokens/rotation/'],
      ['test/lambdas/tokens/', 'test/promises/'],
      ['test/lambdas/callback/', 'test/lambdas/operator/', 'test/lambdas/rotate/', 'test/model/'],
    ]);
  });
});
