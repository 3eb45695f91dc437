import { beforeEach, expect, test } from '@jest/globals';
import { createCommandLine } from '../../../support/cli/command-line.ts';
import { useDoctor } from '../../../support/cli/use-doctor.ts';

const { installation, run, makeHealthy, changeResult } = useDoctor();

beforeEach(makeHealthy);

const skippedChecks = (stdout: string) => stdout.split('\n').filter((line) => line.startsWith('– ')).length;

test('doctor without AWS credentials says so, and skips every other check', async () => {
  const env = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
  const { code, stdout } = await installation().commandLine.run(['doctor'], { env });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^✖ No AWS credentials found\./);
  expect(stdout).toContain('– Skipped the redirect URL: the operator function gave no result.\n');
  expect(skippedChecks(stdout)).toBe(15);
});

test('doctor without an AWS Region says how to set one', async () => {
  const environment = Object.entries(installation().stack.environment).filter(
    ([name]) => !/REGION/.test(name),
  );
  const { code, stdout } = await createCommandLine(Object.fromEntries(environment)).run(['doctor']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^✖ No AWS Region is set\.\n {2}Name the Region of the stack/);
});

test('doctor for a name that is not deployed reports the credentials as accepted and the stack as missing', async () => {
  const { code, stdout } = await run('--name', 'elsewhere');
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^✔ AWS accepts the credentials\.\n✖ Function elsewhere-operator not found in this AWS account and Region\.\n {2}Deploy it/,
  );
  expect(skippedChecks(stdout)).toBe(14);
});

test('doctor reports another deployed version, and goes on with the other checks', async () => {
  await changeResult('about', (about) => ({ ...about, version: '0.0.9' }));
  const { code, stdout } = await run();
  expect(code).toBe(1);
  expect(stdout).toContain(
    '✖ zoom-token-refresher 0.0.9 is deployed, but this checkout is version 0.1.0.\n  Deploy this version (npx cdk deploy)',
  );
  expect(stdout).toContain('✔ Zoom accepts the app "default".');
});

test('doctor of a deployed version that has no check action skips what depends on that action', async () => {
  const error = { class: 'rejected', code: 'bad_request', message: '…', action: '…' };
  installation().responses.set('check', () => ({ ok: false, error }));
  const { code, stdout } = await run();
  expect(code).toBe(1);
  expect(stdout).toContain('✖ zoom-token-refresher-operator does not support "check"');
  expect(stdout).toContain(
    '– Skipped the schedule and its last sweep: the operator function could not check it.',
  );
  expect(stdout).toContain("– Skipped n8n's policy: the operator function could not check it.");
  expect(stdout).toContain('✔ Active without problems:');
});
