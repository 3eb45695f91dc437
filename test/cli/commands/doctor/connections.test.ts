import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { useDoctor } from '../../../support/cli/use-doctor.ts';

jest.setTimeout(120_000);

const { installation, run, makeHealthy, putSecret, changeResult } = useDoctor();

beforeEach(makeHealthy);

test('doctor reports a published secret that was edited by hand, until its value is restored', async () => {
  const token = await installation().token('reports');
  await putSecret('n8n_zoom_reports', 'edited by hand');
  const { code, stdout } = await run();
  expect(code).toBe(1);
  expect(stdout).toContain(
    '✖ reports: n8n has no valid token. Zoom does not accept it (401, code 124): it is dead.\n' +
      '  Get a new token: npx zoom-tokens rotate reports\n',
  );
  await putSecret('n8n_zoom_reports', token);
  expect((await run()).code).toBe(0);
});

test('doctor reports an expired refresh token and the expired access token as two problems', async () => {
  await installation().connectMain();
  installation().clock.advance(91 * 24 * 3600);
  await installation().stack.sweep();
  // A second refusal confirms the first.
  installation().clock.advance(300);
  await installation().stack.sweep();
  const { code, stdout } = await run();
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /✖ main: Zoom revoked access, so this connection can't renew itself\. n8n's token expired at \d\d:\d\d, so its Zoom nodes fail\.\n {2}Reconnect: npx zoom-tokens connect main\n/,
  );
  expect(stdout).toMatch(
    /✖ main: n8n has no valid token\. .*\n {2}Get a new token: npx zoom-tokens connect main\n/,
  );
  expect(stdout).toMatch(/\n2 problems found \(2 kinds\)\.\n$/);
});

describe('the push and the update interval', () => {
  const changeReports = (changes: object) =>
    changeResult('status', ({ now, connections }) => ({
      now,
      connections: connections.map((view) => ({ ...view, ...changes })),
    }));
  const target = { instance: 'default', credentialId: '3Fk9', pushedVersion: 1, failures: 0 };

  test('doctor warns once where a rotation revokes the earlier token, says what closes the gap, and exits with 0', async () => {
    await changeReports({ grantType: 'authorization_code', overlap: 'no' });
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toContain(
      '! reports: Zoom revokes the earlier token at each rotation, so n8n holds a revoked one until its next poll: up to 5 min by default.\n' +
        '  Set N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL=30 for every n8n process, or push the token: npx zoom-tokens n8n link reports --url https://…\n',
    );
    expect(stdout.match(/holds a revoked one/g)).toHaveLength(1);
  });

  test('doctor gives no warning about revoked tokens where the token is pushed', async () => {
    await changeReports({ grantType: 'authorization_code', overlap: 'no', targets: [target] });
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toContain(
      '✔ No rotation leaves n8n with a revoked token.\n✔ The push to n8n works: reports to default.\n',
    );
    expect(stdout).not.toContain('holds a revoked one');
  });

  test('doctor reports a push that fails', async () => {
    const lastError = { message: 'n8n does not accept the API key (401).', action: 'Make a new key.' };
    await changeReports({ targets: [{ ...target, failures: 3, lastError }] });
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout).toContain(
      '✖ reports: the push to the n8n instance "default" failed 3 times. n8n does not accept the API key (401).\n  Make a new key.\n',
    );
  });
});
