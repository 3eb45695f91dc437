import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, matchesGlob, relative, sep } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { FAST_TESTS } from '../jest.fast.config.ts';

const ROOT = join(import.meta.dirname, '..');
/** Files and packages that synthesize a stack, bundle a function or start an installation. */
const SLOW =
  /^(test\/lib\/synthesized|test\/support\/(services\/(services|installation)|cli|browser|faults)|lib\/(stack|bundling|zoom-token-refresher)|local\/(stack|aws|zoom)|bin)\b|^(aws-cdk-lib\/assertions|aws-cdk|esbuild|dynalite|oidc-provider)$/;

describe('npm run test:fast', () => {
  let files: string[];
  beforeAll(() => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const [, config = ''] = /^npm test -- --config (\S+)$/.exec(scripts['test:fast']) ?? [];
    const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
    const list = execFileSync(process.execPath, [jest, '--config', config, '--listTests'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    files = list
      .trim()
      .split('\n')
      .map((file) => relative(ROOT, file).replaceAll(sep, '/'))
      .sort();
  });

  test.each(FAST_TESTS)('runs at least one test file of %s', (pattern) => {
    expect(files.filter((file) => matchesGlob(file, pattern))).not.toEqual([]);
  });

  test('runs no other file than its patterns name', () => {
    expect(files.filter((file) => !FAST_TESTS.some((pattern) => matchesGlob(file, pattern)))).toEqual([]);
  });

  test('loads nothing that synthesizes a stack, bundles a function or starts an installation', async () => {
    const loaded = await loadedBy(files);
    expect(loaded).toEqual(expect.arrayContaining(['lambdas/tokens/rotation/step.ts', 'aws-cdk-lib']));
    expect(loaded.filter((each) => SLOW.test(each))).toEqual([]);
  });

  test('calls no synthesis of its own', () => {
    const calling = files.filter((file) =>
      /\.synth\(|Template\./.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(calling).toEqual([]);
  });
});

test('a test file that synthesizes the stack would be recognized as slow', async () => {
  const loaded = await loadedBy(['test/lib/stack.test.ts']);
  expect(loaded.filter((each) => SLOW.test(each))).toEqual(
    expect.arrayContaining(['test/lib/synthesized.ts', 'lib/stack.ts', 'aws-cdk-lib/assertions']),
  );
});

/** Returns the project's files and the packages that these files import at run time, directly or through others. */
async function loadedBy(entryPoints: string[]): Promise<string[]> {
  const { metafile } = await build({
    entryPoints,
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    metafile: true,
    outdir: 'unused',
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  });
  const packages = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  return [...new Set([...Object.keys(metafile.inputs), ...packages])];
}
