import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { ConnectionView } from '../../../../lambdas/tokens/connection-view.ts';
import { CTRL_C } from '../../../support/cli/command-line.ts';
import { useInstallation } from '../../../support/cli/use-installation.ts';

jest.setTimeout(60_000);

const installation = useInstallation();
const run = (...args: string[]) => installation().commandLine.run(['status', ...args]);

test('status of an installation without connections says how to create one', async () => {
  const { code, stdout } = await run();
  expect(code).toBe(0);
  expect(stdout).toBe('There are no connections yet. Create one: npx zoom-tokens connect main\n');
});

describe('zoom-tokens status with a user and a Server-to-Server connection', () => {
  beforeEach(async () => {
    await installation().connectReports();
    await installation().connectMain();
    installation().clock.advance(5 * 60);
  });

  test('status shows every connection in a table, and exits with 0 when no action is needed', async () => {
    const { code, stdout, stderr } = await run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['Connection', 'App', 'Grant', 'State', 'Valid', 'Rotated', 'Next', 'Consent'],
      [
        'main',
        'default',
        'user',
        'active',
        expect.stringMatching(/^5[45] min$/),
        '5 min',
        expect.stringMatching(/^4\d min$/),
        '5 min',
      ],
      [
        'reports',
        'reports',
        's2s',
        'active',
        expect.stringMatching(/^5[45] min$/),
        '5 min',
        expect.stringMatching(/^2\d min$/),
        '–',
      ],
      [''],
    ]);
  });

  test('status of one connection shows all its details', async () => {
    const { code, stdout } = await run('main');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Grant +authorization_code: a user app$/m);
    expect(stdout).toMatch(/^Valid +5[45] min, until \d\d:\d\d$/m);
    expect(stdout).toMatch(/^Refresh token +5 min old; expires after 90 days$/m);
    expect(stdout).toMatch(/^In n8n +\{\{ \$secrets\.aws\.n8n_zoom_main \}\}$/m);
  });

  test("status --json prints the operator function's result", async () => {
    const { code, stdout } = await run('--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      ...(await installation().status()),
      links: [],
      alertTopic: expect.objectContaining({ confirmed: 1, pending: 0 }),
    });
  });

  test('status is colored on a terminal, but neither in a pipe nor where NO_COLOR is set', async () => {
    const green = '\x1b[32m';
    expect((await run()).stdout).not.toContain(green);
    const terminal = installation().commandLine.onTerminal(['status']);
    expect((await terminal.ended).raw).toContain(green);
    const plain = installation().commandLine.onTerminal(['status'], { NO_COLOR: '1' });
    expect((await plain.ended).raw).not.toContain(green);
  });

  test('status --watch on a terminal refreshes until Ctrl-C', async () => {
    const terminal = installation().commandLine.onTerminal(['status', '--watch']);
    await terminal.until(/(State[\s\S]*){2}/);
    terminal.type(CTRL_C);
    expect((await terminal.ended).code).toBe(130);
  });

  test('status --watch leaves the screen and the scrollback as they were', async () => {
    const terminal = installation().commandLine.onTerminal(['status', '--watch']);
    await terminal.until(/reports/);
    const during = await terminal.display();
    expect(during.isAlternate).toBe(true);
    expect(during.lines).not.toContain('earlier output');
    terminal.type(CTRL_C);
    await terminal.ended;
    const { isAlternate, lines } = await terminal.display();
    expect(isAlternate).toBe(false);
    expect(lines.filter(Boolean)).toEqual(['earlier output']);
  });

  test('status --watch leaves the alternate screen when it fails, and prints the failure there', async () => {
    let requests = 0;
    installation().responses.set('status', () => {
      requests += 1;
      if (requests === 1) return undefined;
      const error = { class: 'misconfigured', code: 'x', message: 'It is broken.', action: 'Mend it.' };
      return { ok: false, error };
    });
    const terminal = installation().commandLine.onTerminal(['status', '--watch']);
    expect((await terminal.ended).code).toBe(4);
    const { isAlternate, lines } = await terminal.display();
    expect(isAlternate).toBe(false);
    expect(lines.filter(Boolean)).toEqual(['earlier output', '✖ It is broken.', '  Mend it.']);
  });

  test('status --watch leaves the alternate screen on SIGTERM', async () => {
    const terminal = installation().commandLine.onTerminal(['status', '--watch']);
    await terminal.until(/reports/);
    terminal.kill('SIGTERM');
    await terminal.ended;
    expect((await terminal.display()).isAlternate).toBe(false);
  });

  test('status --watch fits into a terminal that becomes small, and says what it leaves out', async () => {
    const terminal = installation().commandLine.onTerminal(
      ['status', '--watch'],
      {},
      { cols: 200, rows: 30 },
    );
    await terminal.until(/reports/);
    terminal.resize(60, 2);
    await terminal.until(/more lines/);
    const { lines } = await terminal.display();
    expect(lines).toEqual([
      expect.stringMatching(/^Connection/),
      expect.stringMatching(/^… \d+ more lines$/),
    ]);
    terminal.type(CTRL_C);
    await terminal.ended;
  });

  test('status prints no token', async () => {
    await run();
    await run('main', '--json');
    const transcript = installation().commandLine.transcript();
    expect(transcript).toContain('n8n_zoom_main');
    for (const connection of ['main', 'reports']) {
      expect(transcript).not.toContain(await installation().token(connection));
    }
  });

  const failure = { code: 'x', message: 'It is broken.', action: 'Mend it.', at: 0 };

  test.each([
    [
      'a person must consent',
      3,
      [{ status: 'reconnect' }, { status: 'misconfigured' }],
      /zoom-tokens connect main/,
    ],
    [
      'an app must be fixed',
      4,
      [{}, { status: 'misconfigured', lastError: { ...failure, class: 'misconfigured' } }],
      /✖ reports: It is broken\. n8n's token is valid until \d\d:\d\d\.\n {2}Mend it\./,
    ],
    [
      'a rotation fails',
      1,
      [{ failures: 2, lastError: { ...failure, class: 'retry' } }],
      /✖ main: It is broken\. Next retry at \d\d:\d\d\. n8n's token is valid until \d\d:\d\d\.\n {2}Mend it\./,
    ],
    ["n8n's token has expired", 1, [{ validUntil: 1 }], /zoom-tokens rotate main/],
    ['a connection was disconnected on purpose', 0, [{ status: 'disconnected' }], /disconnected/],
  ] as [string, number, Partial<ConnectionView>[], RegExp][])(
    'when %s, status exits with %i and says what to do',
    async (_, code, changes, text) => {
      const { now, connections } = await installation().status();
      const changed = connections.map((view, index) => ({ ...view, ...changes[index] }));
      installation().responses.set('status', () => ({ ok: true, result: { now, connections: changed } }));
      const result = await run();
      expect(result.stdout).toMatch(text);
      expect(result.code).toBe(code);
    },
  );
});

test.each([[[]], [['--json']]])(
  'status --watch in a pipe with the options %j is wrong usage',
  async (args) => {
    const { code, stderr, stdout } = await run('--watch', ...args);
    expect(code).toBe(2);
    expect(stdout + stderr).toContain('--watch needs an interactive terminal');
  },
);

test.each([
  [0, 'the alarm topic has no subscriber', /aws sns subscribe --topic-arn arn:aws:sns:/],
  [1, 'the subscription to the alarm topic is not confirmed', /Confirm it with the link in the mail/],
])('status with %i unconfirmed and no confirmed subscriber says that %s', async (pending, reason, action) => {
  installation().responses.set('status', () => ({
    ok: true,
    result: { now: 1, connections: [], alertTopic: { topicArn: 'arn:aws:sns:x:1:a', confirmed: 0, pending } },
  }));
  const { code, stdout } = await run();
  expect(code).toBe(0);
  expect(stdout).toContain(`! No one would be notified of a problem: ${reason}.`);
  expect(stdout).toMatch(action);
});

test('status shows an item that cannot be read in a row of its own, and exits with 4', async () => {
  const unreadable = [{ connection: 'damaged', problems: ['version is malformed'] }];
  installation().responses.set('status', () => ({
    ok: true,
    result: { now: 1, connections: [], unreadable },
  }));
  const { code, stdout } = await run();
  expect(code).toBe(4);
  expect(stdout).toContain(
    'damaged: unreadable. The item in the table cannot be read: version is malformed. It is not rotated',
  );
});
