import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Installation, startInstallation } from '../../../support/services/installation.ts';

jest.setTimeout(60_000);

let installation: Installation;
let before: string;

beforeAll(async () => {
  installation = await startInstallation();
  await installation.connectReports();
  before = await installation.token('reports');
});

afterAll(() => installation.close());

const run = (...args: string[]) => installation.commandLine.run(args);

describe('zoom-tokens rotate', () => {
  test('gets a new token now, and shows before and after', async () => {
    const { code, stdout, stderr } = await run('rotate', 'reports');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^✔ "reports" has a new token, and n8n reads it\.\n/);
    expect(stdout).toMatch(/ +before +after\nversion +1 +2\nvalid until +\d\d:\d\d +\d\d:\d\d\n/);
    expect(await installation.token('reports')).not.toBe(before);
  });

  test('--json: what the function answers', async () => {
    const { code, stdout } = await run('rotate', 'reports', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      before: { connection: 'reports', version: 2 },
      after: { connection: 'reports', version: 3 },
    });
  });

  test('a connection that does not exist: told, exit status 1', async () => {
    expect(await run('rotate', 'nobody')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        '✖ There is no connection "nobody".\n' +
        '  See zoom-tokens status for the ones there are, or make it: zoom-tokens connect.\n',
    });
  });

  test('--json: the failure is the document', async () => {
    const { code, stdout, stderr } = await run('rotate', 'nobody', '--json');
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      error: {
        class: 'rejected',
        code: 'unknown_connection',
        message: 'There is no connection "nobody".',
        action: expect.stringContaining('zoom-tokens status'),
      },
    });
  });

  test('a name that cannot be one is wrong usage', async () => {
    const { code, stderr } = await run('rotate', 'Main');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^✖ "Main" cannot be the name of a connection\.\n/);
  });

  test('says no token', async () => {
    expect(installation.commandLine.said()).not.toContain(before);
    expect(installation.commandLine.said()).not.toContain(await installation.token('reports'));
  });
});
