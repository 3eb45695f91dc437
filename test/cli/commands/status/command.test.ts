import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ConnectionView } from '../../../../lambdas/tokens/connection-view.ts';
import { CTRL_C } from '../../../support/cli/command-line.ts';
import { useInstallation } from '../../../support/cli/use-installation.ts';

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
      ['2 connections: 2 well'],
      [''],
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

  test.each([
    ['a name', ['--search', 'zzz']],
    ['an app', ['--app', 'nope']],
    ['a name, of all', ['--search', 'zzz', '--all']],
  ])('status with %s that no connection has does not call the installation empty', async (_, args) => {
    const { code, stdout } = await run(...args);
    expect(code).toBe(0);
    expect(stdout).toContain('No connection matches what --app or --search asks for.');
    expect(stdout).not.toContain('no connections yet');
  });

  test.each([
    [['--state', 'reconnect'], '--state is for a list'],
    [['--app', 'default', '--sort', 'attention'], '--app and --sort are for a list'],
    [['--search', 'main'], '--search is for a list'],
    [['--limit', '1'], '--limit is for a list'],
    [['--all'], '--all is for a list'],
  ])('status of one connection refuses %j, which it would ignore', async (options, message) => {
    const { code, stdout, stderr } = await run('main', ...options);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`${message}, and a connection was named.`);
  });

  test.each([['--all'], ['--limit=5']])(
    'status --watch refuses %s, which it would ignore',
    async (option) => {
      const { code, stderr } = await run('--watch', option);
      expect(code).toBe(2);
      expect(stderr).toMatch(/cannot be used with option "--watch"/);
    },
  );

  test('status --watch is refused on a terminal that cannot be redrawn', async () => {
    const terminal = installation().commandLine.onTerminal(['status', '--watch'], { TERM: 'dumb' });
    const { code, shown } = await terminal.ended;
    expect(code).toBe(2);
    expect(shown).toContain('--watch needs an interactive terminal');
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
    const { next: _, ...result } = await installation().status();
    expect(JSON.parse(stdout)).toEqual({
      ...result,
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
    await terminal.until(/(2 connections[\s\S]*){2}/);
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
    expect(lines).toEqual(['2 connections: 2 well', expect.stringMatching(/^… \d+ more lines$/)]);
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

describe('a fleet of 1,204 connections', () => {
  const state = (index: number): Partial<ConnectionView> => {
    if (index < 3) return { status: 'reconnect' };
    return index === 3 ? { status: 'misconfigured' } : {};
  };
  // This machine's time: the command line says where the clocks differ.
  const start = Math.floor(Date.now() / 1000);
  const now = start + 10;
  const fleet = Array.from({ length: 1204 }, (_, index) => ({
    ...{
      connection: `connection_${index}`,
      app: 'default',
      grantType: 'account_credentials',
      status: 'active',
    },
    ...{
      dueAt: start + 1800,
      validUntil: start + 3600,
      expiresAt: start + 3600,
      rotatedAt: start,
      consentedAt: start,
      generation: 1,
      version: 1,
    },
    ...{ publishedVersion: 1, failures: 0, overlap: 'yes', secretName: 's', expression: '{{ x }}' },
    ...state(index),
  })) as ConnectionView[];
  const counts = {
    active: 1200,
    reconnect: 3,
    misconfigured: 1,
    expired: 0,
    suspect: 0,
    failing: 0,
    disconnected: 0,
  };
  const requests: { limit?: number; after?: string }[] = [];

  beforeEach(() => {
    requests.length = 0;
    installation().responses.set('status', (event) => {
      const { limit = 50, after } = event as { limit?: number; after?: string };
      requests.push({ limit, ...(after !== undefined && { after }) });
      const from = Number(after ?? 0);
      const next = from + limit < fleet.length ? { next: String(from + limit) } : {};
      const connections = fleet.slice(from, from + limit);
      return { ok: true, result: { now, ...(from === 0 && { counts }), connections, ...next } };
    });
  });

  const SUMMARY = '1,204 connections: 1,200 well, 3 need a person, 1 misconfigured';

  test('status in a pipe shows 50, those that need attention first, and says how to see the rest', async () => {
    const { code, stdout } = await run();
    expect(code).toBe(3);
    const lines = stdout.split('\n');
    expect(lines[0]).toBe(SUMMARY);
    expect(lines[3]).toMatch(/^connection_0 .* reconnect/);
    expect(stdout.match(/^connection_/gm)).toHaveLength(50);
    expect(stdout).toContain('Shown: 50 of 1,204. Show all with --all');
    expect(requests).toEqual([{ limit: 50 }]);
  });

  test('status --limit shows so many, in as many pages as they need', async () => {
    const { stdout } = await run('--limit', '600');
    expect(stdout.match(/^connection_/gm)).toHaveLength(600);
    expect(requests).toEqual([{ limit: 500 }, { limit: 100, after: '500' }]);
  });

  test('status --all shows every connection in one table', async () => {
    const { code, stdout } = await run('--all');
    expect(code).toBe(3);
    expect(stdout.match(/^connection_/gm)).toHaveLength(1204);
    expect(stdout.match(/^Connection /gm)).toHaveLength(1);
    expect(stdout).toMatch(/✖ connection_3: /);
  });

  test('status --json prints every connection in one document', async () => {
    const { code, stdout } = await run('--json');
    expect(code).toBe(3);
    const document = JSON.parse(stdout);
    expect(document.connections).toEqual(fleet);
    expect(document).toMatchObject({ now, counts });
    expect(document).not.toHaveProperty('next');
  });

  test('status --json prints a valid document with the failure when a later page fails', async () => {
    const respond = installation().responses.get('status');
    installation().responses.set('status', (event) => {
      if (!('after' in event)) return respond?.(event);
      const error = { class: 'retry', code: 'throttled', message: 'It is busy.', action: 'Wait.' };
      return { ok: false, error };
    });
    const { code, stdout } = await run('--json');
    expect(code).toBe(1);
    const document = JSON.parse(stdout);
    expect(document.connections).toHaveLength(500);
    expect(document.error).toMatchObject({ code: 'throttled' });
  });

  test('status sends the filters and the order to the function', async () => {
    const sent: object[] = [];
    installation().responses.set('status', (event) => {
      sent.push(event);
      return { ok: true, result: { now, counts, connections: [] } };
    });
    const { stdout } = await run(
      ...['--state', 'reconnect', '--state', 'failing', '--app', 'reports', '--search', 'ab'],
      ...['--sort', 'valid', '--limit', '7'],
    );
    const filters = {
      states: ['reconnect', 'failing'],
      app: 'reports',
      search: 'ab',
      sort: 'valid',
      limit: 7,
    };
    expect(sent).toEqual([expect.objectContaining(filters)]);
    expect(stdout).toContain('None is in the state that was asked for.');
  });

  test.each([
    [['--limit', 'many'], /Expected a number/],
    [['--state', 'broken'], /Allowed choices are reconnect, misconfigured/],
    [['--sort', 'size'], /Allowed choices are attention, name/],
    [['--all', '--limit', '3'], /cannot be used with option/],
  ])('status %j is wrong usage', async (args, message) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  test.each([60, 80, 200])('status on a terminal of %i columns and 30 lines fits into it', async (cols) => {
    const terminal = installation().commandLine.onTerminal(['status'], {}, { cols, rows: 30 });
    await terminal.ended;
    const { lines, broken } = await terminal.display();
    expect(broken).toEqual([]);
    expect(lines.join(' ')).toContain(SUMMARY);
    expect(lines.find((line) => line.startsWith('connection_0 '))).toMatch(/reconnect/);
    for (const name of ['connection_1 ', 'connection_2 ', 'connection_3 ']) {
      expect(lines.filter((line) => line.startsWith(name))).toHaveLength(1);
    }
  });

  test.each([60, 80, 200])('status --watch on a terminal of %i columns shows what fits', async (cols) => {
    const terminal = installation().commandLine.onTerminal(['status', '--watch'], {}, { cols, rows: 30 });
    await terminal.until(/Shown: \d+ of 1,204/);
    const { lines, broken } = await terminal.display();
    expect(broken).toEqual([]);
    expect(lines.slice(0, 2).join(' ').trim()).toBe(SUMMARY);
    expect(lines.find((line) => line.startsWith('connection_'))).toMatch(/^connection_0 .*reconnect/);
    expect(lines.join('\n')).toMatch(/✖ connection_3: /);
    terminal.type(CTRL_C);
    await terminal.ended;
  });
});
