import { describe, expect, test } from '@jest/globals';
import { useInstallation } from '../../../support/cli/use-installation.ts';

const installation = useInstallation();
const run = (...args: string[]) => installation().commandLine.run(['n8n', ...args]);

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

describe('zoom-tokens n8n', () => {
  test('n8n without connections shows all other settings, and says how to create a connection', async () => {
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toContain(JSON.stringify(POLICY, null, 2));
    expect(stdout).toContain('There are no connections yet. Create one: npx zoom-tokens connect main');
  });

  test('n8n shows vault, expression, policy and an interval of five minutes for a Server-to-Server connection', async () => {
    await installation().connectReports();
    const { code, stdout, stderr } = await run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(JSON.stringify(POLICY, null, 2));
    expect(stdout).toContain(
      '  Name                   aws\n  Provider               AWS Secrets Manager\n  Region                 us-east-1\n',
    );
    expect(stdout).toMatch(/the type "Zoom API", with this expression in the field "JWT Token"\n/);
    expect(stdout).toContain('  Zoom reports  {{ $secrets.aws.n8n_zoom_reports }}\n');
    expect(stdout).toContain('N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL=300\n');
  });

  test('n8n --json gives an interval of thirty seconds when a rotation may revoke the token of a user connection', async () => {
    await installation().connectReports();
    await installation().connectMain();
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
      notReadable: [],
    });
  });

  test.each([
    ['cn-north-1', 'arn:aws-cn:secretsmanager:cn-north-1:*:secret:n8n_zoom_*'],
    ['us-gov-west-1', 'arn:aws-us-gov:secretsmanager:us-gov-west-1:*:secret:n8n_zoom_*'],
  ])("n8n --region %s shows a policy for that Region's partition", async (region, resource) => {
    const { policy, vault } = JSON.parse((await run('--region', region, '--json')).stdout);
    expect(vault.region).toBe(region);
    expect(policy.Statement[1].Resource).toBe(resource);
  });

  test('n8n with "readers" shows the policy for these bundles alone, and names the connections that it leaves out', async () => {
    await installation().connectReports();
    const { result } = (await installation().stack.operate({ action: 'about' })) as { result: object };
    const readers = ['sales', 'team'];
    installation().responses.set('about', () => ({ ok: true, result: { ...result, readers } }));
    const Resource = ['sales', 'team'].map(
      (bundle) => `arn:aws:secretsmanager:us-east-1:*:secret:n8n_zoom_bundle_${bundle}-??????`,
    );
    const { stdout } = await run();
    const policy = { ...POLICY, Statement: [POLICY.Statement[0], { ...POLICY.Statement[1], Resource }] };
    expect(stdout).toContain(JSON.stringify(policy, null, 2));
    expect(stdout).toContain('(setting "readers") and does not allow the secret of reports.\n');
    await installation().commandLine.run(['bundle', 'reports', 'sales']);
    const moved = JSON.parse((await run('--json')).stdout);
    expect(moved).toMatchObject({ policy, notReadable: [] });
  });

  test.each(['my-vault', '1st', 'a b', ''])(
    'n8n --vault "%s" is wrong usage, because n8n allows no such name in an expression',
    async (vault) => {
      const { code, stdout, stderr } = await run('--vault', vault);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(
        /cannot be the name of a vault in n8n\.\n {2}Use a letter, then letters and digits/,
      );
    },
  );
});

test.each(['doctor', 'n8n', 'n8n link', 'n8n unlink'])('%s --help shows examples', async (command) => {
  const { code, stdout } = await installation().commandLine.run([...command.split(' '), '--help']);
  expect(code).toBe(0);
  expect(stdout).toContain(`\nExamples:\n  npx zoom-tokens ${command}`);
});
