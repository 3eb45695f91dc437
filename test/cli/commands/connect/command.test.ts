import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type ConsentOptions, consentAsBrowser } from '../../../../local/zoom/consent.ts';
import { CTRL_C } from '../../../support/cli/command-line.ts';
import { useInstallation } from '../../../support/cli/use-installation.ts';

const installation = useInstallation();
const run = (...args: string[]) => installation().commandLine.run(['connect', ...args]);
const LINK = /http:\/\/localhost:\d+\/connect\?ticket=[\w.-]+/;

describe('zoom-tokens connect with a user app', () => {
  test('connect at a terminal opens the browser, waits for the consent and prints the expression', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'browser-'));
    const browser = join(folder, 'browser');
    await writeFile(browser, `#!/bin/sh\nprintf %s "$1" > ${folder}/opened\n`, { mode: 0o755 });
    const terminal = installation().commandLine.onTerminal(['connect', 'main'], { BROWSER: browser });
    const [link] = await terminal.until(LINK);
    await terminal.until(/Waiting for the consent/);
    await consentAsBrowser(link);
    const { code, shown, raw } = await terminal.ended;
    expect(code).toBe(0);
    expect(shown).toMatch(/It works once, until \d\d:\d\d \(in 30 min\)\.\n/);
    expect(shown).toContain('✔ "main" is connected.');
    expect(shown).toMatch(/the type Zoom API\s[\s\S]*the field\sJWT Token\.\n/);
    expect(shown).toMatch(/\n {2}\{\{ \$secrets\.aws\.n8n_zoom_main \}\}\n$/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a color begins with one
    expect(raw).toMatch(/\x1b\[32m✔/);
    expect(await readFile(join(folder, 'opened'), 'utf8')).toBe(link);
    await rm(folder, { recursive: true });
  });

  test('connect --json of an existing connection prints the link on standard error and the connection as the document', async () => {
    await installation().connectMain();
    const running = installation().commandLine.run(['connect', 'main', '--json'], {
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

  test('connect --no-wait prints the link, and with --json its expiry and the generation that it replaces', async () => {
    await installation().connectMain();
    const { code, stdout, stderr } = await run('main', '--no-wait');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim()).toMatch(new RegExp(`^${LINK.source}$`));

    const json = JSON.parse((await run('main', '--no-wait', '--json')).stdout);
    expect(json).toEqual({
      link: expect.stringMatching(LINK),
      expiresAt: installation().clock.now() + 1800,
      generation: 1,
    });
  });

  test('a different Zoom user can consent only through a link of connect --replace-user', async () => {
    await installation().connectMain();
    const link = async (...args: string[]) => (await run('main', '--no-wait', ...args)).stdout.trim();
    const generation = async () => (await installation().status()).connections[0]?.generation;
    const before = Number(await generation());
    await consentAsBrowser(await link(), { user: 'Grace Hopper' });
    expect(await generation()).toBe(before);
    await consentAsBrowser(await link('--replace-user'), { user: 'Grace Hopper' });
    expect(await generation()).toBe(before + 1);
  });

  test('connect with an app that is not deployed names those that are', async () => {
    const { code, stderr } = await run('main', '--app', 'nope', '--no-wait');
    expect(code).toBe(4);
    expect(stderr).toBe(
      '✖ No Zoom app "nope". Known apps: default, reports.\n' +
        '  Add it to "apps" in cdk.json, deploy, then run npx zoom-tokens setup nope\n',
    );
  });

  test('connect exits with 1 when the link expires before a user consents', async () => {
    const { clock, commandLine } = installation();
    const { code, stdout } = await commandLine.run(['connect', 'sales', '--json'], {
      onError: (text) => void (LINK.test(text) && clock.advance(1800)),
    });
    expect(code).toBe(1);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'link_expired',
      message: 'The link expired before a user consented through it.',
      action: 'Create a new link: npx zoom-tokens connect sales',
    });
  });

  /** Runs `connect`, and consents as a browser does once it has printed the link. */
  const connectWith = async (connection: string, decision: ConsentOptions) => {
    let endedAt = 0;
    const result = await installation().commandLine.run(['connect', connection, '--json'], {
      onError: async (text) => {
        const link = LINK.exec(text)?.[0];
        if (!link) return;
        await consentAsBrowser(link, decision);
        endedAt = performance.now();
      },
    });
    return { ...result, seconds: (performance.now() - endedAt) / 1000, ...JSON.parse(result.stdout) };
  };

  test('connect says within 3 seconds that the user declined, and exits with 5', async () => {
    const { code, seconds, error } = await connectWith('alice', { decline: true });
    expect(code).toBe(5);
    expect(error).toEqual({
      class: 'rejected',
      code: 'consent_declined',
      message: 'Declined at Zoom. Nothing was connected.',
      action: 'New link: npx zoom-tokens connect alice',
    });
    expect(seconds).toBeLessThan(3);
  });

  test('connect says at once that another Zoom user consented, and exits with 1', async () => {
    await installation().connectMain();
    const { code, seconds, error } = await connectWith('main', { user: 'Grace Hopper' });
    expect(code).toBe(1);
    expect(error).toMatchObject({ class: 'rejected', code: 'other_user' });
    expect(error.message).toMatch(/^"main" belongs to a different Zoom user/);
    expect(seconds).toBeLessThan(3);
  });

  test('connect says at once that the Zoom user has another connection, and exits with 1', async () => {
    await installation().connectMain();
    const { code, seconds, error } = await connectWith('second', {});
    expect(code).toBe(1);
    expect(error).toMatchObject({
      code: 'already_connected',
      message:
        'The Zoom user is already connected as "main". That connection was renewed, and "second" was not connected.',
    });
    expect(seconds).toBeLessThan(3);
  });

  test('Ctrl-C during connect says how long the link stays valid, and exits with 130', async () => {
    const terminal = installation().commandLine.onTerminal(['connect', 'sales', '--no-open']);
    await terminal.until(/Waiting for the consent/);
    terminal.type(CTRL_C);
    const { code, shown } = await terminal.ended;
    expect(code).toBe(130);
    expect(shown).toMatch(/The link stays valid until \d\d:\d\d \(in 30 min\)\.\n$/);
    expect(shown).not.toContain('✖');
  });

  test('SIGINT to a piped connect says how long the link stays valid, and exits with 130', async () => {
    const { code, stderr } = await installation().commandLine.interruptAt(LINK, ['connect', 'sales']);
    expect(code).toBe(130);
    expect(stderr).toMatch(/^The link stays valid until \d\d:\d\d \(in 30 min\)\.\n$/);
  });
});

describe('zoom-tokens connect with a link to mail', () => {
  const status = async (...args: string[]) =>
    (await installation().commandLine.run(['status', ...args])).stdout;

  test('connect --expires 3d makes a link of three days, which status shows until it is taken back', async () => {
    const { stdout } = await run('alice', '--expires', '3d', '--no-wait', '--json');
    expect(JSON.parse(stdout).expiresAt).toBe(installation().clock.now() + 3 * 24 * 3600);
    expect(await status()).toMatch(
      /Links that wait:\n {2}alice: until \w{3} \d+ \w+ \d\d:\d\d \(in 3 d\), not opened yet\n/,
    );
    const [link] = JSON.parse(await status('--json')).links;
    expect(link).toMatchObject({ connection: 'alice', state: 'waiting', forMe: false });
    expect(link).not.toHaveProperty('link');

    const cancelled = await run('alice', '--cancel');
    expect(cancelled).toEqual({
      code: 0,
      stdout: 'The link for "alice" cannot be used any more.\n',
      stderr: '',
    });
    expect(await status()).not.toContain('Links that wait');
    expect((await run('alice', '--cancel')).stdout).toBe('No link waits for "alice".\n');
  });

  test('a waiting connect ends at once when another operator takes the link back', async () => {
    let endedAt = 0;
    const { code, stdout } = await installation().commandLine.run(['connect', 'alice', '--json'], {
      onError: async (text) => {
        if (!LINK.test(text)) return;
        await installation().stack.operate({ action: 'links-cancel', connection: 'alice' });
        endedAt = performance.now();
      },
    });
    expect(performance.now() - endedAt).toBeLessThan(3000);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'link_cancelled',
      action: 'New link: npx zoom-tokens connect alice',
    });
  });

  test.each(['0m', '31d', '3', '3w', '-1h'])('connect --expires %s is wrong usage', async (duration) => {
    const { code, stderr } = await run('alice', `--expires=${duration}`);
    expect(code).toBe(2);
    expect(stderr).toContain('Expected 1m to 30d, such as 45m, 12h or 3d.');
  });

  test('connect --renew-links prints each new link with its connection, or that no link was ended', async () => {
    expect((await run('--renew-links')).stdout).toBe('No link was ended by a key rotation.\n');
    const link = 'https://api.example/connect?ticket=new';
    const now = Math.floor(Date.now() / 1000);
    const renewed = [{ connection: 'alice', link, createdAt: now, expiresAt: now + 3600 }];
    const error = {
      class: 'misconfigured',
      code: 'app_not_deployed',
      message: 'No Zoom app "old".',
      action: 'Add it.',
    };
    const notRenewed = [{ connection: 'bob', error }];
    installation().responses.set('links-renew', () => ({ ok: true, result: { renewed: [], notRenewed } }));
    const { code, stdout } = await run('--renew-links');
    expect(code).toBe(1);
    expect(stdout).toBe('\n✖ bob: no new link. No Zoom app "old".\n  Add it.\n');
    installation().responses.set('links-renew', () => ({ ok: true, result: { renewed, notRenewed: [] } }));
    expect((await run('--renew-links')).stdout).toMatch(
      /^Send each person the new link\..*\n\nalice: until \d\d:\d\d \(in 60 min\)\n {2}https:\/\/api\.example\/connect\?ticket=new\n$/,
    );
  });

  test('only a link that the command line opens, or one of --for-me, is for its maker', async () => {
    await run('mailed', '--no-wait');
    await run('mine', '--no-wait', '--for-me');
    const terminal = installation().commandLine.onTerminal(['connect', 'opened'], { BROWSER: 'true' });
    await terminal.until(/Waiting for the consent/);
    const { links } = JSON.parse(await status('--json'));
    terminal.type(CTRL_C);
    await terminal.ended;
    const forMe = links.map((link: { connection: string; forMe: boolean }) => [link.connection, link.forMe]);
    expect(Object.fromEntries(forMe)).toEqual({ mailed: false, mine: true, opened: true });
  });
});

describe('zoom-tokens connect with a Server-to-Server app', () => {
  test('connect of a Server-to-Server app completes without a link', async () => {
    const { code, stdout, stderr } = await run('reports', '--app', 'reports', '--grant', 's2s');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^✔ "reports" is connected\.\n/);
    expect(stdout).toMatch(/\n {2}\{\{ \$secrets\.aws\.n8n_zoom_reports \}\}\n$/);
  });

  test('connect of an existing Server-to-Server connection needs neither --app nor --grant', async () => {
    await installation().connectReports();
    const { code, stdout } = await run('reports', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      connection: { connection: 'reports', app: 'reports', grantType: 'account_credentials', generation: 2 },
    });
  });

  test('connect of a Server-to-Server app refuses the options of a link, which it has not', async () => {
    const { code, stderr } = await installation().commandLine.run([
      ...['connect', 'reports', '--app', 'reports', '--grant', 's2s', '--expires', '3d', '--no-wait'],
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('Omit --expires and --no-wait.');
  });

  test('connect --replace-user of a Server-to-Server connection is wrong usage', async () => {
    await installation().connectReports();
    const { code, stderr } = await run('reports', '--replace-user');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^✖ A Server-to-Server connection has no user to replace\./);
  });
});

describe('zoom-tokens connect with wrong input', () => {
  test.each([
    ['an unknown grant', ['main', '--grant', 'implicit'], 2, /Expected "user" or "s2s"/],
    ['an impossible connection name', ['Main'], 2, /"Main" cannot be the name of a connection/],
    ['no connection name', [], 2, /Missing required argument "connection"/],
    ['an app without a secret', ['sales', '--app', 'sales', '--no-wait'], 4, /zoom-tokens setup/],
    ["another grant than the connection's", ['main', '--grant', 's2s'], 1, /main/],
  ])('connect with %s fails and changes nothing', async (_, args, code, message) => {
    await installation().connectMain();
    const before = await installation().status();
    const result = await run(...args);
    expect(result.stderr).toMatch(message);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(await installation().status()).toEqual(before);
  });
});

test('connect prints the token of neither a user nor a Server-to-Server connection', async () => {
  await installation().commandLine.run(['connect', 'main', '--json'], {
    onError: async (text) => {
      const link = LINK.exec(text)?.[0];
      if (link) await consentAsBrowser(link);
    },
  });
  await run('reports', '--app', 'reports', '--grant', 's2s');
  const transcript = installation().commandLine.transcript();
  for (const connection of ['main', 'reports']) {
    expect(transcript).toContain(`n8n_zoom_${connection}`);
    expect(transcript).not.toContain(await installation().token(connection));
  }
});
