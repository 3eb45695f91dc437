import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { consentAsBrowser } from '../../../../local/zoom/consent.ts';
import { CTRL_C } from '../../../support/cli/command-line.ts';
import { type Installation, startInstallation } from '../../../support/services/installation.ts';

jest.setTimeout(60_000);

let installation: Installation;

beforeAll(async () => {
  installation = await startInstallation();
});

afterAll(() => installation.close());

beforeEach(() => installation.answers.clear());

const run = (...args: string[]) => installation.commandLine.run(['connect', ...args]);
const LINK = /http:\/\/localhost:\d+\/connect\?ticket=[\w.-]+/;

describe('zoom-tokens connect, a user app', () => {
  test('at a terminal: opens the browser, waits for the consent, and prints the expression', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'browser-'));
    const browser = join(folder, 'browser');
    await writeFile(browser, `#!/bin/sh\nprintf %s "$1" > ${folder}/opened\n`, { mode: 0o755 });
    const terminal = installation.commandLine.onTerminal(['connect', 'main'], { BROWSER: browser });
    const [link] = await terminal.until(LINK);
    await terminal.until(/Waiting for the consent/);
    await consentAsBrowser(link);
    const { code, shown, raw } = await terminal.ended;
    expect(code).toBe(0);
    expect(shown).toMatch(/It opens once, until \d\d:\d\d\.\n/);
    expect(shown).toContain('✔ "main" is connected.');
    expect(shown).toMatch(/\n {2}\{\{ \$secrets\.aws\.n8n_zoom_main \}\}\n$/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins with one
    expect(raw).toMatch(/\x1b\[32m✔/);
    expect(await readFile(join(folder, 'opened'), 'utf8')).toBe(link);
    await rm(folder, { recursive: true });
  });

  test('connected again, piped with --json: the link on standard error, the connection as the document', async () => {
    const running = installation.commandLine.run(['connect', 'main', '--json'], {
      onError: async (text) => {
        const link = LINK.exec(text)?.[0];
        if (link) await consentAsBrowser(link);
      },
    });
    const { code, stdout } = await running;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      connection: {
        connection: 'main',
        generation: 2,
        status: 'active',
        expression: '{{ $secrets.aws.n8n_zoom_main }}',
      },
    });
  });

  test('--no-wait: the link, and for a script until when and what it replaces', async () => {
    const { code, stdout, stderr } = await run('main', '--no-wait');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim()).toMatch(new RegExp(`^${LINK.source}$`));

    const json = JSON.parse((await run('main', '--no-wait', '--json')).stdout);
    expect(json).toEqual({
      link: expect.stringMatching(LINK),
      expiresAt: installation.clock.now() + 600,
      generation: 2,
    });
  });

  test('--replace-user: the link lets another Zoom user consent than before', async () => {
    const link = async (...args: string[]) => (await run('main', '--no-wait', ...args)).stdout.trim();
    const generation = async () => (await installation.status()).connections[0]?.generation;
    const before = Number(await generation());
    await consentAsBrowser(await link(), { user: 'Grace Hopper' });
    expect(await generation()).toBe(before);
    await consentAsBrowser(await link('--replace-user'), { user: 'Grace Hopper' });
    expect(await generation()).toBe(before + 1);
  });

  test('nobody consents: told when the link has ended, exit status 1', async () => {
    const link = 'http://localhost:1/connect?ticket=unused';
    const expiresAt = Math.floor(Date.now() / 1000) - 1;
    installation.answers.set('link', () => ({ ok: true, result: { link, expiresAt, generation: 0 } }));
    const { code, stderr } = await run('sales');
    expect(code).toBe(1);
    expect(stderr).toBe(
      '✖ The link has ended, and nobody has consented through it.\n' +
        '  Make another: zoom-tokens connect sales.\n',
    );
  });

  test('Ctrl-C says until when the link is valid, and exits with 130', async () => {
    const terminal = installation.commandLine.onTerminal(['connect', 'sales', '--no-open']);
    await terminal.until(/Waiting for the consent/);
    terminal.type(CTRL_C);
    const { code, shown } = await terminal.ended;
    expect(code).toBe(130);
    expect(shown).toMatch(/The link stays valid until \d\d:\d\d\.\n$/);
    expect(shown).not.toContain('✖');
  });

  test('Ctrl-C in a script too', async () => {
    const { code, stderr } = await installation.commandLine.interruptAt(LINK, ['connect', 'sales']);
    expect(code).toBe(130);
    expect(stderr).toMatch(/^The link stays valid until \d\d:\d\d\.\n$/);
  });
});

describe('zoom-tokens connect, a Server-to-Server app', () => {
  test('connects at once', async () => {
    const { code, stdout, stderr } = await run('reports', '--app', 'reports', '--grant', 's2s');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^✔ "reports" is connected\.\n/);
    expect(stdout).toMatch(/\n {2}\{\{ \$secrets\.aws\.n8n_zoom_reports \}\}\n$/);
  });

  test('again: the grant and the app are known', async () => {
    const { code, stdout } = await run('reports', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      connection: { connection: 'reports', app: 'reports', grantType: 'account_credentials', generation: 2 },
    });
  });

  test('has no user to replace', async () => {
    const { code, stderr } = await run('reports', '--replace-user');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^✖ A Server-to-Server connection has no user\./);
  });
});

describe('wrong input changes nothing', () => {
  test.each([
    ['a grant that there is not', ['main', '--grant', 'implicit'], 2, /It is user or s2s/],
    ['a name that cannot be one', ['Main'], 2, /"Main" cannot be the name of a connection/],
    ['no name', [], 2, /Missing required argument 'connection'/],
    ['an app without a secret', ['sales', '--app', 'sales', '--no-wait'], 4, /zoom-tokens setup/],
    ['a grant that is not the connection’s', ['main', '--grant', 's2s'], 1, /main/],
  ])('%s', async (_, args, code, message) => {
    const before = await installation.status();
    const ended = await run(...args);
    expect(ended.stderr).toMatch(message);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(await installation.status()).toEqual(before);
  });
});

test('no token was said', async () => {
  for (const connection of ['main', 'reports']) {
    expect(installation.commandLine.said()).not.toContain(await installation.token(connection));
  }
});
