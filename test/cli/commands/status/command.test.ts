import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { ConnectionView } from '../../../../lambdas/tokens/connection-view.ts';
import { consentAsBrowser } from '../../../../local/zoom/consent.ts';
import { CTRL_C } from '../../../support/cli/command-line.ts';
import { type Installation, startInstallation } from '../../../support/services/installation.ts';

jest.setTimeout(60_000);

let installation: Installation;

beforeAll(async () => {
  installation = await startInstallation();
});

afterAll(() => installation.close());

const run = (...args: string[]) => installation.commandLine.run(['status', ...args]);

describe('zoom-tokens status', () => {
  test('before the first connection says how to make one', async () => {
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toBe('There are no connections yet. Make one: zoom-tokens connect main.\n');
  });

  test('shows every connection, and that all is well', async () => {
    await installation.connectReports();
    const answer = await installation.stack.operate({ action: 'link', connection: 'main' });
    await consentAsBrowser((answer as { result: { link: string } }).result.link);
    installation.clock.advance(5 * 60);

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

  test('of one connection shows all about it', async () => {
    const { code, stdout } = await run('main');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Grant +authorization_code: a user app$/m);
    expect(stdout).toMatch(/^Valid +5[45] min, until \d\d:\d\d$/m);
    expect(stdout).toMatch(/^Refresh token +5 min old; Zoom ends one after 90 days$/m);
    expect(stdout).toMatch(/^In n8n +\{\{ \$secrets\.aws\.n8n_zoom_main \}\}$/m);
  });

  test('--json: what the function answers', async () => {
    const { code, stdout } = await run('--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(await installation.status());
  });

  test('has no colour in a pipe, nor where NO_COLOR is set', async () => {
    const colour = '\x1b[32m';
    expect((await run()).stdout).not.toContain(colour);
    const terminal = installation.commandLine.onTerminal(['status']);
    expect((await terminal.ended).raw).toContain(colour);
    const plain = installation.commandLine.onTerminal(['status'], { NO_COLOR: '1' });
    expect((await plain.ended).raw).not.toContain(colour);
  });
});

describe('the exit status tells whether somebody has to act', () => {
  const answerWith = async (...changes: Partial<ConnectionView>[]) => {
    const { now, connections } = await installation.status();
    const changed = connections.map((view, index) => ({ ...view, ...changes[index] }));
    installation.answers.set('status', () => ({ ok: true, result: { now, connections: changed } }));
  };
  const failure = { code: 'x', message: 'It is broken.', action: 'Mend it.', at: 0 };

  test.each([
    [
      'a person must consent',
      [{ status: 'reconnect' }, { status: 'misconfigured' }],
      3,
      /zoom-tokens connect main/,
    ],
    [
      'an app must be mended',
      [{}, { status: 'misconfigured', lastError: { ...failure, class: 'misconfigured' } }],
      4,
      /✖ reports: It is broken\.\n {2}Mend it\./,
    ],
    [
      'a rotation fails',
      [{ failures: 2, lastError: { ...failure, class: 'retry' } }],
      1,
      /✖ main: Failed 2 times: It is broken\.\n {2}Mend it\./,
    ],
    ['n8n holds a dead token', [{ validUntil: 1 }], 1, /zoom-tokens rotate main/],
    ['a connection that was ended on purpose', [{ status: 'disconnected' }], 0, /disconnected/],
  ] as [string, Partial<ConnectionView>[], number, RegExp][])('%s', async (_, changes, code, text) => {
    await answerWith(...changes);
    const ended = await run();
    installation.answers.clear();
    expect(ended.stdout).toMatch(text);
    expect(ended.code).toBe(code);
  });
});

describe('--watch', () => {
  test('draws again and again on a terminal, until Ctrl-C', async () => {
    const terminal = installation.commandLine.onTerminal(['status', '--watch']);
    await terminal.until(/(State[\s\S]*){2}/);
    terminal.type(CTRL_C);
    expect((await terminal.ended).code).toBe(130);
  });

  test.each([[[]], [['--json']]])('is refused in a pipe %j', async (args) => {
    const { code, stderr, stdout } = await run('--watch', ...args);
    expect(code).toBe(2);
    expect(stdout + stderr).toContain('--watch draws on a terminal');
  });
});

test('no token was said', async () => {
  for (const connection of ['main', 'reports']) {
    expect(installation.commandLine.said()).not.toContain(await installation.token(connection));
  }
});
