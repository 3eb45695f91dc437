import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

/** Stands for npm: does what the variable of that script's name says. */
const NPM = `#!/usr/bin/env bash
script=$1
[ "$1" != run ] || script=$2
all=$*
report=\${all##*--outputFile=}
counts='{"numPassedTests":3,"numFailedTests":1,"numRuntimeErrorTestSuites":0}'
[ "$report" = "$all" ] || printf %s "$counts" >"$report"
action=do_\${script//[^a-z]/_}
eval "\${!action:-true}"
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ci-run-'));
  mkdirSync(join(folder, '.ci'));
  cpSync(join(import.meta.dirname, '../../.ci/run'), join(folder, '.ci/run'));
  writeFileSync(join(folder, '.ci/audit-signatures'), '#!/bin/sh\n');
  writeFileSync(join(folder, 'npm'), NPM);
  for (const program of ['.ci/run', '.ci/audit-signatures', 'npm']) chmodSync(join(folder, program), 0o755);
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the check, where each script of npm does what is given for it in Bash. */
async function check(actions: Record<string, string>, settings: Record<string, string> = {}) {
  const PATH = [folder, dirname(process.execPath), process.env.PATH].join(delimiter);
  const child = spawn(join(folder, '.ci/run'), { cwd: folder, env: { PATH, ...settings, ...actions } });
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return { status, output, steps: output.match(/(?<=^=== ).*/gm), last: output.trimEnd().split('\n').at(-1) };
}

test('every step runs once, those beside the tests are shown after them, and the last line counts the tests', async () => {
  const { status, output, steps, last } = await check({}, { SEED: '7' });
  expect(status).toBe(0);
  expect(steps).toEqual([
    'npm ci',
    'npm test -- --randomize --seed=7',
    'npm run test:deploy',
    'npm run check:static',
    'npm run bundles',
    'npm audit signatures',
  ]);
  expect(output).not.toContain('FAILED');
  expect(last).toBe('3 passed, 1 failed');
});

test('the tests do not wait for the deploy test', async () => {
  const { status } = await check({
    do_test: 'touch tested',
    do_test_deploy: 'until [ -e tested ]; do sleep 0.05; done',
  });
  expect(status).toBe(0);
});

test('where the tests fail, the steps beside them are stopped with all that they started', async () => {
  const { status, output, last } = await check({
    do_test: 'until [ -e waiting ]; do sleep 0.05; done; exit 3',
    do_test_deploy: 'sleep 4711 & echo $! >started; touch waiting; wait',
  });
  expect(status).toBe(3);
  expect(output).toMatch(/The steps beside it were stopped:\n+=== npm run test:deploy\n/);
  expect(output).toMatch(/^FAILED: npm test -- --randomize --seed=\d+$/m);
  expect(last).toBe('3 passed, 1 failed');
  const started = Number(readFileSync(join(folder, 'started'), 'utf8'));
  expect(() => process.kill(started, 0)).toThrow('ESRCH');
});

test('where a step beside the tests fails, the tests run to their end, and the step is named', async () => {
  const { status, output, steps } = await check({
    do_bundles: 'touch failed; exit 4',
    do_test: 'until [ -e failed ]; do sleep 0.05; done; touch tested',
  });
  expect(status).toBe(4);
  expect(existsSync(join(folder, 'tested'))).toBe(true);
  expect(output).toMatch(/^FAILED: npm run bundles$/m);
  expect(steps).not.toContain('npm audit signatures');
});

test('a machine on which the deploy test cannot run passes only where that is allowed', async () => {
  const missing = { do_test_deploy: 'exit 75' };
  expect(await check(missing)).toMatchObject({ status: 75 });
  const { status, output } = await check(missing, { ALLOW_NO_DEPLOY_TEST: '1' });
  expect(status).toBe(0);
  expect(output).toContain('The deploy test did not run here.');
});
