import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ENTER } from '../../../support/cli/command-line.ts';
import { useInstallation } from '../../../support/cli/use-installation.ts';

const installation = useInstallation();
const run = (...args: string[]) => installation().commandLine.run(['n8n', ...args]);
const KEY = 'n8n_api_a-key-that-no-other-person-may-see';

afterEach(() => {
  expect(installation().commandLine.transcript()).not.toContain(KEY);
});

describe('zoom-tokens n8n link', () => {
  const LINKED = { connection: { connection: 'main' }, credentialId: '3Fk9', created: true };
  let requests: unknown[];
  beforeEach(() => {
    requests = [];
  });
  const accept = (result: object = LINKED) =>
    installation().responses.set('n8n-link', (event) => {
      requests.push(event);
      return { ok: true, result };
    });
  const link = (...args: string[]) => run('link', 'main', '--url', 'https://n8n.example.com', ...args);
  const withKey = { env: { N8N_API_KEY: KEY } };

  test('n8n link reads the API key from the environment and names the new credential', async () => {
    accept();
    const args = ['n8n', 'link', 'main', '--url', 'https://n8n.example.com/'];
    const { code, stdout } = await installation().commandLine.run(args, withKey);
    expect(code).toBe(0);
    expect(stdout).toBe(
      '✔ n8n has the token of "main", and gets each new one.\n' +
        '  In the Zoom nodes of your workflows, choose the credential "Zoom main" (3Fk9).\n',
    );
    expect(requests[0]).toEqual({
      action: 'n8n-link',
      connection: 'main',
      instance: 'default',
      url: 'https://n8n.example.com',
      apiKey: KEY,
    });
  });

  test('n8n link reads the API key from standard input and uses an existing credential of another n8n instance', async () => {
    accept({ ...LINKED, created: false });
    const args = ['--stdin', '--instance', 'spare', '--credential', '3Fk9'];
    const { code, stdout } = await installation().commandLine.run(
      ['n8n', 'link', 'main', '--url', 'http://localhost:5678', ...args],
      { input: `${KEY}\n` },
    );
    expect(code).toBe(0);
    expect(stdout).toContain('  The id of the credential is 3Fk9.\n');
    expect(requests[0]).toEqual({
      action: 'n8n-link',
      connection: 'main',
      instance: 'spare',
      url: 'http://localhost:5678',
      apiKey: KEY,
      credentialId: '3Fk9',
    });
  });

  test('n8n link prompts for the API key at a terminal without echoing it', async () => {
    accept();
    const args = [
      'n8n',
      'link',
      'main',
      '--url',
      'https://n8n.example.com',
      '--credential-name',
      'Zoom for sales',
    ];
    const terminal = installation().commandLine.onTerminal(args);
    await terminal.until(/n8n API key/);
    terminal.type(`${KEY}${ENTER}`);
    const { code, shown } = await terminal.ended;
    expect(code).toBe(0);
    expect(shown).toMatch(/choose the credential "Zoom for sales"\s+\(3Fk9\)/);
    expect(shown).not.toContain(KEY);
    expect(requests[0]).toMatchObject({ apiKey: KEY, credentialName: 'Zoom for sales' });
  });

  test.each([
    [
      'passed',
      { ok: true, message: 'Connection successful!' },
      '  n8n tested the credential: it can use the token.\n',
    ],
    ['was not made', { message: 'The API key lacks the scope.' }, '  The API key lacks the scope.\n'],
    [
      'failed',
      { ok: false, message: 'Authorization failed' },
      '  ! n8n tested the credential, and the test failed: Authorization failed\n' +
        '  Open the credential in n8n and read its test there. A Zoom app without the scope user:read:user fails the test although its token is valid.\n',
    ],
  ])("n8n link says that n8n's test of the credential %s, and exits with 0", async (_, tested, line) => {
    accept({ ...LINKED, tested: { at: 0, ...tested } });
    const args = ['n8n', 'link', 'main', '--url', 'https://n8n.example.com'];
    const { code, stdout } = await installation().commandLine.run(args, withKey);
    expect(code).toBe(0);
    expect(stdout.endsWith(line)).toBe(true);
  });

  test('n8n link --external-secret registers a credential and says that it is never written', async () => {
    accept({ ...LINKED, created: false, tested: { at: 0, ok: true, message: 'Connection successful!' } });
    const args = ['n8n', 'link', 'main', '--url', 'https://n8n.example.com', '--credential', '3Fk9'];
    const { code, stdout } = await installation().commandLine.run([...args, '--external-secret'], withKey);
    expect(code).toBe(0);
    expect(stdout).toBe(
      '✔ The credential 3Fk9 is registered for "main": it is tested and never written.\n' +
        '  n8n tested the credential: it can use the token.\n',
    );
    expect(requests[0]).toMatchObject({ credentialId: '3Fk9', externalSecret: true });
  });

  test("n8n link --json prints the operator function's result", async () => {
    accept();
    const args = ['n8n', 'link', 'main', '--url', 'https://n8n.example.com', '--json'];
    const { stdout } = await installation().commandLine.run(args, withKey);
    expect(JSON.parse(stdout)).toEqual(LINKED);
  });

  test('n8n link shows the failure of the operator function', async () => {
    const error = {
      class: 'misconfigured',
      code: 'n8n_forbidden',
      message: 'n8n forbids the API key to write this credential (403).',
      action: 'Give it the scope credential:update.',
    };
    installation().responses.set('n8n-link', () => ({ ok: false, error }));
    const args = ['n8n', 'link', 'main', '--url', 'https://n8n.example.com'];
    expect(await installation().commandLine.run(args, withKey)).toEqual({
      code: 4,
      stdout: '',
      stderr: `✖ ${error.message}\n  ${error.action}\n`,
    });
  });

  test.each([
    [
      'no API key',
      [],
      /^✖ The n8n API key is missing, and this is not an interactive terminal\.\n {2}Set N8N_API_KEY/,
    ],
    ['an empty standard input', ['--stdin'], /^✖ The n8n API key is empty\.\n/],
    [
      'a name for an existing credential',
      ['--credential', 'a', '--credential-name', 'b'],
      /^✖ An existing credential keeps its name\.\n/,
    ],
    [
      '--external-secret and no credential',
      ['--external-secret'],
      /^✖ --external-secret registers an existing/,
    ],
    ['an impossible instance name', ['--instance', 'My n8n'], /^✖ "My n8n" cannot be/],
    ['the API key as an option', ['--api-key', KEY], /^✖ Unknown option "--api-key"/],
  ])('n8n link with %s is wrong usage, and sends no request', async (_, args, message) => {
    accept();
    const { code, stdout, stderr } = await link(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(requests).toEqual([]);
  });

  test.each([
    'http://n8n.example.com',
    'n8n.example.com',
    'https://u:p@n8n.example.com',
    'https://n8n.example.com/?x=1',
  ])('n8n link --url %s is refused before the API key is read', async (url) => {
    const { code, stderr } = await run('link', 'main', '--url', url);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^✖ The URL of n8n must begin with https:\/\//);
  });

  test('n8n link to an address that is not listed prints the line to add, and exits with 2', async () => {
    const error = {
      class: 'rejected',
      code: 'n8n_url_not_listed',
      message: 'This deployment does not push tokens to https://n8n.example.com.',
      action: 'Add "n8nUrls": ["https://n8n.example.com"] to cdk.json. Then: npx cdk deploy',
    };
    installation().responses.set('n8n-link', () => ({ ok: false, error }));
    const { code, stderr } = await installation().commandLine.run(
      ['n8n', 'link', 'main', '--url', 'https://n8n.example.com'],
      withKey,
    );
    expect(code).toBe(2);
    expect(stderr).toContain('"n8nUrls": ["https://n8n.example.com"]');
    expect(stderr).toContain('npx cdk deploy');
  });

  test('n8n link --move asks for the move of the instance', async () => {
    accept();
    const args = ['n8n', 'link', 'main', '--url', 'https://n8n.example.com', '--move'];
    await installation().commandLine.run(args, withKey);
    expect(requests[0]).toMatchObject({ move: true });
  });

  test('n8n link requires --url', async () => {
    const { code, stderr } = await run('link', 'main');
    expect(code).toBe(2);
    expect(stderr).toMatch(/--url/);
  });

  test('n8n link prints the API key neither on success nor with --json', async () => {
    accept();
    const args = ['n8n', 'link', 'main', '--url', 'https://n8n.example.com'];
    await installation().commandLine.run(args, withKey);
    await installation().commandLine.run([...args, '--json'], withKey);
    expect(requests).toHaveLength(2);
    expect(installation().commandLine.transcript()).not.toContain(KEY);
  });
});

describe('zoom-tokens n8n unlink', () => {
  test('n8n unlink stops the push, and says what stays in n8n', async () => {
    const requests: unknown[] = [];
    installation().responses.set('n8n-unlink', (event) => {
      requests.push(event);
      return { ok: true, result: { connection: { connection: 'main' } } };
    });
    const { code, stdout } = await run('unlink', 'main', '--instance', 'spare');
    expect(code).toBe(0);
    expect(stdout).toBe(
      '✔ "main" is no longer linked to the n8n instance "spare": no token is pushed to it.\n' +
        '  The credential stays in n8n. A token that was pushed to it expires within the hour.\n',
    );
    expect(requests).toEqual([{ action: 'n8n-unlink', connection: 'main', instance: 'spare' }]);
  });
});
