import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { consentAsBrowser } from '../../../../local/zoom/consent.ts';
import { ENTER } from '../../../support/cli/command-line.ts';
import { type Installation, startInstallation } from '../../../support/services/installation.ts';

// Each starts the program.
jest.setTimeout(60_000);

let installation: Installation;
let folder: string;

beforeAll(async () => {
  installation = await startInstallation();
  folder = await mkdtemp(join(tmpdir(), 'zoom-tokens-'));
});

afterAll(async () => {
  await installation.close();
  await rm(folder, { recursive: true });
});
afterEach(() => installation.answers.clear());

const run = (...args: string[]) => installation.commandLine.run(['n8n', ...args]);

const POLICY = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['secretsmanager:ListSecrets', 'secretsmanager:BatchGetSecretValue'],
      Resource: '*',
    },
    {
      Effect: 'Allow',
      Action: 'secretsmanager:GetSecretValue',
      Resource: 'arn:aws:secretsmanager:us-east-1:*:secret:n8n_zoom_*',
    },
  ],
};

describe('without a connection', () => {
  test('tells all the rest, and how to make one', async () => {
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toContain('There are no connections yet. Make one: zoom-tokens connect main.');
  });

  test('--workflow has nothing to try', async () => {
    const { code, stderr } = await run('--workflow', join(folder, 'none.json'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^✖ There are no connections yet/);
    await expect(readFile(join(folder, 'none.json'))).rejects.toThrow('ENOENT');
  });
});

describe('what to paste', () => {
  test('vault, expression, interval and policy; a Server-to-Server connection can wait five minutes', async () => {
    await installation.connectReports();
    const { code, stdout, stderr } = await run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(JSON.stringify(POLICY, null, 2));
    expect(stdout).toContain(
      '  Name                   aws\n  Provider               AWS Secrets Manager\n  Region                 us-east-1\n',
    );
    expect(stdout).toContain('  Zoom reports  {{ $secrets.aws.n8n_zoom_reports }}\n');
    expect(stdout).toContain('N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL=300\n');
  });

  test('a user connection, whose earlier token may die at a rotation, wants thirty seconds', async () => {
    const link = await installation.stack.operate({ action: 'link', connection: 'main' });
    if (!link.ok) throw new Error(link.error.message);
    await consentAsBrowser((link.result as { link: string }).link);
    const { stdout } = await run('--vault', 'production', '--json');
    expect(JSON.parse(stdout)).toEqual({
      vault: {
        name: 'production',
        provider: 'AWS Secrets Manager',
        region: 'us-east-1',
        authentication: expect.stringContaining('IAM User'),
      },
      credentials: [
        {
          connection: 'main',
          name: 'Zoom main',
          expression: '{{ $secrets.production.n8n_zoom_main }}',
          id: null,
        },
        {
          connection: 'reports',
          name: 'Zoom reports',
          expression: '{{ $secrets.production.n8n_zoom_reports }}',
          id: null,
        },
      ],
      updateInterval: 30,
      policy: POLICY,
    });
  });

  test.each([
    ['cn-north-1', 'arn:aws-cn:secretsmanager:cn-north-1:*:secret:n8n_zoom_*'],
    ['us-gov-west-1', 'arn:aws-us-gov:secretsmanager:us-gov-west-1:*:secret:n8n_zoom_*'],
  ])('--region %s: the policy is of its partition', async (region, resource) => {
    const { policy, vault } = JSON.parse((await run('--region', region, '--json')).stdout);
    expect(vault.region).toBe(region);
    expect(policy.Statement[1].Resource).toBe(resource);
  });

  test.each(['my-vault', '1st', 'a b', ''])('--vault "%s" is no name in an expression', async (vault) => {
    const { code, stdout, stderr } = await run('--vault', vault);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /cannot be the name of a vault in n8n\.\n {2}It is a letter, then letters and digits/,
    );
  });
});

describe('--workflow', () => {
  test('writes a workflow that tries each credential, found by its name', async () => {
    const file = join(folder, 'workflow.json');
    const { code, stdout } = await run('--workflow', file);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^✔ .*workflow\.json is written\. .*\n {2}It looks .* by name: Zoom main, Zoom reports\.\n$/,
    );
    const { nodes, connections } = JSON.parse(await readFile(file, 'utf8'));
    const names = nodes.map(({ name }: { name: string }) => name);
    expect(names).toEqual([
      'When clicking ‘Execute workflow’',
      'Who am I? (main)',
      'My meetings (main)',
      'Who am I? (reports)',
      'My meetings (reports)',
    ]);
    expect(new Set(nodes.map(({ id }: { id: string }) => id)).size).toBe(5);
    expect(nodes[1]).toMatchObject({
      type: 'n8n-nodes-base.httpRequest',
      parameters: {
        url: 'https://api.zoom.us/v2/users/me',
        authentication: 'predefinedCredentialType',
        nodeCredentialType: 'zoomApi',
      },
      credentials: { zoomApi: { id: null, name: 'Zoom main' } },
    });
    expect(nodes[4]).toMatchObject({
      type: 'n8n-nodes-base.zoom',
      parameters: { authentication: 'accessToken', resource: 'meeting', operation: 'getAll' },
      credentials: { zoomApi: { id: null, name: 'Zoom reports' } },
      onError: 'continueRegularOutput',
    });
    const reached = Object.values<{ main: { node: string }[][] }>(connections).flatMap(({ main }) =>
      main.flat().map(({ node }) => node),
    );
    expect(reached.sort()).toEqual(names.slice(1).sort());
  });

  test('of one connection, with the credential that it is linked to', async () => {
    const { connections } = await installation.status();
    const targets = [{ instance: 'default', credentialId: '3Fk9', pushedVersion: 1, failures: 0 }];
    const linked = connections.filter(({ connection }) => connection === 'main');
    installation.answers.set('status', () => ({
      ok: true,
      result: { now: 0, connections: linked.map((view) => ({ ...view, targets })) },
    }));
    const { stdout } = await run('main', '--workflow', '-');
    const { nodes } = JSON.parse(stdout);
    expect(nodes).toHaveLength(3);
    expect(nodes[2].credentials).toEqual({ zoomApi: { id: '3Fk9', name: 'Zoom main' } });
  });

  test('of a connection that does not exist', async () => {
    const { code, stderr } = await run('nobody', '--workflow', '-');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^✖ There is no connection "nobody"\./);
  });

  test('is the same when it is written again', async () => {
    const [first, second] = [await run('--workflow', '-'), await run('--workflow', '-')];
    expect(first.stdout).toBe(second.stdout);
    expect(JSON.parse(first.stdout).nodes).toHaveLength(5);
  });

  test('a file that cannot be written', async () => {
    const { code, stderr } = await run('--workflow', join(folder, 'no', 'such', 'folder.json'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/folder\.json cannot be written \(ENOENT\)\.\n/);
  });
});

describe('link', () => {
  const KEY = 'n8n_api_a-key-that-nobody-else-may-see';
  const LINKED = { connection: { connection: 'main' }, credentialId: '3Fk9', created: true };
  const asked: unknown[] = [];
  const accept = (result: object = LINKED) =>
    installation.answers.set('n8n-link', (event) => {
      asked.push(event);
      return { ok: true, result };
    });
  const link = (...args: string[]) => run('link', 'main', '--url', 'https://n8n.example.com', ...args);
  const withKey = { env: { N8N_API_KEY: KEY } };

  test('the key from the environment', async () => {
    accept();
    const args = ['n8n', 'link', 'main', '--url', 'https://n8n.example.com/'];
    const { code, stdout } = await installation.commandLine.run(args, withKey);
    expect(code).toBe(0);
    expect(stdout).toBe(
      '✔ n8n has the token of "main", and gets each new one.\n' +
        '  Choose the credential "Zoom main" (3Fk9) in the Zoom nodes of your workflows.\n',
    );
    expect(asked.pop()).toEqual({
      action: 'n8n-link',
      connection: 'main',
      instance: 'default',
      url: 'https://n8n.example.com',
      apiKey: KEY,
    });
  });

  test('the key from standard input, to a credential that exists, of another n8n', async () => {
    accept({ ...LINKED, created: false });
    const args = ['--stdin', '--instance', 'spare', '--credential', '3Fk9'];
    const { code, stdout } = await installation.commandLine.run(
      ['n8n', 'link', 'main', '--url', 'http://localhost:5678', ...args],
      { input: `${KEY}\n` },
    );
    expect(code).toBe(0);
    expect(stdout).toContain('  The credential is 3Fk9.\n');
    expect(asked.pop()).toEqual({
      action: 'n8n-link',
      connection: 'main',
      instance: 'spare',
      url: 'http://localhost:5678',
      apiKey: KEY,
      credentialId: '3Fk9',
    });
  });

  test('the key is asked for at a terminal, and not shown', async () => {
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
    const terminal = installation.commandLine.onTerminal(args);
    await terminal.until(/n8n API key/);
    terminal.type(`${KEY}${ENTER}`);
    const { code, shown } = await terminal.ended;
    expect(code).toBe(0);
    expect(shown).toContain('Choose the credential "Zoom for sales" (3Fk9)');
    expect(shown).not.toContain(KEY);
    expect(asked.pop()).toMatchObject({ apiKey: KEY, credentialName: 'Zoom for sales' });
  });

  test('--json: what the function answers', async () => {
    accept();
    const args = ['n8n', 'link', 'main', '--url', 'https://n8n.example.com', '--json'];
    const { stdout } = await installation.commandLine.run(args, withKey);
    expect(JSON.parse(stdout)).toEqual(LINKED);
    asked.pop();
  });

  test('what the function refuses is told', async () => {
    const error = {
      class: 'misconfigured',
      code: 'n8n_forbidden',
      message: 'n8n forbids the API key to write this credential (403).',
      action: 'Give it the scope credential:update.',
    };
    installation.answers.set('n8n-link', () => ({ ok: false, error }));
    const args = ['n8n', 'link', 'main', '--url', 'https://n8n.example.com'];
    expect(await installation.commandLine.run(args, withKey)).toEqual({
      code: 4,
      stdout: '',
      stderr: `✖ ${error.message}\n  ${error.action}\n`,
    });
  });

  test.each([
    [
      'no key anywhere',
      [],
      /^✖ The n8n API key is missing, and nobody is at a terminal to ask\.\n {2}Set N8N_API_KEY/,
    ],
    ['an empty standard input', ['--stdin'], /^✖ The n8n API key is empty\.\n/],
    [
      'a name for a credential that has one',
      ['--credential', 'a', '--credential-name', 'b'],
      /^✖ An existing credential keeps its name\.\n/,
    ],
    ['an instance that no name can be', ['--instance', 'My n8n'], /^✖ "My n8n" cannot be/],
    ['the key as an option', ['--api-key', KEY], /^✖ Unknown option '--api-key'/],
  ])('%s is wrong usage, and nothing is asked', async (_, args, message) => {
    accept();
    const { code, stdout, stderr } = await link(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(asked).toEqual([]);
  });

  test.each([
    'http://n8n.example.com',
    'n8n.example.com',
    'https://u:p@n8n.example.com',
    'https://n8n.example.com/?x=1',
  ])('--url %s is refused before the key is read', async (url) => {
    const { code, stderr } = await run('link', 'main', '--url', url);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^✖ The URL of n8n must begin with https:\/\//);
  });

  test('--url is required', async () => {
    const { code, stderr } = await run('link', 'main');
    expect(code).toBe(2);
    expect(stderr).toMatch(/--url/);
  });

  test('no key was said', () => {
    expect(installation.commandLine.said()).not.toContain('a-key-that-nobody-else-may-see');
  });
});

describe('unlink', () => {
  test('asks the function, and tells what stays', async () => {
    const asked: unknown[] = [];
    installation.answers.set('n8n-unlink', (event) => {
      asked.push(event);
      return { ok: true, result: { connection: { connection: 'main' } } };
    });
    const { code, stdout } = await run('unlink', 'main', '--instance', 'spare');
    expect(code).toBe(0);
    expect(stdout).toBe(
      '✔ No further token of "main" is pushed to the n8n "spare".\n' +
        '  The credential stays in n8n; its token works until it ends, within the hour.\n',
    );
    expect(asked).toEqual([{ action: 'n8n-unlink', connection: 'main', instance: 'spare' }]);
  });
});

test.each(['doctor', 'n8n', 'n8n link', 'n8n unlink'])('%s --help has examples', async (command) => {
  const { code, stdout } = await installation.commandLine.run([...command.split(' '), '--help']);
  expect(code).toBe(0);
  expect(stdout).toContain(`\nExamples:\n  zoom-tokens ${command}`);
});
