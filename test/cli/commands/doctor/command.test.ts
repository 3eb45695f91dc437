import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { OperatorResults } from '../../../../lambdas/operator-protocol.ts';
import { consentAsBrowser } from '../../../../local/zoom/consent.ts';
import { createCommandLine } from '../../../support/cli/command-line.ts';
import { type Installation, startInstallation } from '../../../support/services/installation.ts';

// Each starts the program, some of them several times.
jest.setTimeout(120_000);

let installation: Installation;

beforeAll(async () => {
  installation = await startInstallation();
  await installation.connectReports();
});

afterAll(() => installation.close());
afterEach(() => installation.answers.clear());

const run = (...args: string[]) => installation.commandLine.run(['doctor', ...args]);

const put = (SecretId: string, SecretString: string) =>
  installation.stack.secretsManager.send(new PutSecretValueCommand({ SecretId, SecretString }));

/** The secret has this value while the work is done, and its own again then. */
async function meanwhile(secretId: string, before: string, value: string, work: () => Promise<void>) {
  await put(secretId, value);
  await work().finally(() => put(secretId, before));
}

/** What the function answers really, with something changed that this machine cannot be brought to. */
async function answered<A extends keyof OperatorResults>(
  action: A,
  change: (result: OperatorResults[A]) => OperatorResults[A],
): Promise<void> {
  const answer = await installation.stack.operate({ action });
  if (!answer.ok) throw new Error(answer.error.message);
  installation.answers.set(action, () => ({ ok: true, result: change(answer.result as OperatorResults[A]) }));
}

const wallClock = () => Math.floor(Date.now() / 1000);

const findings = async (...args: string[]): Promise<{ check: string; state: string; message: string }[]> =>
  JSON.parse((await run('--json', ...args)).stdout).checks;

describe('before the first sweep', () => {
  test('says that none has ended, how to sweep by hand, and that one thing is wrong', async () => {
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout).toContain(
      [
        '✖ No sweep has ended yet, though there is one every minute.',
        '  Sweep by hand, which helps at once: aws lambda invoke --function-name zoom-token-refresher-rotate /dev/stdout.',
        '  Is the schedule enabled? aws scheduler get-schedule --group-name zoom-token-refresher --name zoom-token-refresher-rotate.',
        '  See docs/runbook.md#no-sweep.',
        '',
      ].join('\n'),
    );
    expect(stdout).toMatch(/\nOne thing is wrong\.\n$/);
    await installation.stack.sweep();
  });
});

describe('all is well', () => {
  test('a line for each check, in order, and exit status 0', async () => {
    await answered('about', (about) => ({ ...about, now: wallClock() }));
    const { code, stdout, stderr } = await run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      [
        '✔ AWS accepts the credentials, in us-east-1.',
        '✔ zoom-token-refresher 0.1.0 is deployed.',
        '✔ Zoom accepts the app "default".',
        '✔ Zoom accepts the app "reports".',
        `✔ ${installation.stack.publicUrl}/callback is reached from here.`,
        '✔ The last sweep ended 0 s ago; there is one every minute.',
        '✔ Active, and well: reports.',
        '✔ Zoom accepts the published token of reports.',
        '– Skipped n8n’s policy: a local stack has none.',
        "✔ This machine's clock and the function's agree.",
        "✔ Zoom's clock and the function's agree.",
        '✔ No rotation leaves n8n with a dead token.',
        '',
        'All is well.',
        '',
      ].join('\n'),
    );
  });

  test('--json: one document with every finding', async () => {
    const { code, stdout } = await run('--json');
    expect(code).toBe(0);
    const { well, checks } = JSON.parse(stdout);
    expect(well).toBe(true);
    expect(checks[1]).toEqual({
      check: 'stack',
      state: 'well',
      message: 'zoom-token-refresher 0.1.0 is deployed.',
    });
    expect(new Set(checks.map(({ state }: { state: string }) => state))).toEqual(
      new Set(['well', 'skipped']),
    );
  });

  test('on a terminal: coloured, with the progress that is gone at the end', async () => {
    const { code, shown, raw } = await installation.commandLine.onTerminal(['doctor']).ended;
    expect(code).toBe(0);
    expect(shown).toMatch(/Asking Zoom about the published tokens \(0 of 1\)/);
    expect(shown).toContain('All is well.');
    expect(raw).toContain('\x1b[32m✔');
  });

  test('more connections than one request takes are probed all', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `many_${String(index).padStart(2, '0')}`);
    for (const connection of names) {
      await installation.stack.operate({ action: 'connect', connection, app: 'reports' });
    }
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toContain(
      '✔ Zoom accepts the published token of many_00, many_01, many_02, many_03, many_04, many_05, many_06, many_07, many_08, many_09 and 16 more.\n',
    );
  });
});

describe('AWS and the stack', () => {
  const skips = (stdout: string) => stdout.split('\n').filter((line) => line.startsWith('– ')).length;

  test('no credentials: said, and all the rest is skipped', async () => {
    const env = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
    const { code, stdout } = await installation.commandLine.run(['doctor'], { env });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✖ There are no AWS credentials\./);
    expect(stdout).toContain('– Skipped the redirect URL: the installation cannot be asked.\n');
    expect(skips(stdout)).toBe(10);
  });

  test('no Region', async () => {
    const environment = Object.entries(installation.stack.environment).filter(
      ([name]) => !/REGION/.test(name),
    );
    const { code, stdout } = await createCommandLine(Object.fromEntries(environment)).run(['doctor']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✖ No AWS Region is chosen\.\n {2}Name the Region of the stack/);
  });

  test('another name: the credentials are well, and nothing is deployed', async () => {
    const { code, stdout } = await run('--name', 'elsewhere');
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^✔ AWS accepts the credentials\.\n✖ There is no function elsewhere-operator in this account and Region\.\n {2}Deploy it/,
    );
    expect(skips(stdout)).toBe(9);
  });

  test('another version than this checkout: deploy, and the rest is checked', async () => {
    await answered('about', (about) => ({ ...about, version: '0.0.9' }));
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout).toContain(
      '✖ zoom-token-refresher 0.0.9 is deployed, and this checkout is 0.1.0.\n  Deploy this version (npx cdk deploy)',
    );
    expect(stdout).toContain('✔ Zoom accepts the app "default".');
  });

  test('a version that knows no check: deploy, and what rests on it is skipped', async () => {
    const error = { class: 'rejected', code: 'bad_request', message: '…', action: '…' };
    installation.answers.set('check', () => ({ ok: false, error }));
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout).toContain('✖ zoom-token-refresher-operator does not understand "check"');
    expect(stdout).toContain('– Skipped the schedule and its last sweep: it could not be asked for.');
    expect(stdout).toContain('– Skipped n8n’s policy: it could not be asked for.');
    expect(stdout).toContain('✔ Active, and well:');
  });
});

describe('the apps', () => {
  const DEFAULT = 'zoom-token-refresher/app/default';

  test('a wrong client secret', async () => {
    const before = await installation.app('default');
    const wrong = JSON.stringify({ ...before, client_secret: 'of-another-app' });
    await meanwhile(DEFAULT, JSON.stringify(before), wrong, async () => {
      const { code, stdout } = await run();
      expect(code).toBe(1);
      expect(stdout).toContain(
        '✖ App "default": Zoom does not accept the client id and client secret of the app.\n' +
          '  Copy the credentials from the Zoom App Marketplace again: zoom-tokens setup default.\n',
      );
    });
  });

  test('one that is not filled in and that nothing needs is no fault', async () => {
    const before = JSON.stringify(await installation.app('default'));
    await meanwhile(DEFAULT, before, '{"client_id":"","client_secret":""}', async () => {
      const { code, stdout } = await run();
      expect(code).toBe(0);
      expect(stdout).toContain(
        '! The app "default" is not set up, and no connection needs it.\n  If you need it, run: zoom-tokens setup default.\n',
      );
    });
  });

  test('--app: another one', async () => {
    expect(await findings('--app', 'support')).toContainEqual(
      expect.objectContaining({
        check: 'apps',
        state: 'note',
        message: expect.stringContaining('"support"'),
      }),
    );
  });
});

test('a published secret that somebody has edited', async () => {
  const token = await installation.token('reports');
  await meanwhile('n8n_zoom_reports', token, 'edited by hand', async () => {
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout).toContain(
      '✖ reports: n8n has no token that works. Zoom does not accept it (401, code 124): it is dead.\n' +
        '  Get a new one: zoom-tokens rotate reports.\n',
    );
  });
  expect((await run()).code).toBe(0);
});

describe("n8n's policy", () => {
  const policyArn = 'arn:aws:iam::111122223333:policy/n8n';
  const attachedTo = (...principals: string[]) =>
    answered('check', (check) => ({ ...check, n8n: { policyArn, principals } }));
  const found = async (...args: string[]) =>
    (await findings(...args)).find(({ check }) => check === 'policy');

  test('says to whom it is attached', async () => {
    await attachedTo('user/n8n', 'role/worker');
    expect(await found()).toMatchObject({
      state: 'well',
      message: 'n8n’s policy is attached to user/n8n, role/worker.',
    });
  });

  test('nobody: how to attach it', async () => {
    await attachedTo();
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout).toContain(
      '✖ n8n’s policy is attached to nobody.\n' +
        `  Attach it: aws iam attach-user-policy --user-name <n8n> --policy-arn ${policyArn}.\n`,
    );
  });

  test.each([
    ['arn:aws:iam::111122223333:user/n8n', 'well', 'The user n8n has n8n’s policy.'],
    ['arn:aws:iam::111122223333:user/tools/n8n', 'well', 'The user n8n has n8n’s policy.'],
    ['arn:aws:iam::111122223333:role/worker', 'well', 'The role worker has n8n’s policy.'],
    ['arn:aws:sts::111122223333:assumed-role/worker/i-0ab', 'well', 'The role worker has n8n’s policy.'],
    ['arn:aws:iam::111122223333:role/n8n', 'wrong', 'The role n8n does not have n8n’s policy.'],
    [
      'arn:aws:iam::999999999999:user/n8n',
      'wrong',
      'The user n8n is of the account 999999999999, and the stack is in another.',
    ],
  ])('--n8n-principal %s: %s', async (arn, state, message) => {
    await attachedTo('user/n8n', 'role/worker');
    expect(await found('--n8n-principal', arn)).toMatchObject({ state, message });
  });

  test('--n8n-principal with a group beside it: told that the group decides', async () => {
    await attachedTo('group/readers');
    const arn = 'arn:aws:iam::111122223333:user/n8n';
    expect(await found('--n8n-principal', arn)).toMatchObject({
      state: 'note',
      message: 'The user n8n has n8n’s policy only if it is in a group that has: group/readers.',
    });
  });

  test('an ARN that is none is wrong usage, and nothing is asked', async () => {
    const { code, stdout, stderr } = await run('--n8n-principal', 'n8n');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^✖ "n8n" is not the ARN of an IAM user or role\.\n/);
  });
});

test("a Zoom whose clock differs from the function's", async () => {
  await answered('check', (check) => ({ ...check, zoomSkewSeconds: -400 }));
  const { code, stdout } = await run();
  expect(code).toBe(1);
  expect(stdout).toContain("✖ Zoom's clock is 6 min behind the function's.\n");
});

test('a machine whose clock differs from the function of a deployed stack', async () => {
  await answered('about', (about) => ({
    ...about,
    now: wallClock() + 400,
    publicUrl: 'https://nothing.invalid',
  }));
  const { stdout } = await run();
  expect(stdout).toMatch(
    /✖ This machine's clock is 6 min behind the function's\.\n {2}Set it by network time/,
  );
});

describe('the push and the interval', () => {
  const changed = (change: object) =>
    answered('status', ({ now, connections }) => ({
      now,
      connections: connections
        .filter(({ connection }) => connection === 'reports')
        .map((view) => ({ ...view, ...change })),
    }));
  const target = { instance: 'default', credentialId: '3Fk9', pushedVersion: 1, failures: 0 };

  test('a user connection whose earlier token dies: the gap, and what closes it; nothing is wrong', async () => {
    await changed({ grantType: 'authorization_code', overlap: 'no' });
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toContain(
      '! reports: Zoom ends the earlier token at each rotation, so n8n holds a dead one until it reads again: 5 min at most by default.\n' +
        '  Set N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL=30 for every n8n process, or push: zoom-tokens n8n link reports --url https://….\n',
    );
    expect(stdout.match(/holds a dead one/g)).toHaveLength(1);
  });

  test('with a push there is no gap', async () => {
    await changed({ grantType: 'authorization_code', overlap: 'no', targets: [target] });
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toContain(
      '✔ No rotation leaves n8n with a dead token.\n✔ The push to n8n works: reports to default.\n',
    );
    expect(stdout).not.toContain('holds a dead one');
  });

  test('a push that fails', async () => {
    const lastError = { message: 'n8n does not accept the API key (401).', action: 'Make a new key.' };
    await changed({ targets: [{ ...target, failures: 3, lastError }] });
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout).toContain(
      '✖ reports: the push to the n8n "default" failed 3 times. n8n does not accept the API key (401).\n  Make a new key.\n',
    );
  });
});

describe('time that passes without a sweep', () => {
  test('two minutes are not worth a word, four are: nothing rotates', async () => {
    installation.clock.advance(120);
    expect((await findings()).find(({ check }) => check === 'sweep')).toMatchObject({
      state: 'well',
      message: 'The last sweep ended 2 min ago; there is one every minute.',
    });
    installation.clock.advance(120);
    expect((await findings()).find(({ check }) => check === 'sweep')).toMatchObject({
      state: 'wrong',
      message: 'No sweep has ended for 4 min, though there is one every minute: nothing rotates.',
    });
  });

  test('a refresh token that has died: the person to ask, and both that is wrong', async () => {
    const link = await installation.stack.operate({ action: 'link', connection: 'main' });
    if (!link.ok) throw new Error(link.error.message);
    await consentAsBrowser((link.result as OperatorResults['link']).link);
    installation.clock.advance(91 * 24 * 3600);
    await installation.stack.sweep();
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /✖ main: Zoom no longer accepts the refresh token\. n8n’s token has ended\.\n {2}A person must consent again: zoom-tokens connect main\.\n/,
    );
    expect(stdout).toMatch(
      /✖ main: n8n has no token that works\. .*\n {2}Get a new one: zoom-tokens connect main\.\n/,
    );
    expect(stdout).toMatch(/\n2 things are wrong\.\n$/);
  });
});

test('says no token and no secret', async () => {
  const secrets = [
    await installation.token('reports'),
    await installation.token('main'),
    (await installation.app('default')).client_secret,
    (await installation.app('reports')).client_secret,
  ];
  for (const secret of secrets) expect(installation.commandLine.said()).not.toContain(secret);
});
