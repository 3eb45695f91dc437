import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';

const synth = (context: object) =>
  spawnSync(process.execPath, ['bin/app.ts'], {
    encoding: 'utf8',
    env: { ...process.env, CDK_CONTEXT_JSON: JSON.stringify(context) },
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
