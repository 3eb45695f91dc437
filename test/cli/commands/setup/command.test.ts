import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { CTRL_C, ENTER } from '../../../support/cli/command-line.ts';
import { type Installation, startInstallation } from '../../../support/services/installation.ts';

jest.setTimeout(60_000);

let installation: Installation;
let user: Record<string, string>;
let server: Record<string, string>;

beforeAll(async () => {
  installation = await startInstallation();
  // The webhook's token is asked for, and may be left out.
  const { webhook_secret_token: _, ...credentials } = await installation.app('default');
  user = credentials;
  server = await installation.app('reports');
});

afterAll(() => installation.close());

afterEach(() => {
  for (const secret of [user.client_secret, server.client_secret, WEBHOOK]) {
    expect(installation.commandLine.said()).not.toContain(secret);
  }
});

const WEBHOOK = 'the-webhook-secret-token';

const run = (args: string[], options: { env?: Record<string, string>; input?: string } = {}) =>
  installation.commandLine.run(['setup', ...args], options);
const fromEnvironment = ({ client_id = '', client_secret = '', account_id }: Record<string, string>) => ({
  ZOOM_CLIENT_ID: client_id,
  ZOOM_CLIENT_SECRET: client_secret,
  ...(account_id && { ZOOM_ACCOUNT_ID: account_id }),
});

describe('zoom-tokens setup in a script', () => {
  test('a user app from the environment: checked at Zoom, saved, and what to paste where', async () => {
    const { code, stdout, stderr } = await run([], { env: fromEnvironment(user) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(
      '✔ Zoom accepts the credentials, and they are saved in zoom-token-refresher/app/default.\n',
    );
    const { publicUrl } = installation.stack;
    expect(stdout).toMatch(new RegExp(`OAuth Redirect URL +${publicUrl}/callback\n`));
    expect(stdout).toMatch(new RegExp(`OAuth Allow List +${publicUrl}/callback\n`));
    expect(stdout).toMatch(new RegExp(`Event notification endpoint URL +${publicUrl}/zoom/events`));
    expect(stdout).toMatch(/\nNext: zoom-tokens connect main\n$/);
    expect(await installation.app('default')).toEqual(user);
  });

  test('a Server-to-Server app as JSON on standard input, with white space from copying', async () => {
    const input = JSON.stringify({
      ...server,
      client_secret: ` ${server.client_secret}\n`,
      webhook_secret_token: WEBHOOK,
    });
    const { code, stdout } = await run(['reports', '--stdin', '--json'], { input });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      app: 'reports',
      grant: 'account_credentials',
      secretName: 'zoom-token-refresher/app/reports',
      checked: true,
      next: 'zoom-tokens connect reports --app reports --grant s2s',
    });
    expect(await installation.app('reports')).toEqual({ ...server, webhook_secret_token: WEBHOOK });
  });

  test('the ids may be flags; they come before the environment', async () => {
    const env = { ...fromEnvironment(server), ZOOM_ACCOUNT_ID: 'another-account' };
    const { code } = await run(['reports', '--account-id', server.account_id ?? ''], { env });
    expect(code).toBe(0);
    expect(await installation.app('reports')).toEqual(server);
  });
});

describe('what is wrong is found before anything is saved', () => {
  const changed = { client_id: 'local_user-app', client_secret: 'not-the-secret-of-the-app' };

  test.each([
    ['a user app', 'default', changed],
    [
      'a Server-to-Server app',
      'reports',
      { ...changed, client_id: 'local_server-app', account_id: 'local-account' },
    ],
  ])('a wrong client secret of %s: Zoom says so, exit status 4', async (_, app, credentials) => {
    const saved = await installation.app(app);
    const { code, stdout, stderr } = await run([app], { env: fromEnvironment(credentials) });
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(
      /^✖ Zoom does not accept the client id and client secret of the app\.\n {2}Nothing was saved\./,
    );
    expect(stderr).not.toContain(changed.client_secret);
    expect(await installation.app(app)).toEqual(saved);
  });

  test('a user app that is called Server-to-Server', async () => {
    const { code, stderr } = await run(['--account-id', 'local-account'], { env: fromEnvironment(user) });
    expect(code).toBe(4);
    expect(stderr).toContain('--grant user for a General App');
  });

  test('an account id that Zoom does not know', async () => {
    const env = fromEnvironment({ ...server, account_id: 'nobodys-account' });
    const { code, stderr } = await run(['reports'], { env });
    expect(code).toBe(4);
    expect(stderr).toMatch(/^✖ Zoom does not know the account id/);
  });

  test('--no-check saves without asking Zoom', async () => {
    const { code, stdout } = await run(['--no-check'], { env: fromEnvironment(changed) });
    expect(code).toBe(0);
    expect(stdout).toContain('✔ The credentials are saved, unchecked, in');
    expect(await installation.app('default')).toEqual(changed);
    await run([], { env: fromEnvironment(user) });
    expect(await installation.app('default')).toEqual(user);
  });

  test.each([
    ['nothing at all', {}, /^✖ The Client ID and Client Secret are missing, and nobody is at a terminal/],
    ['white space within', { client_id: 'local user-app' }, /^✖ The Client ID has white space in it/],
    ['a URL', { client_id: 'https://example.com' }, /^✖ The Client ID cannot be a URL/],
    ['an account number', { account_id: '123-456-789' }, /^✖ That is the account number of your profile/],
    [
      'the same twice',
      { client_secret: 'local_user-app' },
      /^✖ The Client ID and the Client Secret are the same/,
    ],
    [
      'swapped',
      { client_id: 'A234567890123456789012345678901Z', client_secret: 'B23456789012345678901Z' },
      /^✖ The Client ID and the Client Secret are swapped/,
    ],
  ])('%s is wrong usage', async (what, values, message) => {
    const env = what === 'nothing at all' ? {} : fromEnvironment({ ...user, ...values });
    const { code, stdout, stderr } = await run([], { env });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test.each(['', '{', '[]', '{"secret":"hush-hush"}'])('standard input that is %j', async (input) => {
    const { code, stderr } = await run(['--stdin'], { input });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^✖ Standard input is not the JSON of a Zoom app\.\n/);
    expect(stderr).not.toContain('hush-hush');
  });

  test('a secret is no option', async () => {
    const { code, stderr } = await run(['--client-secret', 'hush-hush']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^✖ Unknown option '--client-secret'/);
    expect(stderr).not.toContain('hush-hush');
  });

  test('an app that is not deployed: what to write into cdk.json', async () => {
    const { code, stderr } = await run(['sales'], { env: fromEnvironment(user) });
    expect(code).toBe(4);
    expect(stderr).toBe(
      '✖ There is no secret zoom-token-refresher/app/sales: no app "sales" is deployed.\n' +
        '  Add "sales" to "apps" in the context of cdk.json, and deploy: npx cdk deploy.\n',
    );
  });
});

describe('zoom-tokens setup at a terminal', () => {
  test('asks for everything, says first what to paste, and shows no secret', async () => {
    const terminal = installation.commandLine.onTerminal(['setup']);
    await terminal.until(/Which kind of Zoom app\?/);
    terminal.type(ENTER);
    await terminal.until(/OAuth Redirect URL +http[\s\S]*Client ID/);
    terminal.type(`${user.client_id}${ENTER}`);
    await terminal.until(/Client Secret/);
    terminal.type(` ${user.client_secret} ${ENTER}`);
    await terminal.until(/Secret Token/);
    terminal.type(ENTER);
    const { code, shown } = await terminal.ended;
    expect(code).toBe(0);
    expect(shown).toContain('Zoom accepts the credentials');
    expect(await installation.app('default')).toEqual(user);
  });

  test('Ctrl-C saves nothing, and exits with 130', async () => {
    const terminal = installation.commandLine.onTerminal(['setup', '--grant', 'user']);
    await terminal.until(/Client ID/);
    terminal.type('something-else');
    terminal.type(CTRL_C);
    const { code, shown } = await terminal.ended;
    expect(code).toBe(130);
    expect(shown).not.toContain('✖');
    expect(await installation.app('default')).toEqual(user);
  });
});
