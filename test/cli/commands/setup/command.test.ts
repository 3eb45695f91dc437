import { DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CTRL_C, ENTER } from '../../../support/cli/command-line.ts';
import { useInstallation } from '../../../support/cli/use-installation.ts';

const installation = useInstallation();
let user: Record<string, string>;
let server: Record<string, string>;

beforeEach(async () => {
  // The webhook's secret token is optional, and not among the credentials that these tests enter.
  const { webhook_secret_token: _, ...credentials } = await installation().app('default');
  user = credentials;
  server = await installation().app('reports');
});

afterEach(() => {
  for (const secret of [user.client_secret, server.client_secret, WEBHOOK]) {
    expect(installation().commandLine.transcript()).not.toContain(secret);
  }
});

const WEBHOOK = 'the-webhook-secret-token';

const run = (args: string[], options: { env?: Record<string, string>; input?: string } = {}) =>
  installation().commandLine.run(['setup', ...args], options);
const fromEnvironment = ({ client_id = '', client_secret = '', account_id }: Record<string, string>) => ({
  ZOOM_CLIENT_ID: client_id,
  ZOOM_CLIENT_SECRET: client_secret,
  ...(account_id && { ZOOM_ACCOUNT_ID: account_id }),
});

describe('zoom-tokens setup in a script', () => {
  test('setup of a user app from the environment verifies the credentials, saves them and says which URLs to paste', async () => {
    const { code, stdout, stderr } = await run([], { env: fromEnvironment(user) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(
      '✔ Zoom accepts the credentials. They are saved in zoom-token-refresher/app/default.\n',
    );
    const { publicUrl } = installation().stack;
    expect(stdout).toMatch(new RegExp(`OAuth Redirect URL +${publicUrl}/callback\n`));
    expect(stdout).toMatch(new RegExp(`OAuth Allow List +${publicUrl}/callback\n`));
    expect(stdout).toMatch(new RegExp(`Event notification endpoint URL +${publicUrl}/zoom/events`));
    expect(stdout).toMatch(/\nNext: npx zoom-tokens connect main\n$/);
    expect(await installation().app('default')).toEqual(user);
  });

  test('setup of a Server-to-Server app from JSON on standard input removes white space around the values', async () => {
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
      next: 'npx zoom-tokens connect reports --app reports --grant s2s',
    });
    expect(await installation().app('reports')).toEqual({ ...server, webhook_secret_token: WEBHOOK });
  });

  test('the ids in options of setup take precedence over the environment', async () => {
    const env = { ...fromEnvironment(server), ZOOM_ACCOUNT_ID: 'another-account' };
    const { code } = await run(['reports', '--account-id', server.account_id ?? ''], { env });
    expect(code).toBe(0);
    expect(await installation().app('reports')).toEqual(server);
  });
});

describe('zoom-tokens setup for a secret that was deleted by hand', () => {
  test.each([
    ['default', () => fromEnvironment(user), []],
    ['reports', () => fromEnvironment(server), ['reports', '--grant', 's2s']],
  ])(
    'of the app %s says how another one takes its place, which "default" needs too',
    async (app, env, args) => {
      const SecretId = `zoom-token-refresher/app/${app}`;
      const deletion = new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true });
      await installation().stack.secretsManager.send(deletion);
      const { code, stderr } = await run(args, { env: env() });
      expect(code).toBe(4);
      expect(stderr).toContain(
        `✖ The credentials were not saved: the secret ${SecretId} was deleted by hand.\n`,
      );
      expect(stderr).toContain(`"existing": {"appSecretArns": {"${app}": "<its ARN>"}}`);
      expect(stderr).not.toContain('Take the app out');
    },
  );
});

describe('zoom-tokens setup with wrong input', () => {
  const wrongCredentials = { client_id: 'local_user-app', client_secret: 'not-the-secret-of-the-app' };

  test.each([
    ['a user app', 'default', wrongCredentials],
    [
      'a Server-to-Server app',
      'reports',
      { ...wrongCredentials, client_id: 'local_server-app', account_id: 'local-account' },
    ],
  ])('setup with a wrong client secret of %s saves nothing and exits with 4', async (_, app, credentials) => {
    const saved = await installation().app(app);
    const { code, stdout, stderr } = await run([app], { env: fromEnvironment(credentials) });
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(
      /^✖ Zoom does not accept the client id and client secret of the app\.\n {2}Nothing was saved\./,
    );
    expect(stderr).not.toContain(wrongCredentials.client_secret);
    expect(await installation().app(app)).toEqual(saved);
  });

  test('setup of a user app with --account-id says how to choose the other type of app', async () => {
    const { code, stderr } = await run(['--account-id', 'local-account'], { env: fromEnvironment(user) });
    expect(code).toBe(4);
    expect(stderr).toContain('--grant user for a General App');
  });

  test('setup with an Account ID that Zoom does not know exits with 4', async () => {
    const env = fromEnvironment({ ...server, account_id: 'unknown-account' });
    const { code, stderr } = await run(['reports'], { env });
    expect(code).toBe(4);
    expect(stderr).toMatch(/^✖ Zoom does not know the account id/);
  });

  test('setup --no-check saves the credentials without verifying them at Zoom', async () => {
    const { code, stdout } = await run(['--no-check'], { env: fromEnvironment(wrongCredentials) });
    expect(code).toBe(0);
    expect(stdout).toContain('✔ The credentials are saved without verification in');
    expect(await installation().app('default')).toEqual(wrongCredentials);
    await run([], { env: fromEnvironment(user) });
    expect(await installation().app('default')).toEqual(user);
  });

  test.each([
    [
      'no credentials',
      {},
      /^✖ The Client ID and Client Secret are missing, and this is not an interactive terminal\.\n {2}Set ZOOM_CLIENT_ID, ZOOM_CLIENT_SECRET in the environment, or pass "client_id" and "client_secret" in the JSON/,
    ],
    ['white space in a value', { client_id: 'local user-app' }, /^✖ The Client ID contains white space/],
    ['a URL as a value', { client_id: 'https://example.com' }, /^✖ The Client ID cannot be a URL/],
    [
      'an account number as the Account ID',
      { account_id: '123-456-789' },
      /^✖ The Account ID cannot be the account number of your Zoom profile/,
    ],
    [
      'the same value twice',
      { client_secret: 'local_user-app' },
      /^✖ The Client ID and the Client Secret are the same/,
    ],
    [
      'swapped values',
      { client_id: 'A234567890123456789012345678901Z', client_secret: 'B23456789012345678901Z' },
      /^✖ The Client ID and the Client Secret are swapped/,
    ],
  ])('setup with %s is wrong usage', async (problem, values, message) => {
    const env = problem === 'no credentials' ? {} : fromEnvironment({ ...user, ...values });
    const { code, stdout, stderr } = await run([], { env });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test.each([
    [' \n', 'Standard input is empty.'],
    ['{"client_id":"hush-hush"', 'Standard input is not JSON.'],
    ['["hush-hush"]', 'Standard input is JSON, but not an object in braces.'],
    ['{"hush-hush":"hush-hush"}', 'Standard input has a field that no Zoom app has.'],
    ['{"client_secret":["hush-hush"]}', 'In the JSON on standard input, "client_secret" is not text.'],
  ])(
    'setup --stdin with the input %j is wrong usage, says why, and quotes nothing of it',
    async (input, problem) => {
      const { code, stderr } = await run(['--stdin'], { input });
      expect(code).toBe(2);
      expect(stderr).toContain(`✖ ${problem}\n  Expected {`);
      expect(stderr).not.toContain('hush-hush');
    },
  );

  test('setup has no option for a secret', async () => {
    const { code, stderr } = await run(['--client-secret', 'hush-hush']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^✖ Unknown option "--client-secret"/);
    expect(stderr).not.toContain('hush-hush');
  });

  test('setup of a user app prints a section of the Zoom app manifest, with the scopes of n8n', async () => {
    const { stdout } = await run([], { env: fromEnvironment(user) });
    expect(stdout).toContain('which Zoom offers as an early preview');
    const printed = JSON.parse(stdout.slice(stdout.indexOf('\n{'), stdout.lastIndexOf('\n}') + 2));
    const { redirectUrl, manifest } = JSON.parse(
      (await run(['--json'], { env: fromEnvironment(user) })).stdout,
    );
    expect(printed).toEqual(manifest);
    expect(manifest.oauth_information).toMatchObject({
      usage: 'USER_OPERATION',
      development_redirect_uri: redirectUrl,
      oauth_allow_list: [redirectUrl],
      strict_mode: true,
    });
    expect(manifest.oauth_information.scopes).toContainEqual({
      scope: 'meeting:read:list_meetings',
      optional: false,
    });
  });

  test('setup of an app that is not deployed says what to add to cdk.json', async () => {
    const { code, stderr } = await run(['sales'], { env: fromEnvironment(user) });
    expect(code).toBe(4);
    expect(stderr).toBe(
      '✖ No Zoom app "sales". Known apps: default, reports.\n' +
        '  Add it to "apps" in cdk.json, deploy, then run npx zoom-tokens setup sales\n',
    );
  });
});

describe('zoom-tokens setup at a terminal', () => {
  test('setup at a terminal shows the URLs first, then prompts for everything and echoes no secret', async () => {
    const terminal = installation().commandLine.onTerminal(['setup']);
    await terminal.until(/Type of the Zoom app/);
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
    expect(shown).toContain('Next: npx zoom-tokens connect main');
    expect(await installation().app('default')).toEqual(user);
  });

  test('Ctrl-C at a prompt of setup saves nothing and exits with 130', async () => {
    const saved = await installation().app('default');
    const terminal = installation().commandLine.onTerminal(['setup', '--grant', 'user']);
    await terminal.until(/Client ID/);
    terminal.type('something-else');
    terminal.type(CTRL_C);
    const { code, shown } = await terminal.ended;
    expect(code).toBe(130);
    expect(shown).not.toContain('✖');
    expect(await installation().app('default')).toEqual(saved);
  });
});
