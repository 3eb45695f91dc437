import { describe, expect, test } from '@jest/globals';
import { useInstallation } from '../../../support/cli/use-installation.ts';

const installation = useInstallation();
const run = (...args: string[]) => installation().commandLine.run(['history', ...args]);

/** Adds another event. */
async function disconnect() {
  installation().clock.advance(60);
  await installation().stack.operate({ action: 'disconnect', connection: 'reports' });
}

describe('zoom-tokens history', () => {
  test('history shows what happened, the newest last, with the request of each event', async () => {
    await installation().connectReports();
    await disconnect();
    const { code, stdout, stderr } = await run('reports');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^✔ \d\d:\d\d: Connected: Zoom granted the first token to the app\.\n {2}Log: \/aws\/lambda\/\S+, request \S+\n/,
    );
    expect(stdout).toMatch(/\n• \d\d:\d\d: Disconnected\. /);
  });

  test("history --json prints the operator function's result", async () => {
    await installation().connectReports();
    const { code, stdout } = await run('reports', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      connection: 'reports',
      entries: [{ kind: 'consented', count: 1 }],
    });
  });

  test('history --since says when nothing happened in that time', async () => {
    await installation().connectReports();
    installation().clock.advance(2 * 3600);
    const { code, stdout } = await run('reports', '--since', '1h');
    expect(code).toBe(0);
    expect(stdout).toBe('Nothing is noted of "reports" in this time. Rotations that go well are not.\n');
  });

  test('history --since with another text is wrong usage', async () => {
    const { code, stderr } = await run('reports', '--since', 'yesterday');
    expect(code).toBe(2);
    expect(stderr).toContain('such as 45m, 24h or 7d');
  });

  test('history of a connection that does not exist exits with 1', async () => {
    const { code, stderr } = await run('unknown');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^✖ There is no connection "unknown"\.\n/);
  });

  test('status of one connection ends with its last events, and says how to see more', async () => {
    await installation().connectReports();
    const { stdout } = await installation().commandLine.run(['status', 'reports']);
    expect(stdout).toMatch(
      /\nLast events \(more: npx zoom-tokens history reports\):\n {2}✔ \d\d:\d\d: Connected: [^\n]+\n$/,
    );
  });
});

test('history, status and rotate say that times are by the clock of the installation, where it differs', async () => {
  await installation().connectMain();
  const note = "installation's clock, which shows";
  expect((await run('main')).stdout).not.toContain(note);
  installation().clock.advance(3 * 3600);
  for (const args of [['history', 'main'], ['status'], ['status', 'main'], ['rotate', 'main']]) {
    expect((await installation().commandLine.run(args)).stdout).toContain(note);
  }
});
