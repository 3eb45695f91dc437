import { beforeEach, expect, test } from '@jest/globals';
import { useDoctor } from '../../../support/cli/use-doctor.ts';

const { run, findings, makeHealthy, changeResult } = useDoctor();

beforeEach(makeHealthy);

const policyArn = 'arn:aws:iam::111122223333:policy/n8n';
const attachTo = (...principals: string[]) =>
  changeResult('check', (check) => ({ ...check, n8n: { policyArn, principals } }));
const policyFinding = async (...args: string[]) =>
  (await findings(...args)).find(({ check }) => check === 'policy');

test("doctor says to whom n8n's policy is attached", async () => {
  await attachTo('user/n8n', 'role/worker');
  expect(await policyFinding()).toMatchObject({
    state: 'well',
    message: "n8n's policy is attached to user/n8n, role/worker.",
  });
});

test('doctor reports an n8n policy that is not attached, and says how to attach it', async () => {
  await attachTo();
  const { code, stdout } = await run();
  expect(code).toBe(1);
  expect(stdout).toContain(
    "✖ n8n's policy is attached to no user, role or group.\n" +
      `  Attach it: aws iam attach-user-policy --user-name <n8n> --policy-arn ${policyArn}\n`,
  );
});

test.each([
  ['arn:aws:iam::111122223333:user/n8n', 'well', "The user n8n has n8n's policy."],
  ['arn:aws:iam::111122223333:user/tools/n8n', 'well', "The user n8n has n8n's policy."],
  ['arn:aws:iam::111122223333:role/worker', 'well', "The role worker has n8n's policy."],
  ['arn:aws:sts::111122223333:assumed-role/worker/i-0ab', 'well', "The role worker has n8n's policy."],
  ['arn:aws:iam::111122223333:role/n8n', 'wrong', "The role n8n does not have n8n's policy."],
  [
    'arn:aws:iam::999999999999:user/n8n',
    'wrong',
    'The user n8n belongs to the account 999999999999, and the stack to another.',
  ],
])('doctor --n8n-principal %s finds "%s": %s', async (arn, state, message) => {
  await attachTo('user/n8n', 'role/worker');
  expect(await policyFinding('--n8n-principal', arn)).toMatchObject({ state, message });
});

test('doctor --n8n-principal warns that a group decides when only a group has the policy', async () => {
  await attachTo('group/readers');
  const arn = 'arn:aws:iam::111122223333:user/n8n';
  expect(await policyFinding('--n8n-principal', arn)).toMatchObject({
    state: 'note',
    message: "The user n8n has n8n's policy only as a member of a group that has it: group/readers.",
  });
});

test('doctor --n8n-principal with text that is no ARN is wrong usage, and runs no check', async () => {
  const { code, stdout, stderr } = await run('--n8n-principal', 'n8n');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^✖ "n8n" is not the ARN of an IAM user or role\.\n/);
});
