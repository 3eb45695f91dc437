import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

const synth = (context: object, variables: NodeJS.ProcessEnv = {}) =>
  spawnSync(process.execPath, ['bin/app.ts'], {
    encoding: 'utf8',
    env: { ...process.env, CDK_CONTEXT_JSON: JSON.stringify(context), ...variables },
  });

describe('the stack', () => {
  let output: string;
  beforeEach(() => {
    output = mkdtempSync(join(tmpdir(), 'synthesis-'));
  });
  afterEach(() => rmSync(output, { recursive: true }));

  /** Returns the names of the stacks. No code is bundled. */
  const stacks = (context: object): string[] => {
    // The validation takes seconds; test/lib/permissions/nag.test.ts has it.
    const quickly = { CDK_OUTDIR: output, CDK_VALIDATION: 'false' };
    const { status, stderr } = synth({ ...context, 'aws:cdk:bundling-stacks': [] }, quickly);
    expect([status, stderr]).toEqual([0, expect.anything()]);
    return readdirSync(output).flatMap((file) => /^(.+)\.template\.json$/.exec(file)?.[1] ?? []);
  };

  test.each([
    ['of a second installation has another name', { name: 'second' }, 'second'],
    [
      'stays the same when only the names of its resources change, so that all data stays',
      { name: 'renamed', installationId: 'zoom-token-refresher' },
      'zoom-token-refresher',
    ],
  ])('%s', (_, context, name) => {
    expect(stacks(context)).toEqual([name]);
  });
});

test.each([
  [{ aps: 'reports' }, /^"aps" is no setting\. Did you mean "apps"\? Correct it in the context of cdk\.json/],
  [{ alarmEmial: 'me@example.com' }, /^"alarmEmial" is no setting\. Did you mean "alarmEmail"\?/],
  [{ somethingElse: 1 }, /^"somethingElse" is no setting\. Correct it/],
  [{ sweepRateMinutes: 9 }, /^"sweepRateMinutes" must be a whole number from 1 to 5/],
])('settings that cannot be used, %j, end the synthesis with one line', (context, message) => {
  const { status, stderr } = synth(context);
  expect(status).toBe(1);
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
});
