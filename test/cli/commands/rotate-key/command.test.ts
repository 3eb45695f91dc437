import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, jest, test } from '@jest/globals';
import { useInstallation } from '../../../support/cli/use-installation.ts';

jest.setTimeout(90_000);

const installation = useInstallation();
const run = (...args: string[]) => installation().commandLine.run(['rotate-key', ...args]);
const keys = () =>
  Promise.all(
    ['sealing-key', 'link-key'].map(async (name) => {
      const SecretId = `zoom-token-refresher/${name}`;
      return (await installation().stack.secretsManager.send(new GetSecretValueCommand({ SecretId })))
        .SecretString;
    }),
  );
const link = (connection: string) => installation().stack.operate({ action: 'link', connection });
const ENTER = '\r';
const CTRL_C = '\x03';
/** The sweeps until everything is sealed with the new key. */
async function completeRotation(): Promise<void> {
  await installation().stack.sweep();
  installation().clock.advance(30 * 60);
  for (let minute = 0; minute < 5; minute += 1) {
    await installation().stack.sweep();
    installation().clock.advance(60);
  }
}

describe('zoom-tokens rotate-key', () => {
  test('rotate-key names the links that it ends and asks; Enter alone changes nothing and exits with 1', async () => {
    await link('bob');
    await link('alice');
    const before = await keys();
    const terminal = installation().commandLine.onTerminal(['rotate-key']);
    await terminal.until(/2 open links end: alice, bob\./);
    await terminal.until(/Replace both keys\?/);
    terminal.type(ENTER);
    const { code, shown } = await terminal.ended;
    expect(code).toBe(1);
    expect(shown).toContain('The keys were not replaced: you declined.');
    expect(await keys()).toEqual(before);
  });

  test('Ctrl-C at the confirmation of rotate-key changes nothing and exits with 130', async () => {
    const before = await keys();
    const terminal = installation().commandLine.onTerminal(['rotate-key']);
    await terminal.until(/No link is open\./);
    await terminal.until(/Replace both keys\?/);
    terminal.type(CTRL_C);
    expect((await terminal.ended).code).toBe(130);
    expect(await keys()).toEqual(before);
  });

  test('rotate-key replaces both keys after y, and says how the ended links are made anew', async () => {
    await link('alice');
    const before = await keys();
    const terminal = installation().commandLine.onTerminal(['rotate-key']);
    await terminal.until(/Replace both keys\?/);
    terminal.type(`y${ENTER}`);
    const { code, shown } = await terminal.ended;
    expect(code).toBe(0);
    expect(shown).toContain('✔ Both keys are replaced.');
    expect(shown).toContain('One open link ended: alice.');
    expect(shown).toContain('npx zoom-tokens connect --renew-links');
    for (const key of await keys()) expect(before).not.toContain(key);
    const renewed = await installation().commandLine.run(['connect', '--renew-links']);
    expect(renewed.stdout).toContain('alice: until');
  });

  test('rotate-key without --yes and without a terminal changes nothing and exits with 2', async () => {
    const before = await keys();
    const { code, stderr } = await run();
    expect(code).toBe(2);
    expect(stderr).toMatch(/^✖ The keys were not replaced: confirm with --yes\./);
    expect(await keys()).toEqual(before);
  });

  test("rotate-key --yes --json prints the operator function's result, and no key", async () => {
    await installation().connectReports();
    await link('alice');
    const { code, stdout, stderr } = await run('--yes', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      links: [{ connection: 'alice', state: 'waiting' }],
      keys: { sealed: { current: 0, previous: 1, other: 0 }, isPreviousNeeded: true },
    });
    for (const key of await keys()) expect(stdout).not.toContain(key);
  });

  test('rotate-key is refused while stored pairs need the previous key, and the prompt does not come', async () => {
    await installation().connectReports();
    await run('--yes');
    const before = await keys();
    const { code, stderr } = await run('--yes');
    expect(code).toBe(1);
    expect(stderr).toContain(
      '✖ The keys were not replaced: the last rotation of the keys is under way. One stored pair is sealed with the previous key (reports), and nothing else opens it.\n',
    );
    expect(stderr).toMatch(/Wait until about \d{4}-\d\d-\d\d \d\d:\d\d UTC\./);
    const { shown } = await installation().commandLine.onTerminal(['rotate-key']).ended;
    expect(shown).not.toContain('Replace both keys?');
    expect(await keys()).toEqual(before);
  });

  test('rotate-key --status says what needs the previous key, and at the end that it is no longer needed', async () => {
    await installation().connectReports();
    expect((await run('--status')).stdout).toBe(
      'One stored pair is sealed with the current key.\nThe sealing key was never replaced.\n',
    );
    await run('--yes');
    const { code, stdout } = await run('--status');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^0 stored pairs are sealed with the current key\.\nOne stored pair is still sealed with the previous key: reports\.\nThe previous key is needed until about .+: the sweeps seal everything with the current one\.\n$/,
    );
    await completeRotation();
    expect((await run('--status')).stdout).toMatch(
      /^One stored pair is sealed with the current key\.\nThe previous key is no longer needed, since \d\d:\d\d\.\n$/,
    );
    expect(JSON.parse((await run('--status', '--json')).stdout)).toMatchObject({
      sealed: { current: 1, previous: 0, other: 0 },
      isPreviousNeeded: false,
    });
  });

  test('status and doctor mention a rotation of the keys until it is completed', async () => {
    const doctor = async () => (await installation().commandLine.run(['doctor'])).stdout;
    const status = async () => (await installation().commandLine.run(['status'])).stdout;
    await installation().connectReports();
    await installation().stack.sweep();
    await run('--yes');
    const UNDER_WAY = /The keys were replaced at .+\. The sweeps still seal what is stored with the new key/;
    expect(await status()).toMatch(UNDER_WAY);
    expect(await doctor()).toMatch(UNDER_WAY);
    await completeRotation();
    expect(await status()).not.toContain('keys were replaced');
    expect(await doctor()).toContain(
      '✔ Everything that is stored is sealed with the current key. No earlier key is needed.\n',
    );
  });

  test('doctor exits with 1 when the sweeps have not sealed everything after a day', async () => {
    await installation().connectReports();
    await installation().stack.sweep();
    await run('--yes');
    installation().clock.advance(25 * 60 * 60);
    const { code, stdout } = await installation().commandLine.run(['doctor']);
    expect(code).toBe(1);
    expect(stdout).toContain('✖ The keys were replaced 25 h ago');
    expect(stdout).toContain('docs/runbook.md#unfinished-key-rotation');
  });

  test('rotate-key is completed, with its options', async () => {
    const complete = async (...words: string[]) =>
      (await installation().commandLine.run(['__complete', '--', ...words])).stdout;
    expect(await complete('rotate')).toMatch(/^rotate\t.*\nrotate-key\t/);
    expect(await complete('rotate-key', '--')).toMatch(/^--status\t.*\n--yes\t/);
  });
});
