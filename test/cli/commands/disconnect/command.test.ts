import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { CTRL_C } from '../../../support/cli/command-line.ts';
import { type Installation, startInstallation } from '../../../support/services/installation.ts';

jest.setTimeout(60_000);

let installation: Installation;

beforeAll(async () => {
  installation = await startInstallation();
  await installation.connectReports();
});

afterAll(() => installation.close());

const run = (...args: string[]) => installation.commandLine.run(['disconnect', ...args]);
const state = async () => (await installation.status()).connections[0]?.status;

describe('zoom-tokens disconnect', () => {
  test('refuses where nobody can be asked', async () => {
    const { code, stdout, stderr } = await run('reports');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('zoom-tokens disconnect reports --yes');
    expect(await state()).toBe('active');
  });

  test('says what will happen and asks; no is the default', async () => {
    const terminal = installation.commandLine.onTerminal(['disconnect', 'reports']);
    await terminal.until(/deletes the secret n8n_zoom_reports and keeps it restorable/);
    await terminal.until(/Disconnect "reports"\?/);
    terminal.type('\r');
    const { code, shown } = await terminal.ended;
    expect(code).toBe(1);
    expect(shown).toContain('Nothing was disconnected.');
    expect(await state()).toBe('active');
  });

  test('Ctrl-C disconnects nothing, and exits with 130', async () => {
    const terminal = installation.commandLine.onTerminal(['disconnect', 'reports']);
    await terminal.until(/Disconnect "reports"\?/);
    terminal.type(CTRL_C);
    expect((await terminal.ended).code).toBe(130);
    expect(await state()).toBe('active');
  });

  test('a connection that does not exist', async () => {
    const { code, stderr } = await run('nobody', '--yes');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^✖ There is no connection "nobody"/);
  });

  test('yes at the question disconnects', async () => {
    const terminal = installation.commandLine.onTerminal(['disconnect', 'reports']);
    await terminal.until(/Disconnect "reports"\?/);
    terminal.type('y\r');
    const { code, shown } = await terminal.ended;
    expect(code).toBe(0);
    expect(shown).toContain('✔ "reports" is disconnected.');
  });

  test('--yes --json in a script: what was done', async () => {
    await installation.connectReports();
    const { code, stdout, stderr } = await run('reports', '--yes', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      connection: { connection: 'reports', status: 'disconnected' },
      revoked: expect.any(Boolean),
      secretDeletedAt: expect.any(Number),
    });
  });
});
