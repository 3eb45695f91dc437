import { DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { useDoctor, wallClock } from '../../../support/cli/use-doctor.ts';

const { installation, run, findings, makeHealthy, putSecret, changeResult } = useDoctor();

describe('the apps', () => {
  const DEFAULT = 'zoom-token-refresher/app/default';

  beforeEach(makeHealthy);

  test('doctor reports an app whose client secret Zoom does not accept', async () => {
    const credentials = await installation().app('default');
    await putSecret(DEFAULT, JSON.stringify({ ...credentials, client_secret: 'of-another-app' }));
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout).toContain(
      '✖ App "default": Zoom does not accept the client id and client secret of the app.\n' +
        '  Copy the credentials from the Zoom App Marketplace again: npx zoom-tokens setup default\n',
    );
  });

  test('doctor warns about an app without credentials that no connection uses, and exits with 0', async () => {
    await putSecret(DEFAULT, '{"client_id":"","client_secret":""}');
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toContain(
      '! The app "default" is not set up, and no connection uses it.\n  If you need it, run: npx zoom-tokens setup default.\n',
    );
  });

  test('doctor names the connections of an app that was taken out of the deployment', async () => {
    const problem = {
      class: 'misconfigured',
      code: 'app_not_deployed',
      message: 'No Zoom app "old".',
      action: 'Add it.',
    } as const;
    const use = { count: 12, connections: ['anna', 'ben'] };
    await changeResult('check', (check) => ({ ...check, apps: [{ app: 'old', problem, use }] }));
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout).toContain(
      '✖ App "old": No Zoom app "old". The next rotation fails of anna, ben and 10 more.\n  Add it.\n',
    );
  });

  test('doctor --app checks an app that no connection uses', async () => {
    expect(await findings('--app', 'support')).toContainEqual(
      expect.objectContaining({
        check: 'apps',
        state: 'note',
        message: expect.stringContaining('"support"'),
      }),
    );
  });

  test.each(['x y', '', '__proto__'])('doctor --app %j is wrong usage, and checks nothing', async (app) => {
    const { code, stdout, stderr } = await run('--app', app);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`✖ "${app}" cannot be the name of an app.`);
  });
});

test('doctor reports a key whose secret is scheduled for deletion, although the functions still have the key', async () => {
  await makeHealthy();
  await installation().stack.secretsManager.send(
    new DeleteSecretCommand({ SecretId: 'zoom-token-refresher/link-key' }),
  );
  const { code, stdout } = await run();
  expect(code).toBe(1);
  expect(stdout).toContain(
    '✖ The secret "zoom-token-refresher/link-key" is scheduled for deletion, so it cannot be read.\n' +
      '  Restore it: aws secretsmanager restore-secret --secret-id zoom-token-refresher/link-key\n',
  );
});

describe('the rescue bucket and the audit log', () => {
  beforeEach(makeHealthy);
  const about = async (check: string) => (await findings()).filter((finding) => finding.check === check);

  test('doctor reports a problem of each with what to do, and exits with 1', async () => {
    const problem = {
      class: 'misconfigured',
      code: 'bucket_gone',
      message: 'It is gone.',
      action: 'Create it again.',
    } as const;
    await changeResult('check', (check) => ({
      ...check,
      rescueProblems: [problem],
      auditProblems: [problem],
    }));
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout.match(/✖ It is gone\.\n {2}Create it again\.\n/g)).toHaveLength(2);
  });

  test('doctor passes an audit log that stores lines', async () => {
    await changeResult('check', (check) => ({ ...check, auditProblems: [] }));
    expect(await about('audit')).toEqual([
      { check: 'audit', state: 'well', message: 'The audit log stores the lines of commands.' },
    ]);
  });

  test('doctor skips the rescue bucket where the operator function does not check it', async () => {
    await changeResult('check', ({ rescueProblems: _, ...check }) => check);
    expect(await about('rescue')).toEqual([expect.objectContaining({ state: 'skipped' })]);
  });
});

describe('the schedule', () => {
  test('doctor before the first sweep reports one problem, and says how to run a sweep by hand', async () => {
    await installation().connectReports();
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout).toContain(
      [
        '✖ No sweep has ended yet, although sweeps run every minute.',
        '  Run a sweep by hand, which helps at once: aws lambda invoke --function-name zoom-token-refresher-rotate /dev/stdout',
        '  Check that the schedule is enabled: aws scheduler get-schedule --group-name zoom-token-refresher --name zoom-token-refresher-rotate',
        '  See docs/runbook.md#no-sweep.',
        '',
      ].join('\n'),
    );
    expect(stdout).toMatch(/\n1 problem found\.\n$/);
  });

  test('doctor accepts two minutes without a sweep, and reports four minutes as a problem', async () => {
    await makeHealthy();
    installation().clock.advance(120);
    expect((await findings()).find(({ check }) => check === 'sweep')).toMatchObject({
      state: 'well',
      message: 'The last sweep ended 2 min ago. Sweeps run every minute.',
    });
    installation().clock.advance(120);
    expect((await findings()).find(({ check }) => check === 'sweep')).toMatchObject({
      state: 'wrong',
      message: 'No sweep has ended for 4 min, although sweeps run every minute: tokens are not rotated.',
    });
  });
});

describe('the alarm topic', () => {
  beforeEach(makeHealthy);
  const subscribed = (confirmed: number, pending: number) =>
    changeResult('check', (check) => ({
      ...check,
      alertTopic: { topicArn: 'arn:aws:sns:eu-west-1:111122223333:alarms', confirmed, pending },
    }));

  test('doctor passes a topic with a confirmed subscriber, as the local stack has', async () => {
    expect((await findings()).find(({ check }) => check === 'alerts')).toMatchObject({
      state: 'well',
      message: 'The alarm topic has 1 confirmed subscriber.',
    });
  });

  test.each([
    [0, 0, 'wrong', 'No one would be notified of a problem: the alarm topic has no subscriber.'],
    [
      0,
      1,
      'wrong',
      'No one would be notified of a problem: the subscription to the alarm topic is not confirmed.',
    ],
    [1, 1, 'note', 'A subscription to the alarm topic is not confirmed.'],
  ])(
    'doctor with %i confirmed and %i unconfirmed subscribers reports it as %s',
    async (confirmed, pending, state, message) => {
      await subscribed(confirmed, pending);
      expect(await findings()).toContainEqual(expect.objectContaining({ check: 'alerts', state, message }));
    },
  );
});

describe('the clocks', () => {
  beforeEach(makeHealthy);

  test("doctor reports a Zoom whose clock differs from the function's", async () => {
    await changeResult('check', (check) => ({ ...check, zoomSkewSeconds: -400 }));
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout).toContain("✖ Zoom's clock is 6 min behind the function's.\n");
  });

  test("doctor reports a machine whose clock differs from a deployed function's", async () => {
    await changeResult('about', (about) => ({
      ...about,
      now: wallClock() + 400,
      publicUrl: 'https://nothing.invalid',
    }));
    const { stdout } = await run();
    expect(stdout).toMatch(
      /✖ This machine's clock is 6 min behind the function's\.\n {2}Set it by network time/,
    );
  });
});
