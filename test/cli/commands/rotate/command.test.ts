import { describe, expect, test } from '@jest/globals';
import { useInstallation } from '../../../support/cli/use-installation.ts';

const installation = useInstallation();
const run = (...args: string[]) => installation().commandLine.run(['rotate', ...args]);

describe('zoom-tokens rotate', () => {
  test('rotate publishes a new token now, and shows the connection before and after', async () => {
    await installation().connectReports();
    const tokenBefore = await installation().token('reports');
    const { code, stdout, stderr } = await run('reports');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^✔ "reports" has a new token, and n8n can read it\.\n/);
    expect(stdout).toMatch(/ +before +after\nversion +1 +2\nvalid until +\d\d:\d\d +\d\d:\d\d\n/);
    expect(await installation().token('reports')).not.toBe(tokenBefore);
  });

  test("rotate --json prints the operator function's result", async () => {
    await installation().connectReports();
    const { code, stdout } = await run('reports', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      before: { connection: 'reports', version: 1 },
      after: { connection: 'reports', version: 2 },
    });
  });

  test('rotate of a connection that does not exist exits with 1 and says how to list the connections', async () => {
    const { code, stdout, stderr } = await run('unknown');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      '✖ There is no connection "unknown".\n' +
        '  List the connections: npx zoom-tokens status. To create this one: npx zoom-tokens connect unknown.\n',
    );
  });

  test('rotate --json of a connection that does not exist prints the failure as the document', async () => {
    const { code, stdout, stderr } = await run('unknown', '--json');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      error: {
        class: 'rejected',
        code: 'unknown_connection',
        message: 'There is no connection "unknown".',
        action: expect.stringContaining('zoom-tokens status'),
      },
    });
  });

  test('rotate with an impossible connection name is wrong usage', async () => {
    const { code, stderr } = await run('Main');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^✖ "Main" cannot be the name of a connection\.\n/);
  });

  test('rotate prints neither the earlier nor the new token', async () => {
    await installation().connectReports();
    const tokenBefore = await installation().token('reports');
    await run('reports');
    await run('reports', '--json');
    const transcript = installation().commandLine.transcript();
    expect(transcript).toContain('"reports"');
    expect(transcript).not.toContain(tokenBefore);
    expect(transcript).not.toContain(await installation().token('reports'));
  });
});
