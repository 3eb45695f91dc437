import { beforeEach, describe, expect, test } from '@jest/globals';
import { useDoctor, wallClock } from '../../../support/cli/use-doctor.ts';

const { installation, run, makeHealthy, changeResult } = useDoctor();

describe('zoom-tokens doctor of an installation without problems', () => {
  beforeEach(makeHealthy);

  test('doctor prints a line for each check in order, and exits with 0', async () => {
    await changeResult('about', (about) => ({ ...about, now: wallClock() }));
    const { code, stdout, stderr } = await run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      [
        '✔ AWS accepts the credentials, in us-east-1.',
        '✔ zoom-token-refresher 0.1.0 is deployed.',
        '✔ Zoom accepts the app "default".',
        '✔ Zoom accepts the app "reports".',
        `✔ ${installation().stack.publicUrl}/callback is reachable from this machine.`,
        '✔ The last sweep ended 0 s ago. Sweeps run every minute.',
        '✔ Everything that is stored is sealed with the current key. No earlier key is needed.',
        '✔ The rescue bucket can be used, and has the public half of the current key.',
        '– Skipped the audit log: the installation has none, as a local stack.',
        '✔ The alarm topic has 1 confirmed subscriber.',
        '✔ Active without problems: reports.',
        '✔ Zoom accepts the published token of reports.',
        "– Skipped n8n's policy: a local stack has no policy.",
        "✔ This machine's clock and the function's agree.",
        "✔ Zoom's clock and the function's agree.",
        '✔ No rotation leaves n8n with a revoked token.',
        '',
        'No problems found.',
        '',
      ].join('\n'),
    );
  });

  test('doctor --json prints one document with every finding', async () => {
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

  test('doctor on a terminal is colored and shows its progress', async () => {
    const { code, shown, raw } = await installation().commandLine.onTerminal(['doctor']).ended;
    expect(code).toBe(0);
    expect(shown).toMatch(/Testing the published tokens at Zoom \(0 of 1\)/);
    expect(shown).toContain('No problems found.');
    expect(raw).toContain('\x1b[32m✔');
  });

  test('doctor probes every connection when there are more than one request takes', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `many_${String(index).padStart(2, '0')}`);
    for (const connection of names) {
      await installation().stack.operate({ action: 'connect', connection, app: 'reports' });
    }
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toContain(
      '✔ Zoom accepts the published token of many_00, many_01, many_02, many_03, many_04, many_05, many_06, many_07, many_08, many_09 and 16 more.\n',
    );
  });
});

test('doctor prints no token and no secret, also when there are problems', async () => {
  await makeHealthy();
  await installation().connectMain();
  await run();
  await run('--json');
  const secrets = [
    await installation().token('reports'),
    await installation().token('main'),
    (await installation().app('default')).client_secret,
    (await installation().app('reports')).client_secret,
  ];
  const transcript = installation().commandLine.transcript();
  expect(transcript).toContain('published token of main, reports');
  for (const secret of secrets) expect(transcript).not.toContain(secret);
});
