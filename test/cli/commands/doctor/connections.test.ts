import { beforeEach, describe, expect, test } from '@jest/globals';
import { useDoctor } from '../../../support/cli/use-doctor.ts';

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
    /✖ main: Zoom revoked access, so this connection can't renew itself\. n8n's token expired at \w{3} \d+ \w+ \d\d:\d\d, so its Zoom nodes fail\.\n {2}Reconnect: npx zoom-tokens connect main\n/,
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

describe('a fleet of which most are well', () => {
  const view = (connection: string, change: object = {}) => ({
    ...{ connection, app: 'default', grantType: 'account_credentials', status: 'active', overlap: 'yes' },
    ...{
      dueAt: 9e9,
      validUntil: 9e9,
      expiresAt: 9e9,
      rotatedAt: 0,
      consentedAt: 0,
      generation: 1,
      version: 1,
    },
    ...{ publishedVersion: 1, failures: 0, secretName: 's', expression: '{{ x }}', ...change },
  });
  const counts = {
    reconnect: 700,
    misconfigured: 0,
    expired: 0,
    suspect: 0,
    failing: 0,
    active: 90_000,
    disconnected: 0,
  };
  const probed: string[] = [];

  beforeEach(() => {
    probed.length = 0;
    installation().responses.set('status', (event) => {
      const {
        states = [],
        limit = 50,
        after,
      } = event as { states?: string[]; limit?: number; after?: string };
      const isWell = states.includes('active');
      const size = isWell ? counts.active : counts.reconnect;
      const from = Number(after ?? 0);
      const connections = Array.from({ length: Math.min(limit, size - from) }, (_, index) =>
        isWell ? view(`well_${from + index}`) : view(`gone_${from + index}`, { status: 'reconnect' }),
      );
      const next = from + limit < size ? { next: String(from + limit) } : {};
      return { ok: true, result: { now: 10, ...(from === 0 && { counts }), connections, ...next } };
    });
    installation().responses.set('probe', (event) => {
      const { connections } = event as { connections: string[] };
      probed.push(...connections);
      return {
        ok: true,
        result: { probed: connections.map((connection) => ({ connection, accepted: 'yes' })) },
      };
    });
  });

  test('doctor reports every connection that needs attention, and examines a sample of the others', async () => {
    const { code, stdout } = await run();
    expect(code).toBe(1);
    expect(stdout.match(/✖ gone_\d+: /g)).toHaveLength(700);
    expect(stdout).toContain('! The checks below examine a sample of 100 of 90,000 that are well.');
    expect(stdout).toContain('! The checks below examine 500 of the 700 connections that need attention.');
    expect(probed.filter((name) => name.startsWith('well_'))).toHaveLength(100);
    expect(probed.filter((name) => name.startsWith('gone_'))).toHaveLength(500);
  });

  test('Ctrl-C during doctor keeps what it has found, and exits with 130', async () => {
    installation().responses.set('probe', () => new Promise(() => {}));
    const { code, stdout } = await installation().commandLine.interruptAt(/sample of 100/, ['doctor']);
    expect(code).toBe(130);
    expect(stdout).toContain('✖ gone_699: ');
    expect(stdout).toContain('Interrupted: not all checks have run. 700 problems found (1 kind).\n');
  });
});
