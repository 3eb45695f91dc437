import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { bundled, functionNamed } from '../synthesized.ts';

// Outside the repository, so that Node finds none of its packages.
const folder = mkdtempSync(join(tmpdir(), 'bundles-'));
let template: Template;

beforeAll(() => {
  template = bundled(join(folder, 'cdk.out'));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Returns the folder that is deployed as this function's code. */
function asset(task: string): string {
  const key: string = functionNamed(template, `zoom-token-refresher-${task}`).Code.S3Key;
  return join(folder, 'cdk.out', `asset.${key.replace('.zip', '')}`);
}

describe.each(['callback', 'rotate', 'operator'])("%s's bundle", (task) => {
  test('consists of index.mjs and the files that it imports, without a source map', () => {
    const files = readdirSync(asset(task));
    const texts = files.map((file) => readFileSync(join(asset(task), file), 'utf8'));
    const imported = texts.flatMap((text) =>
      [...text.matchAll(/"\.\/([\w-]+\.mjs)"/g)].map(([, file]) => file),
    );
    expect(new Set(files)).toEqual(new Set(['index.mjs', ...imported]));
    for (const text of texts) expect(text).not.toContain('sourceMappingURL');
  });

  test('loads in plain Node outside the repository, and exports a handler', () => {
    const elsewhere = join(folder, task);
    cpSync(asset(task), elsewhere, { recursive: true });
    const { stdout, stderr } = run(
      ['--input-type=module', '-e', "process.stdout.write(typeof (await import('./index.mjs')).handler)"],
      elsewhere,
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'function', stderr: '' });
  });
});

test.each([
  ['callback', 'S3Client'],
  ['rotate', 'SNSClient'],
  ['rotate', 'S3Client'],
  ['operator', 'policyEntities'],
])('%s finds its late imports', (task, name) => {
  const late = readdirSync(asset(task)).map((file) => `import('./${file}')`);
  const { stdout, stderr } = run(
    [
      '--input-type=module',
      '-e',
      `process.stdout.write(String((await Promise.all([${late}])).map(Object.keys)))`,
    ],
    asset(task),
  );
  expect(stderr).toBe('');
  expect(stdout.split(',')).toContain(name);
});

test("the operator's bundle contains its version, without an environment variable", () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8'));
  const { stdout } = run(['--input-type=module', '-e', ABOUT], asset('operator'));
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, result: { version } });
});

const ABOUT = `
  Object.assign(process.env, {
    TABLE_NAME: 't', RESCUE_BUCKET: 'r', APP_SECRETS: '{}',
    PUBLIC_URL: 'https://tokens.example.com', POWERTOOLS_LOG_LEVEL: 'SILENT',
  });
  const { handler } = await import('./index.mjs');
  const response = await handler({ action: 'about' }, { getRemainingTimeInMillis: () => 60000 });
  process.stdout.write(JSON.stringify(response));
`;

test('a bundle has the same bytes in whatever folder it is made', () => {
  const root = resolve(import.meta.dirname, '../../..');
  run([join(root, 'lib/bundling/bundle.ts'), join(root, 'lambdas/rotate.ts'), join(folder, 'again')], folder);
  const bytesIn = (path: string) =>
    readdirSync(path).map((file) => [file, readFileSync(join(path, file), 'latin1')]);
  expect(bytesIn(join(folder, 'again'))).toEqual(bytesIn(asset('rotate')));
});

function run(args: string[], cwd: string) {
  // Only variables that Lambda itself sets.
  const env = { AWS_REGION: 'eu-west-1', AWS_LAMBDA_FUNCTION_NAME: 'bundle' };
  return spawnSync(process.execPath, args, { cwd, encoding: 'utf8', env });
}
