import { beforeEach, describe, expect, test } from '@jest/globals';
import { CTRL_C, ENTER } from '../../../support/cli/command-line.ts';
import { useInstallation } from '../../../support/cli/use-installation.ts';

const installation = useInstallation();

beforeEach(() => installation().connectReports());

const run = (...args: string[]) => installation().commandLine.run(['disconnect', ...args]);
const status = async () => (await installation().status()).connections[0]?.status;

describe('zoom-tokens disconnect', () => {
  test('disconnect without --yes is refused where no person can confirm it', async () => {
    const { code, stdout, stderr } = await run('reports');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^✖ Not disconnected: confirm with --yes\./);
    expect(stderr).toContain('npx zoom-tokens disconnect reports --yes');
    expect(await status()).toBe('active');
  });

  test('disconnect says what it deletes and asks for confirmation, where Enter alone means no', async () => {
    const terminal = installation().commandLine.onTerminal(['disconnect', 'reports']);
    await terminal.until(/deletes the secret\s+n8n_zoom_reports\s+with\s+a\s+recovery\s+window/);
    await terminal.until(/Disconnect "reports"\?/);
    terminal.type(ENTER);
    const { code, shown } = await terminal.ended;
    expect(code).toBe(1);
    expect(shown).toContain('Not disconnected: you declined.');
    expect(await status()).toBe('active');
  });

  test('Ctrl-C at the confirmation of disconnect changes nothing and exits with 130', async () => {
    const terminal = installation().commandLine.onTerminal(['disconnect', 'reports']);
    await terminal.until(/Disconnect "reports"\?/);
    terminal.type(CTRL_C);
    expect((await terminal.ended).code).toBe(130);
    expect(await status()).toBe('active');
  });

  test('disconnect of a connection that does not exist exits with 1', async () => {
    const { code, stderr } = await run('unknown', '--yes');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^✖ There is no connection "unknown"/);
  });

  test.each([
    [
      'a secret that it deletes can be restored for a time',
      [],
      /is deleted\. It can be restored until \d{4}-/,
    ],
    ['with --now no secret can be restored', ['--now'], /is deleted\. It cannot be restored\.$/m],
  ])('disconnect says that %s', async (_, options, text) => {
    expect((await run('reports', '--yes', ...options)).stdout).toMatch(text);
  });

  test('disconnect of a disconnected connection asks nothing, says since when, and exits with 0', async () => {
    await run('reports', '--yes');
    installation().clock.advance(2 * 24 * 60 * 60);
    const terminal = installation().commandLine.onTerminal(['disconnect', 'reports']);
    const { code, shown } = await terminal.ended;
    expect(code).toBe(0);
    expect(shown).toMatch(/"reports" has been disconnected since \w{3} \d+ \w{3} \d\d:\d\d\./);
    expect(shown).not.toContain('Disconnect "reports"?');
  });

  test('disconnect --now of a disconnected connection asks, and deletes a secret that could be restored', async () => {
    await run('reports', '--yes');
    installation().clock.advance(2 * 24 * 60 * 60);
    const terminal = installation().commandLine.onTerminal(['disconnect', 'reports', '--now']);
    await terminal.until(/Disconnect "reports"\?/);
    terminal.type(`y${ENTER}`);
    expect((await terminal.ended).shown).toMatch(
      /has been disconnected since .*\s+.*\s+.*It cannot be restored\./,
    );
  });

  test('disconnect goes ahead after y at the confirmation', async () => {
    const terminal = installation().commandLine.onTerminal(['disconnect', 'reports']);
    await terminal.until(/Disconnect "reports"\?/);
    terminal.type(`y${ENTER}`);
    const { code, shown } = await terminal.ended;
    expect(code).toBe(0);
    expect(shown).toContain('✔ "reports" is disconnected.');
    expect(await status()).toBe('disconnected');
  });

  describe('says what becomes of the places of', () => {
    const connected = (view: object) => {
      const connection = { connection: 'anna', grantType: 'account_credentials', status: 'active', ...view };
      installation().responses.set('status', () => ({
        ok: true,
        result: { now: 0, connections: [connection] },
      }));
      installation().responses.set('disconnect', () => ({
        ok: true,
        result: { now: 0, connection, revoked: true, secretDeletedAt: 1_800_000_000 },
      }));
    };
    const said = async () => {
      const terminal = installation().commandLine.onTerminal(['disconnect', 'anna']);
      await terminal.until(/Disconnect "anna"\?/);
      terminal.type(`y${ENTER}`);
      return (await terminal.ended).shown.replace(/\s+/g, ' ');
    };

    test('a member of a bundle, which stays for the others', async () => {
      connected({ place: 'bundle_sales' });
      const text = await said();
      expect(text).toContain('revokes its tokens at Zoom, and takes its token out of the bundle "sales".');
      expect(text).toContain('Its token is no longer in the bundle "sales".');
      expect(text).not.toContain('secret n8n_zoom');
    });

    test('a connection that has moved, in both places', async () => {
      connected({ place: 'bundle_sales', oldPlaces: [{ place: 'own', until: 9 }] });
      const text = await said();
      expect(text).toContain('Its token is no longer in the bundle "sales".');
      expect(text).toContain('The secret n8n_zoom_anna is deleted. It can be restored until');
    });

    test('a connection that is only pushed', async () => {
      connected({ place: 'none' });
      const text = await said();
      expect(text).toContain('This revokes its tokens at Zoom.');
      expect(text).not.toMatch(/undefined|The secret/);
    });
  });

  test('a name that no connection can have is refused before anything is asked', async () => {
    const { code, stderr } = await run('__proto__');
    expect(code).toBe(2);
    expect(stderr).not.toContain('--yes');
  });

  test('Ctrl-D at the confirmation changes nothing and exits with 130', async () => {
    const terminal = installation().commandLine.onTerminal(['disconnect', 'reports']);
    await terminal.until(/Disconnect "reports"\?/);
    terminal.type('\x04');
    const { code, shown } = await terminal.ended;
    expect(code).toBe(130);
    expect(shown).not.toContain('Warning');
    expect(await status()).toBe('active');
  });

  test("disconnect --yes --json prints the operator function's result for a script", async () => {
    const { code, stdout, stderr } = await run('reports', '--yes', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      connection: { connection: 'reports', status: 'disconnected' },
      revoked: expect.any(Boolean),
      secretDeletedAt: expect.any(Number),
    });
  });
});
