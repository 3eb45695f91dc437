import { ListSecretsCommand } from '@aws-sdk/client-secrets-manager';
import { beforeEach, expect, test } from '@jest/globals';
import { useDoctor } from '../../support/cli/use-doctor.ts';

const { installation, findings, changeResult } = useDoctor();
const run = (...args: string[]) => installation().commandLine.run(args);
const UNLINKED = 'Its token reaches no n8n: it has no secret, and it is linked to no n8n.';

beforeEach(async () => {
  await run('connect', 'reports', '--app', 'reports', '--grant', 's2s', '--no-secret');
  await installation().stack.sweep();
});

test('a connection without a secret gets none, and status says that it is linked to no n8n yet', async () => {
  const { secretsManager } = installation().stack;
  const { SecretList = [] } = await secretsManager.send(new ListSecretsCommand({ MaxResults: 100 }));
  expect(SecretList.map(({ Name }) => Name)).not.toContainEqual(expect.stringContaining('n8n_zoom_'));
  const { code, stdout } = await run('status', 'reports');
  expect(code).toBe(0);
  expect(stdout).toMatch(/Valid +–\n/);
  expect(stdout).toMatch(/Secret +none: its token is only pushed to n8n/);
  expect(stdout).toContain(`! ${UNLINKED}\n  Link it: npx zoom-tokens n8n link reports --url https://…`);
});

test('n8n shows no expression for a connection without a secret, and a workflow finds its credential by name', async () => {
  const { credentials, updateInterval } = JSON.parse((await run('n8n', '--json')).stdout);
  expect(credentials).toEqual([{ connection: 'reports', name: 'Zoom reports', expression: null, id: null }]);
  expect(updateInterval).toBe(300);
  const workflow = JSON.parse((await run('n8n', '--workflow', '-')).stdout);
  expect(workflow.nodes[1].credentials).toEqual({ zoomApi: { id: null, name: 'Zoom reports' } });
});

test('n8n of connections without a secret shows how their tokens are pushed, and no vault', async () => {
  const { code, stdout } = await run('n8n', 'reports');
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringContaining(
      '  reports  not linked yet: npx zoom-tokens n8n link reports --url https://n8n.example.com\n',
    ),
  });
  expect(stdout).not.toMatch(/vault:|Region|secretsmanager|UPDATE_INTERVAL/);
  await run('connect', 'sales', '--app', 'reports', '--grant', 's2s');
  expect((await run('n8n')).stdout).toMatch(/Zoom reports +none: its token is only pushed\n/);
});

test('doctor tests no published token of a connection without a secret, and needs no policy of n8n for it', async () => {
  await changeResult('check', (check) => ({ ...check, n8n: { policyArn: 'arn:aws:iam::1:policy/n8n' } }));
  const found = await findings();
  expect(found.filter(({ check }) => check === 'tokens')).toEqual([]);
  expect(found.find(({ check }) => check === 'policy')).toMatchObject({ state: 'note' });
  expect(found.filter(({ check }) => check === 'connections')).toMatchObject([
    { state: 'note', message: `reports: ${UNLINKED}` },
  ]);
});

test('rotate does not say that n8n reads a token that is in no secret', async () => {
  expect((await run('rotate', 'reports')).stdout).toContain(
    '✔ "reports" has a new token. It reaches no n8n.',
  );
});

test('a connection without a secret can be given one', async () => {
  expect((await run('bundle', 'reports', '--none')).stdout).toContain(
    '✔ "reports" is published in a secret of its own.',
  );
  expect(await installation().token('reports')).not.toBe('');
});
